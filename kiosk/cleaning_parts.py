"""What a staff process needs for other ways of coming and for the worklist, put together."""

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from kiosk.config import StaffConfig
from kiosk.domain.ways import WayPolicy
from kiosk.insurance.papers import way_policy
from kiosk.insurance.roster import Roster
from kiosk.insurance.sources import OnlineCover
from kiosk.insurance.staff_roster import StaffRoster
from kiosk.insurance.tables import profile
from kiosk.keys import PersonTags, load_secret
from kiosk.payer import Shared
from kiosk.services.cleaning import Cleaning
from kiosk.services.desk import StaffDesk
from kiosk.services.other_ways import OtherWays
from kiosk.services.worklist import Worklist
from kiosk.web.staff.app import Others
from kiosk.web.staff.work import Cleanliness


@dataclass(frozen=True, slots=True, kw_only=True)
class CleaningParts:
    """The worklist, what fills and empties it, and what both rest on; ``cleaning`` is None without a roster."""

    worklist: Worklist
    roster: StaffRoster | None
    cleaning: Cleaning | None
    policy: WayPolicy
    target: float


def cleaning_parts(config: StaffConfig, shared: Shared, private_key: X25519PrivateKey) -> CleaningParts:
    """The parts of this configuration.

    :raises ConfigurationError: where the roster, its key, or a table cannot be used.
    """
    worklist = Worklist(
        database=shared.database,
        clinic=shared.clinic,
        device=shared.device,
        opener=shared.opener,
        clock=shared.clock,
    )
    roster = _roster_of(config, private_key)
    figures = (profile() if config.profile is None else profile(config.profile)).figures
    cleaning = None
    if roster is not None:
        cleaning = Cleaning(
            database=shared.database,
            clinic=shared.clinic,
            opener=shared.opener,
            roster=roster,
            worklist=worklist,
            device=shared.device,
            clock=shared.clock,
        )
    return CleaningParts(
        worklist=worklist,
        roster=roster,
        cleaning=cleaning,
        policy=way_policy(config.ways),
        target=figures.linked / figures.insured,
    )


def others_of(parts: CleaningParts, shared: Shared, desk: StaffDesk, online: OnlineCover | None) -> Others:
    """What the pages stand on."""
    ways = OtherWays(
        desk=desk,
        policy=parts.policy,
        worklist=parts.worklist,
        clinic=shared.clinic.code,
        clock=shared.clock,
        roster=parts.roster,
        online=online,
    )
    return Others(ways=ways, clean=Cleanliness(worklist=parts.worklist, roster=parts.roster, target=parts.target))


def _roster_of(config: StaffConfig, private_key: X25519PrivateKey) -> StaffRoster | None:
    if config.roster is None or config.roster_key is None:
        return None
    tags = PersonTags(load_secret(config.roster_key))
    return StaffRoster(Roster(config.roster, tags=tags, state=config.roster_state), private_key)
