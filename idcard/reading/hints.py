"""What files that were just read say of how to go on. Nothing of it is judged here: a card may say what it likes."""

from collections.abc import Iterator, Mapping

from idcard.chip import chip_authentication
from idcard.chip.chip_authentication import ChipKeyChoice
from idcard.chip.chip_mapping import is_shown
from idcard.chip.pace_offers import offers
from idcard.errors import IdCardError
from idcard.evidence import PaceCamProof
from idcard.lds.card_security import CardSecurity
from idcard.lds.layout import File
from idcard.lds.security_infos import SecurityInfos
from idcard.lds.sod import Sod


def chip_keys(files: Mapping[File, bytes]) -> Iterator[ChipKeyChoice]:
    """The keys for chip authentication to try, the first one first, by what was read so far.

    Version 2 takes its key from EF.CardSecurity, version 1 from DG14; of each the best key is tried. Only a key that
    DG14 has belongs to the document: so where EF.CardSecurity has another one, DG14's is tried first.
    """
    outside, inside = _infos(files, File.CARD_SECURITY), _infos(files, File.DG14)
    newer = next((choice for choice in chip_authentication.choices(outside) if choice.version > 1), None)
    other = next(chip_authentication.choices(inside), None)
    if other is None and newer is None:
        other = next(chip_authentication.choices(outside), None)
    shared = newer is not None and any(choice.key == newer.key for choice in chip_authentication.choices(inside))
    return (choice for choice in ((newer, other) if shared else (other, newer)) if choice is not None)


def shows_chip(proof: PaceCamProof, files: Mapping[File, bytes], card_access: bytes | None) -> bool:
    """Whether chip authentication mapping shows a key that EF.CardSecurity has, or DG14 where that was not read."""
    file = File.CARD_SECURITY if File.CARD_SECURITY in files else File.DG14
    return is_shown(proof, _infos(files, file), card_access)


def wants_card_security(card_access: bytes | None) -> bool:
    """Whether EF.CardAccess offers chip authentication of version 2, whose key is in EF.CardSecurity."""
    try:
        infos = SecurityInfos.from_bytes(card_access or b"", where="EF.CardAccess")
    except IdCardError:
        return False
    return any(info.version > 1 for info in infos.chip_authentication)


def _infos(files: Mapping[File, bytes], file: File) -> SecurityInfos:
    """What DG14 or EF.CardSecurity says; nothing where it was not read, or cannot be understood."""
    try:
        if file is File.DG14:
            return SecurityInfos.from_dg14(files[file])
        return CardSecurity.from_bytes(files[file]).security_infos
    except (KeyError, IdCardError):
        return SecurityInfos(infos=())


def offers_pace(dg14: bytes | None) -> bool:
    """Whether DG14 offers a way of PACE that this library can run."""
    try:
        return dg14 is not None and any(True for _ in offers(SecurityInfos.from_dg14(dg14)))
    except IdCardError:
        return False


def listed_data_groups(ef_sod: bytes) -> frozenset[int] | None:
    """The numbers of the data groups that EF.SOD lists, or None where it cannot be understood: then all are asked."""
    try:
        return frozenset(Sod.from_bytes(ef_sod).data_group_hashes)
    except IdCardError:
        return None
