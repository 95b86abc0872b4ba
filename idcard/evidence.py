"""What was read from a chip and which protocols ran: everything a judge needs, without the card.

Reading makes :class:`Evidence`; verification judges it. It holds personal data (the files): it prints as nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from idcard.lds.layout import File


class AccessProtocol(StrEnum):
    """How the chip was opened."""

    PACE = "PACE"
    BAC = "BAC"


class KeyKind(StrEnum):
    """What the access key was made of."""

    MRZ = "MRZ"
    CAN = "CAN"


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
class Evidence:
    """What was read and what ran.

    ``files`` holds elementary files byte for byte; ``refused`` the status words of files that were asked for and not
    given. ``active_authentication`` is None where it was not tried. ``given_mrz`` is the MRZ information that opened
    the chip (document number, birth and expiry with check digits) and ``given_card_qr`` the text of the card's QR,
    each where the caller had it: they are compared with the chip.
    """

    files: Mapping[File, bytes]
    access: AccessRecord | None = None
    refused: Mapping[File, int] = field(default_factory=dict)
    active_authentication: ActiveAuthenticationProof | None = None
    given_mrz: str | None = None
    given_card_qr: str | None = None
    atr: bytes = b""
    reader: str = ""
    read_at: datetime | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "files", MappingProxyType(dict(self.files)))
        object.__setattr__(self, "refused", MappingProxyType(dict(self.refused)))

    def __repr__(self) -> str:
        return f"Evidence({', '.join(file.label for file in self.files)})"
