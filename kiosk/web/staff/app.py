"""The staff's app, in a process of its own: it alone opens what the patient's process sealed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import Flask

from idcard import ConfigurationError
from kiosk.config import StaffConfig
from kiosk.key_safe.state import KeyState
from kiosk.ports import Clock
from kiosk.services.corrections import Corrections
from kiosk.services.desk import StaffDesk
from kiosk.services.leftovers import Leftovers
from kiosk.services.other_ways import OtherWays
from kiosk.services.outgoing import Outgoing
from kiosk.services.portraits import LARGEST
from kiosk.services.province_state import Province
from kiosk.services.self_test import SelfTests
from kiosk.services.staff_sessions import StaffSessions
from kiosk.web.common.factory import base_app, read_session_key
from kiosk.web.staff.access import add_access
from kiosk.web.staff.arrivals import add_arrivals
from kiosk.web.staff.board import Board
from kiosk.web.staff.deeds import add_deeds
from kiosk.web.staff.devices import add_devices
from kiosk.web.staff.failures import add_failure_pages
from kiosk.web.staff.hall import Hall, add_hall
from kiosk.web.staff.holders import add_holders, add_portraits
from kiosk.web.staff.internal import add_internal
from kiosk.web.staff.keys import add_keys
from kiosk.web.staff.leftovers import add_leftovers
from kiosk.web.staff.lists import add_lists
from kiosk.web.staff.login import add_login
from kiosk.web.staff.lost import add_lost
from kiosk.web.staff.ordering import Ordering, add_ordering
from kiosk.web.staff.outgoing import add_outgoing
from kiosk.web.staff.oversight import Oversight, add_oversight
from kiosk.web.staff.record import add_record
from kiosk.web.staff.search import add_search
from kiosk.web.staff.shift import Payer, add_shift
from kiosk.web.staff.views import add_views
from kiosk.web.staff.words import add_staff_words
from kiosk.web.staff.work import Cleanliness, add_work


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """What the pages for other ways, and for the worklist, stand on."""

    ways: OtherWays
    clean: Cleanliness


def create_staff_app(
    desk: StaffDesk,
    config: StaffConfig,
    clock: Clock,
    trust_problem: ConfigurationError | None = None,
    payer: Payer | None = None,
    others: Others | None = None,
    corrections: Corrections | None = None,
    outgoing: Outgoing | None = None,
    province: Province | None = None,
    leftovers: Leftovers | None = None,
    ordering: Ordering | None = None,
    hall: Hall | None = None,
    *,
    oversight: Oversight | None = None,
    tests: SelfTests | None = None,
    keys: Callable[[], Sequence[KeyState]] = tuple,
    sessions: StaffSessions,
) -> Flask:
    """The app of the reception desk.

    :param trust_problem: why the patient's screen is closed, or None: staff see the reason and the remedy.
    :param payer: what is needed to ask the payer, and the shift in whose name; None leaves both out.
    :param others: what is needed for other ways of coming and for the worklist; None leaves both out.
    :param corrections: what is needed for the pages of records; None leaves them out.
    :param outgoing: what is on its way to payer and hospital, where anything leaves.
    :param province: how the province is reached, where the clinic belongs to one.
    :param leftovers: what nobody came back to; None leaves its counts out.
    :param ordering: takes the hospital's word on a visit's first cost; None leaves its address out.
    :param hall: the waiting room's side: the lines, calls, report, assisted mode; None leaves it out.
    :param tests: the self-tests of the kiosks; None leaves the page of devices out.
    :param keys: says how the key files are kept.
    :param oversight: owners of exceptions, faces, lost cards, search; None leaves them out.
    :param sessions: who is logged in; without a login nobody gets past the door.
    :raises ConfigurationError: when the session key cannot be used.
    """
    key = read_session_key(config.session_key)
    app = base_app(
        "staff",
        host=config.host,
        port=config.port,
        session_key=key,
        camera=False,
        limits={"portraits.put": LARGEST},
        public=config.public_name,
    )
    board = Board(desk=desk, clinic=config.clinic, clock=clock, trust_problem=trust_problem)
    add_access(app, sessions)
    add_login(app, sessions, config.clinic)
    add_keys(app, sessions, port=config.port, public=config.public_name)
    add_staff_words(app)
    add_views(app, board)
    add_lists(app, board)
    add_deeds(app, board, sessions.accounts)
    add_failure_pages(app)
    if hall is not None:
        add_hall(app, board, hall)
    if leftovers is not None:
        add_leftovers(app, leftovers)
    if corrections is not None:
        add_record(app, board, corrections, sessions.accounts)
    if others is not None:
        add_arrivals(app, board, others.ways, sessions.accounts)
        add_work(app, board, others.clean)
    if outgoing is not None:
        add_outgoing(app, board, outgoing)
    if ordering is not None:
        add_ordering(app, ordering)
    if tests is not None:
        add_devices(app, board, tests, province, keys)
    if oversight is not None:
        _oversee(app, board, oversight, sessions)
    if payer is not None:
        add_shift(app, board, payer)
        if payer.token is not None:
            add_internal(app, payer.cover, payer.token)
    return app


def _oversee(app: Flask, board: Board, oversight: Oversight, sessions: StaffSessions) -> None:
    add_oversight(app, board, oversight, sessions)
    add_holders(app, board, oversight)
    add_search(app, board, oversight)
    if oversight.lost is not None:
        add_lost(app, board, oversight.lost, oversight.device)
    if oversight.token is not None:
        add_portraits(app, oversight, oversight.token)
