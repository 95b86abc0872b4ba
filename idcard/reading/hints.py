"""What files that were just read say of how to go on. Nothing of it is judged here: a card may say what it likes."""

from idcard.chip import chip_authentication
from idcard.chip.chip_authentication import ChipKeyChoice
from idcard.chip.pace_offers import offers
from idcard.errors import IdCardError
from idcard.lds.security_infos import SecurityInfos
from idcard.lds.sod import Sod


def chip_keys(dg14: bytes | None) -> tuple[ChipKeyChoice, ...]:
    """The keys for chip authentication that DG14 offers, the best one first; none where it cannot be understood."""
    try:
        return () if dg14 is None else chip_authentication.choices(SecurityInfos.from_dg14(dg14))
    except IdCardError:
        return ()


def offers_pace(dg14: bytes | None) -> bool:
    """Whether DG14 offers a way of PACE that this library can run."""
    try:
        return dg14 is not None and bool(offers(SecurityInfos.from_dg14(dg14)))
    except IdCardError:
        return False


def listed_data_groups(ef_sod: bytes) -> frozenset[int] | None:
    """The numbers of the data groups that EF.SOD lists, or None where it cannot be understood: then all are asked."""
    try:
        return frozenset(Sod.from_bytes(ef_sod).data_group_hashes)
    except IdCardError:
        return None
