"""What a staff process needs for its oversight: owners of exceptions, faces, lost cards, search, put together."""

from kiosk.config import StaffConfig
from kiosk.insurance.staff_roster import StaffRoster
from kiosk.payer import Shared
from kiosk.portrait_parts import lost_cards_of
from kiosk.services.board_figures import BoardFigures
from kiosk.services.desk import StaffDesk
from kiosk.services.holder_checks import HolderChecks
from kiosk.services.looks import Looks
from kiosk.services.notice_owners import NoticeOwners
from kiosk.services.portrait_box import PortraitBox
from kiosk.services.printing import PrintQueue
from kiosk.services.ticket_image import TicketImages
from kiosk.services.ticket_search import TicketSearch
from kiosk.web.common.factory import WEB
from kiosk.web.staff.oversight import Oversight

FONT = WEB / "static" / "fonts" / "BeVietnamPro_700Bold.ttf"


def oversight_of(
    config: StaffConfig, shared: Shared, desk: StaffDesk, roster: StaffRoster | None, token: bytes | None
) -> Oversight:
    """The oversight of this configuration.

    :param token: what the patient's process shows that brings portraits, or None: then none come.
    :raises ConfigurationError: where the roster's key cannot be used.
    """
    database, clinic, device, clock = shared.database, shared.clinic, shared.device, shared.clock
    return Oversight(
        owners=NoticeOwners(database=database, clinic=clinic, device=device, clock=clock),
        figures=BoardFigures(database=database, clinic=clinic, clock=clock),
        holders=HolderChecks(database=database, clinic=clinic, device=device, clock=clock),
        box=PortraitBox(),
        search=TicketSearch(database=database, clinic=clinic, device=device, clock=clock, admission=desk.admission),
        looks=looks_of(config, shared),
        images=TicketImages(clinic=clinic, font=FONT),
        papers=PrintQueue(database, clinic=clinic, device=device, clock=clock),
        lost=None if config.roster_key is None else lost_cards_of(config, database),
        roster=roster,
        token=token,
        override_limit=config.override_limit,
        device=device,
    )


def looks_of(config: StaffConfig, shared: Shared) -> Looks:
    """Who looked at whose record, for as long as this clinic remembers that."""
    return Looks(
        database=shared.database,
        clinic=shared.clinic,
        device=shared.device,
        clock=shared.clock,
        keep_days=config.looks_kept_days,
    )
