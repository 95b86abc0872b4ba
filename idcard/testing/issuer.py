"""The issuing state of simulated cards: a CSCA, its document signers, and the cards they sign.

The CSCA is built like Vietnam's real one (brainpoolP512r1 with explicit parameters, ecdsa-with-SHA512), so that what
reads these certificates reads those. It and its signers bear a critical extension that every trust store must refuse
unless it was told to accept demonstrations.

Source: ICAO Doc 9303-12; the certificate "CSCA ePassport Vietnam" in public master lists, for its algorithms.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, time
from pathlib import Path
from secrets import token_bytes
from typing import Any, Literal

from idcard.lds.layout import File
from idcard.testing import records, sod
from idcard.testing.behaviour import Behaviour, ChipSecrets
from idcard.testing.card import SimulatedCard
from idcard.testing.certificates import (
    Name,
    Validity,
    certificate,
    csca_extensions,
    signer_extensions,
    years_later,
)
from idcard.testing.chip_curves import Entropy
from idcard.testing.chip_proof import ChipKey, EcdsaChipKey, RsaChipKey
from idcard.testing.holder import Holder
from idcard.testing.keys import KeyProfile, SigningKey
from idcard.testing.sod import DocumentSigner

CSCA_PROFILE = KeyProfile(kind="brainpoolP512r1", digest="sha512")
SIGNER_PROFILE = KeyProfile(kind="brainpoolP256r1", digest="sha256")
CSCA_YEARS, SIGNER_YEARS = 15, 10
ORGANISATION = "Demonstration only"
ActiveAuthentication = Literal["ecdsa", "rsa"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """A CSCA with its key, and one document signer that signs unless another is given.

    :param csca_certificate: the self-signed certificate, DER.
    :param demonstration: whether that certificate and the signers' bear the critical demonstration extension.
    """

    name: Name
    validity: Validity
    csca_certificate: bytes
    csca_key: SigningKey
    csca_profile: KeyProfile
    signer: DocumentSigner
    demonstration: bool

    @classmethod
    def create(
        cls,
        country: str = "VN",
        name: str = "CSCA Demonstration Vietnam",
        *,
        at: datetime,
        demonstration: bool = True,
        csca_profile: KeyProfile = CSCA_PROFILE,
        signer_profile: KeyProfile = SIGNER_PROFILE,
        entropy: Entropy = token_bytes,
    ) -> "Issuer":
        """A new issuer whose CSCA is valid for 15 years, and its signer for 10, from ``at`` on.

        :param at: with a time zone. Choose a day before the holders' cards were issued.
        """
        subject = Name(country=country, organisation=ORGANISATION, common=name)
        validity = Validity(start=at, end=years_later(at, CSCA_YEARS))
        key = csca_profile.generate(entropy)
        own = certificate(
            subject=subject.to_der(),
            spki=key.spki,
            issuer=subject.to_der(),
            signer=key,
            serial=_serial(entropy),
            validity=validity,
            extensions=csca_extensions(key.spki, demonstration=demonstration),
        )
        first = Validity(start=at, end=years_later(at, SIGNER_YEARS))
        signer = _document_signer(subject, key, signer_profile, first, entropy, demonstration)
        return cls(
            name=subject,
            validity=validity,
            csca_certificate=own,
            csca_key=key,
            csca_profile=csca_profile,
            signer=signer,
            demonstration=demonstration,
        )

    def document_signer(
        self,
        profile: KeyProfile = SIGNER_PROFILE,
        *,
        validity: Validity | None = None,
        entropy: Entropy = token_bytes,
    ) -> DocumentSigner:
        """Another document signer; by default valid as long as this issuer's first one."""
        validity = validity or self.signer.validity
        return _document_signer(self.name, self.csca_key, profile, validity, entropy, self.demonstration)

    def issue(
        self,
        holder: Holder,
        *,
        pace: bool = True,
        bac: bool = True,
        active_authentication: ActiveAuthentication | None = "ecdsa",
        pace_refused_sw: int | None = None,
        can_tries: int | None = None,
        behaviour: Behaviour | None = None,
        proof: ChipKey | None = None,
        signer: DocumentSigner | None = None,
        at: datetime | None = None,
        entropy: Entropy = token_bytes,
    ) -> SimulatedCard:
        """A new card for ``holder``.

        :param behaviour: what ``pace``, ``bac``, ``pace_refused_sw`` and ``can_tries`` leave open.
        :param proof: a key for active authentication of the caller's choice, in place of ``active_authentication``.
        :param at: the SOD's signing time; by default the day of issue, or the signer's first day if that is later.
        """
        manner = replace(
            behaviour or Behaviour(), pace=pace, bac=bac, pace_refused_sw=pace_refused_sw, can_tries=can_tries
        )
        proof = proof or _proof(active_authentication, entropy)
        agreement = manner.chip_profile.domain.draw(entropy)
        groups = _data_groups(holder, manner, agreement, proof)
        by = signer or self.signer
        files = {File.of_data_group(number): content for number, content in groups.items()}
        files[File.COM] = records.com(tuple(groups))
        files[File.SOD] = sod.build(groups, by, at=at or _signing_time(holder, by))
        if manner.pace:
            more = manner.more_pace_profiles
            version = manner.chip_authentication_version
            files[File.CARD_ACCESS] = records.card_access(
                manner.pace_profile, manner.chip_profile, *more, version=version
            )
            if version == 2 or any(profile.proves_chip for profile in manner.pace_profiles):
                files[File.CARD_SECURITY] = self.card_security(manner, agreement, at or _signing_time(holder, by), by)
        secrets = ChipSecrets(can=holder.can, mrz_information=holder.mrz_information, proof=proof, agreement=agreement)
        return SimulatedCard(files=files, secrets=secrets, behaviour=manner, entropy=entropy)

    def card_security(
        self, manner: Behaviour, agreement: int, at: datetime, signer: DocumentSigner | None = None
    ) -> bytes:
        """EF.CardSecurity with the public key of ``agreement``, signed at ``at``."""
        chip, version = manner.chip_profile, manner.chip_authentication_version
        infos = records.card_security(
            chip.domain.spki(agreement),
            chip=chip,
            pace=manner.pace_profiles,
            version=version,
            key_id=manner.chip_key_id,
        )
        return sod.card_security(infos, signer or self.signer, at=at)

    def save(self, directory: Path) -> None:
        """Write the issuer into ``directory``: certificates, a description, and private keys that only the owner reads.

        :raises FileExistsError: if an issuer is there already.
        """
        directory.mkdir(parents=True, exist_ok=True)
        for file, key in (("csca.key", self.csca_key), ("signer.key", self.signer.key)):
            _write(directory / file, key.to_pem(), mode=0o600)
        _write(directory / "csca.cer", self.csca_certificate)
        _write(directory / "signer.cer", self.signer.certificate)
        _write(directory / "issuer.json", json.dumps(_describe(self), indent=1, ensure_ascii=False).encode())

    @classmethod
    def load(cls, directory: Path) -> "Issuer":
        """The issuer that :meth:`save` wrote into ``directory``."""
        about: dict[str, Any] = json.loads((directory / "issuer.json").read_bytes())
        name, profile = Name(**about["name"]), KeyProfile(**about["csca_profile"])
        signing = about["signer"]
        signer = DocumentSigner(
            profile=KeyProfile(**signing["profile"]),
            key=KeyProfile(**signing["profile"]).load((directory / "signer.key").read_bytes()),
            certificate=(directory / "signer.cer").read_bytes(),
            issuer=name.to_der(),
            serial=signing["serial"],
            validity=_validity(signing["validity"]),
        )
        return cls(
            name=name,
            validity=_validity(about["validity"]),
            csca_certificate=(directory / "csca.cer").read_bytes(),
            csca_key=profile.load((directory / "csca.key").read_bytes()),
            csca_profile=profile,
            signer=signer,
            demonstration=about["demonstration"],
        )


def _document_signer(
    issuer: Name,
    issuer_key: SigningKey,
    profile: KeyProfile,
    validity: Validity,
    entropy: Entropy,
    demonstration: bool,
) -> DocumentSigner:
    key, serial = profile.generate(entropy), _serial(entropy)
    subject = Name(country=issuer.country, organisation=issuer.organisation, common=f"Document Signer {serial:X}")
    own = certificate(
        subject=subject.to_der(),
        spki=key.spki,
        issuer=issuer.to_der(),
        signer=issuer_key,
        serial=serial,
        validity=validity,
        extensions=signer_extensions(key.spki, issuer_key.spki, demonstration=demonstration),
    )
    return DocumentSigner(
        profile=profile, key=key, certificate=own, issuer=issuer.to_der(), serial=serial, validity=validity
    )


def _serial(entropy: Entropy) -> int:
    return int.from_bytes(entropy(8)) >> 1 | 1 << 62


def _proof(kind: ActiveAuthentication | None, entropy: Entropy) -> ChipKey | None:
    if kind is None:
        return None
    return EcdsaChipKey.generate(entropy) if kind == "ecdsa" else RsaChipKey.generate()


def _data_groups(holder: Holder, manner: Behaviour, agreement: int, proof: ChipKey | None) -> dict[int, bytes]:
    pace = manner.pace_profile if manner.pace else None
    groups = {1: records.dg1(holder.mrz_text()), 2: records.dg2(holder), 13: records.dg13(holder)}
    groups[14] = records.dg14(
        manner.chip_profile.domain.spki(agreement),
        proof,
        pace=pace,
        chip=manner.chip_profile,
        more=manner.more_pace_profiles,
        version=manner.chip_authentication_version,
        key_id=manner.chip_key_id,
        named=manner.chip_authentication_named,
    )
    if proof is not None:
        groups[15] = records.dg15(proof)
    return groups


def _signing_time(holder: Holder, signer: DocumentSigner) -> datetime:
    return max(datetime.combine(holder.issued, time(2), UTC), signer.validity.start)


def _describe(issuer: Issuer) -> Mapping[str, object]:
    signer = issuer.signer
    return {
        "format": 1,
        "name": asdict(issuer.name),
        "validity": _dates(issuer.validity),
        "demonstration": issuer.demonstration,
        "csca_profile": asdict(issuer.csca_profile),
        "signer": {
            "profile": asdict(signer.profile),
            "serial": signer.serial,
            "validity": _dates(signer.validity),
        },
    }


def _dates(validity: Validity) -> list[str]:
    return [validity.start.isoformat(), validity.end.isoformat()]


def _validity(dates: list[str]) -> Validity:
    start, end = (datetime.fromisoformat(text) for text in dates)
    return Validity(start=start, end=end)


def _write(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write a new file whose permissions are right from its first moment."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
