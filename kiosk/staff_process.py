"""The staff's process put together: the clinic's private key, the store, and the pages of the reception desk."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import structlog

from idcard import ConfigurationError
from kiosk.cleaning_parts import cleaning_parts, others_of
from kiosk.config import StaffConfig
from kiosk.day_key import DayTags
from kiosk.devices.clock import SystemClock
from kiosk.domain.staff_keys import KeyPolicy
from kiosk.insurance.tables import result_table, use_released
from kiosk.keys import VisitOpener, load_clinic_private_key, load_secret
from kiosk.oversight_parts import oversight_of
from kiosk.payer import Shared, account_of, client_when_needed, payer_parts
from kiosk.portrait_parts import lost_cards_of
from kiosk.ports import Clock
from kiosk.province.settings import ProvinceSettings, load_province
from kiosk.releases.installed import Folder, Group
from kiosk.services.assistance import AssistedMode
from kiosk.services.cleaning import CleaningThread
from kiosk.services.corrections import Corrections
from kiosk.services.desk import StaffDesk
from kiosk.services.erasure import Eraser
from kiosk.services.leftovers import Leftovers
from kiosk.services.online_cover import GatewayCover
from kiosk.services.outgoing import Outgoing
from kiosk.services.province_state import Province
from kiosk.services.queue import Queue
from kiosk.services.receipt import signer_of
from kiosk.services.recheck import RecheckThread
from kiosk.services.report import Reporter
from kiosk.services.retention import Retention
from kiosk.services.self_test import SelfTests
from kiosk.services.staff_accounts import StaffAccounts
from kiosk.services.staff_keys import StaffKeys
from kiosk.services.staff_sessions import StaffSessions
from kiosk.services.worker import Worker
from kiosk.store import repositories
from kiosk.store.database import Database
from kiosk.store.province import answered
from kiosk.trust import open_store
from kiosk.web.staff.app import Others
from kiosk.web.staff.hall import Hall
from kiosk.web.staff.ordering import Ordering
from kiosk.web.staff.oversight import Oversight
from kiosk.web.staff.shift import Payer

if TYPE_CHECKING:
    from kiosk.insurance.bhxh import Gateway
    from kiosk.interop.parts import DeliveryThread
    from kiosk.province.thread import ProvinceThread
    from kiosk.services.worker import Worker


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffParts:
    """What a staff process works with; the threads are not started yet."""

    desk: StaffDesk
    sessions: StaffSessions
    payer: Payer
    recheck: RecheckThread | None
    others: Others
    cleaning: CleaningThread | None
    corrections: Corrections
    leftovers: Leftovers
    oversight: Oversight
    tests: SelfTests
    ordering: Ordering | None = None
    hall: Hall | None = None
    deliveries: "Sequence[DeliveryThread]" = ()
    outgoing: Outgoing | None = None
    hub_side: "ProvinceThread | None" = None
    province: Province | None = None


_log = structlog.get_logger(__name__)


@contextmanager
def open_parts(config: StaffConfig) -> Iterator[StaffParts]:
    """The parts of a staff process, with the store open; it is closed in the end."""
    private_key = load_clinic_private_key(config.clinic_private_key)
    opener = VisitOpener(private_key)
    tags = DayTags(config.person_day_key)
    account, receipts = account_of(config), signer_of(config.receipt_key)
    token = None if config.internal_key is None else load_secret(config.internal_key)
    orders_key = None if config.orders_key is None else load_secret(config.orders_key)
    device, clock = device_of(config), SystemClock()
    _take_tables(config)
    database = Database.open(config.store)
    try:
        shared = Shared(database=database, clinic=config.clinic, device=device, opener=opener, clock=clock)
        clean = cleaning_parts(config, shared, private_key)
        desk = StaffDesk(
            database=database,
            clinic=config.clinic,
            device=device,
            opener=opener,
            tags=tags,
            clock=clock,
            policy=clean.policy,
            asks_payer=account is not None,
            receipts=receipts,
            roster=clean.roster,
            override_limit=config.override_limit,
            lost=None if config.roster_key is None else lost_cards_of(config, database),
        )
        client = None if account is None else client_when_needed(account, clock)
        payer, recheck = payer_parts(replace(shared, records=clean.cleaning), account, token, client)
        outgoing = Outgoing(database, clinic=config.clinic, device=device, clock=clock)
        yield StaffParts(
            desk=desk,
            sessions=sessions_of(config, database, opener),
            payer=payer,
            recheck=recheck,
            others=others_of(clean, shared, desk, payer.cover),
            cleaning=None if clean.cleaning is None else CleaningThread(clean.cleaning),
            tests=SelfTests(database, clinic=config.clinic.code, device=device, clock=clock),
            corrections=Corrections(
                database=database, clinic=config.clinic, device=device, clock=clock, admission=desk.admission
            ),
            leftovers=Leftovers(
                database=database,
                clinic=config.clinic,
                device=device,
                clock=clock,
                close_after_days=config.tickets_close_after_days,
                keep_days=config.deliveries_kept_days,
                retention=_retention(config, shared),
            ),
            oversight=oversight_of(config, shared, desk, clean.roster, token),
            ordering=None if orders_key is None else _ordering(shared, orders_key),
            hall=hall_of(config, database, clock),
            deliveries=_deliveries(config, shared, client),
            outgoing=None if config.interop is None else outgoing,
            hub_side=_hub_side(config, shared, payer.cover),
            province=_province(config, shared),
        )
    finally:
        database.close()


def _hub_side(config: StaffConfig, shared: Shared, cover: object) -> "ProvinceThread | None":
    """What speaks with the province's hub, as long as this device's identity can be used."""
    if config.province is None:
        return None
    # Only here: what speaks with the hub is slow to load, and many clinics have none.
    from kiosk.province.identity import Identity
    from kiosk.province.thread import SENDING, ProvinceThread, renewal_thread, sender_thread

    settings = load_province(config.province)

    def tell(reason: str) -> None:
        with shared.database.write() as session:
            state = {"ok": False, "reason": reason}
            repositories.set_device_state(session, shared.device, "province", state, shared.clock.now())

    makes: dict[str, Callable[[], Worker | None]] = {
        SENDING: lambda: sender_thread(config, settings, shared),
        "renewal": lambda: renewal_thread(settings, shared),
        "releases": lambda: _releases(config, settings, shared, cover),
    }
    return ProvinceThread(Identity(settings.identity), makes, tell=tell)


def _province(config: StaffConfig, shared: Shared) -> Province | None:
    if config.province is None:
        return None
    quiet_h = load_province(config.province).quiet_h
    return Province(shared.database, device=shared.device, clock=shared.clock, quiet_h=quiet_h)


def _releases(config: StaffConfig, settings: ProvinceSettings, shared: Shared, cover: object) -> Worker | None:
    from kiosk.province.install_parts import install_thread

    def tables_came() -> None:
        if isinstance(cover, GatewayCover):
            cover.use(result_table())

    def emergency() -> int:
        with shared.database.read() as session:
            said = answered(session)
        return 0 if said is None else said[1]

    return install_thread(
        config,
        settings,
        shared.database,
        shared.clock,
        device=shared.device,
        emergency=emergency,
        tables_came=tables_came,
    )


def _take_tables(config: StaffConfig) -> None:
    """Use the tables that came down; where one cannot be read, those that are built in count."""
    try:
        folder = released_to(config)
        use_released(None if folder is None else folder.of(Group.TABLES))
    except ConfigurationError as problem:
        _log.error("tables_not_taken", reason=problem.reason)


def _deliveries(
    config: StaffConfig, shared: Shared, client: "Callable[[], Gateway] | None"
) -> "Sequence[DeliveryThread]":
    if config.interop is None:
        return ()
    # Only here: what speaks to other systems is slow to load, and many clinics have none.
    from kiosk.interop.delivery import Works
    from kiosk.interop.parts import deliverers, sinks_of, usual_orders
    from kiosk.interop.settings import load_settings

    settings = load_settings(config.interop)
    works = Works(
        database=shared.database,
        clinic=shared.clinic,
        opener=shared.opener,
        clock=shared.clock,
        orders=usual_orders(settings),
    )
    return deliverers(works, sinks_of(settings, client, shared.clock))


def _retention(config: StaffConfig, shared: Shared) -> Retention | None:
    """What ends the time for which people are kept, where the clinic says that it ends."""
    if config.people_kept_days is None:
        return None
    eraser = Eraser(database=shared.database, clinic=shared.clinic, device=shared.device, clock=shared.clock)
    return Retention(eraser, clock=shared.clock, by=shared.device, keep_days=config.people_kept_days)


def _ordering(shared: Shared, token: bytes) -> Ordering:
    from kiosk.interop.orders import OrderBook

    book = OrderBook(shared.database, device=shared.device, clock=shared.clock)
    return Ordering(take=partial(book.take, by="hospital"), token=token)


def sessions_of(config: StaffConfig, database: Database, opener: VisitOpener) -> StaffSessions:
    """Who is logged in at the desk's screen, by password or by security key: nobody yet."""
    accounts = accounts_of(config, database, opener)
    wanted = config.webauthn is not KeyPolicy.OFF
    keys = keys_of(config, database, opener, accounts) if wanted else None
    return StaffSessions(accounts, idle_s=60 * config.idle_lock_min, keys=keys)


def keys_of(config: StaffConfig, database: Database, opener: VisitOpener, accounts: StaffAccounts) -> StaffKeys:
    """The security keys of the desk's accounts."""
    return StaffKeys(
        database=database,
        clinic=config.clinic,
        opener=opener,
        clock=SystemClock(),
        accounts=accounts,
        policy=config.webauthn,
    )


def accounts_of(config: StaffConfig, database: Database, opener: VisitOpener) -> StaffAccounts:
    """The accounts of the desk's screen."""
    return StaffAccounts(
        database=database,
        clinic=config.clinic,
        device=device_of(config),
        opener=opener,
        clock=SystemClock(),
        tries=config.login_tries,
    )


def hall_of(config: StaffConfig, database: Database, clock: Clock) -> Hall:
    """The waiting room's side of the desk.

    :raises ConfigurationError: where the key of the call screen cannot be used.
    """
    own, assisted = device_of(config), config.assist_device
    clinic, key = config.clinic, config.calls_key
    return Hall(
        queue=Queue(database=database, clinic=clinic, clock=clock, device=own, plain_after=config.queue_plain_after),
        reporter=Reporter(database=database, clinic=clinic, clock=clock),
        calls_token=None if key is None else load_secret(key),
        assist=None
        if assisted is None
        else AssistedMode(database=database, clinic=clinic, clock=clock, device=assisted, own=own),
        assist_address=f"http://{config.host}:{config.assist_port}/",
    )


def device_of(config: StaffConfig) -> str:
    """The desk's name in the store."""
    return f"desk-{config.clinic.desk}"


def released_to(config: StaffConfig) -> Folder | None:
    """Where what comes down from the province lies, or None where nothing does.

    :raises ConfigurationError: where the settings of the province cannot be used.
    """
    folder = None if config.province is None else load_province(config.province).releases
    return None if folder is None else Folder(folder)


def trust_problem(config: StaffConfig, *, remember: bool = True) -> ConfigurationError | None:
    """Why the patient's screen is closed, or None: staff see the reason.

    :param remember: whether the store that is opened now is the newest from now on; False only looks.
    """
    try:
        open_store(config, device_of(config), remember=remember, releases=released_to(config))
    except ConfigurationError as problem:
        return problem
    return None
