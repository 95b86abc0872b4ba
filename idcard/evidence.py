"""What was read from a chip and which protocols ran: everything a judge needs, without the card.

Reading makes :class:`Evidence`; verification judges it. It holds personal data (the files): it prints as nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from idcard.lds.layout import File


class AccessProtocol(StrEnum):
    """How the chip was opened."""

    PACE = "PACE"
    BAC = "BAC"


class KeyKind(StrEnum):
    """What the access key was made of."""

    MRZ = "MRZ"
    CAN = "CAN"
    PIN = "PIN"
    PUK = "PUK"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRecord:
    """How the chip was opened, and what it offered.

    ``card_access`` is EF.CardAccess byte for byte where the chip gave it; None where it did not and an assumed
    constant was used, or none. ``pace_refused_sw`` is the status word with which the chip refused PACE before BAC
    was tried: a downgrade that a verdict must show.
    """

    protocol: AccessProtocol
    key_kind: KeyKind
    pace_oid: str | None = None
    parameter_id: int | None = None
    card_access: bytes | None = None
    pace_refused_sw: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ActiveAuthenticationProof:
    """The challenge (8 bytes) that was sent and what came back: a response, or the status word of a refusal."""

    challenge: bytes
    response: bytes | None
    sw: int = 0x9000

    def __repr__(self) -> str:
        return f"ActiveAuthenticationProof(sw={self.sw:04X})"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ChipAuthenticationProof:
    """What chip authentication left behind: the terminal's ephemeral key, and the first answer under the new keys.

    ``oid`` is the protocol and ``key_id`` the chip's key that was used, as DG14 names them. ``ephemeral_public_key`` is
    the key that the terminal sent. ``response`` is the first protected response, status word included, and ``counter``
    the send sequence counter with which it is sealed; it is empty, or a bare status word, where the chip did not seal
    its first answer with the agreed keys; where it refused the protocol itself, that
    status word stands there and no ephemeral key. ``ephemeral_private_key`` is what a judge here checks the
    answer with; it is left out of files unless asked for, because whoever knows it can invent all the rest.
    """

    oid: str
    ephemeral_public_key: bytes
    response: bytes
    key_id: int | None = None
    counter: int = 2
    ephemeral_private_key: bytes | None = None

    def __repr__(self) -> str:
        return f"ChipAuthenticationProof({self.oid})"

    @property
    def refused(self) -> bool:
        """Whether the chip refused the protocol itself, with the status word in ``response``."""
        return not self.ephemeral_public_key and len(self.response) == 2


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PaceCamProof:
    """What PACE with chip authentication mapping left behind: the chip's mapping key and its authentication data.

    ``mapping_public_key`` is the point that the chip sent for the mapping, ``chip_authentication_data`` the decrypted
    scalar by which its static key gives that point, and ``parameter_id`` the domain parameters.
    """

    parameter_id: int
    mapping_public_key: bytes
    chip_authentication_data: bytes

    def __repr__(self) -> str:
        return f"PaceCamProof({self.parameter_id})"


WITNESSED_HERE: Final = "here"
"""The witness of evidence that this very process gathered: no file can ever claim it."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Evidence:
    """What was read and what ran.

    ``files`` holds elementary files byte for byte; ``refused`` the status words of files that were asked for and not
    given. ``active_authentication`` is None where it was not tried. ``given_mrz`` is the MRZ information that opened
    the chip (document number, birth and expiry with check digits) and ``given_card_qr`` the text of the card's QR,
    each where the caller had it: they are compared with the chip. ``confirmations`` are an authority's signed answers
    about the signer, byte for byte.

    ``witness`` is the fingerprint of the device key whose signature over this evidence was checked when it was opened,
    :data:`WITNESSED_HERE` where this process gathered it, or None. It is never part of a file.
    """

    files: Mapping[File, bytes]
    access: AccessRecord | None = None
    refused: Mapping[File, int] = field(default_factory=dict)
    active_authentication: ActiveAuthenticationProof | None = None
    chip_authentication: ChipAuthenticationProof | None = None
    pace_cam: PaceCamProof | None = None
    confirmations: tuple[bytes, ...] = ()
    given_mrz: str | None = None
    given_card_qr: str | None = None
    atr: bytes = b""
    reader: str = ""
    read_at: datetime | None = None
    witness: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "files", MappingProxyType(dict(self.files)))
        object.__setattr__(self, "refused", MappingProxyType(dict(self.refused)))

    def __repr__(self) -> str:
        return f"Evidence({', '.join(file.label for file in self.files)})"
