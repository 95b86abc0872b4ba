"""The patient's process put together: trust, roster, store, devices, the visit and its pages.

It holds no key that opens what it stored. Without a usable trust store it serves one page, which sends people to the
desk, and leaves reader and camera alone.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Protocol

import structlog

from idcard import ConfigurationError
from kiosk.config import SERIAL, SIMULATED, PatientConfig
from kiosk.day_key import DayTags
from kiosk.device_config import HN212, host_and_port
from kiosk.device_parts import clock_of, outputs_of, paper_mode
from kiosk.devices.scanner import SPEED, SerialScanner
from kiosk.devices.simulated import SimulatedCamera, SimulatedClock, SimulatedDesk, SimulatedScanner
from kiosk.domain.self_test import Step
from kiosk.insurance.roster import Roster
from kiosk.insurance.sources import CoverDesk, OnlineCover
from kiosk.insurance.staff_link import StaffLink
from kiosk.key_safe.again import OpenAgain
from kiosk.key_safe.opening import KeySafes
from kiosk.key_safe.safe import PlaceTrouble
from kiosk.keys import PersonTags, VisitSealer, load_clinic_public_key, load_secret
from kiosk.memory_rounds import MemoryRounds
from kiosk.portrait_parts import lost_cards_of, portraits_of
from kiosk.ports import CardDesk, Clock, Scanner
from kiosk.process import listen, run_until_told, share_memory
from kiosk.self_test_parts import Looked, heartbeat_of, self_test_of
from kiosk.services.assistance import AssistedMachine
from kiosk.services.audit import Heads
from kiosk.services.card_reader import CardReader, Lane
from kiosk.services.checkin import CheckIn
from kiosk.services.clock_watch import ClockWatch
from kiosk.services.closed_side import ClosedReaderThread
from kiosk.services.limits import Timing
from kiosk.services.parts import ScannerHealth
from kiosk.services.patient_desk import PatientDesk
from kiosk.services.portraits import Portraits
from kiosk.services.province_watch import ProvinceWatch
from kiosk.services.reader_thread import CameraThread, ReaderThread
from kiosk.services.receipt import ReceiptSigner, signer_of
from kiosk.services.roster_watch import RosterWatch
from kiosk.services.scanner_thread import ScannerThread
from kiosk.services.self_test_thread import Probe
from kiosk.services.signed_codes import SignedCodes
from kiosk.services.ticket_image import TicketImages
from kiosk.services.trust_watch import TrustWatch
from kiosk.services.worker import Worker
from kiosk.store.database import Database
from kiosk.trust import Trust, closed_policy_of, marks_of, releases_of, trust_of
from kiosk.trust_parts import code_signers_of, freshness_of, reload_of, store_age, store_freshness_of, take_tables
from kiosk.web.common.factory import WEB
from kiosk.web.patient import create_patient_app

_FONT = WEB / "static" / "fonts" / "BeVietnamPro_700Bold.ttf"
_log = structlog.get_logger(__name__)


class Watch(Protocol):
    """What the reader's thread looks at in every turn."""

    def look(self) -> None:
        """Look, if it is time to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientParts:
    """What a patient's process works with; the threads are not started yet."""

    desk: PatientDesk
    threads: tuple[Worker, ...]
    scanner: ScannerHealth
    trust_problem: ConfigurationError | None
    helped: Callable[[], bool] | None = None


def run_patient(config: PatientConfig, *, end_with_stdin: bool = False) -> None:
    """Serve the patient's screen until the process is told to stop.

    :raises ConfigurationError: if a key, the roster, a device or the port cannot be used.
    :raises StoreUnavailable: if the store cannot.
    """
    share_memory()
    safes = KeySafes(config)
    closed = safes.open_alone()
    if closed is not None:
        _serve_closed(config, safes, closed, end_with_stdin=end_with_stdin)
        return
    with open_parts(config) as parts, ExitStack() as stack:
        app = create_patient_app(parts.desk, config, parts.trust_problem, parts.scanner, parts.helped)
        server = listen(app, host=config.host, port=config.port)
        for thread in (*parts.threads, MemoryRounds()):
            thread.start()
            stack.callback(thread.stop)
        _log.info("patient_serves", port=server.port, mode=config.mode)
        run_until_told(server, end_with_stdin=end_with_stdin)
    _log.info("patient_stopped")


def _serve_closed(config: PatientConfig, safes: KeySafes, why: PlaceTrouble, *, end_with_stdin: bool) -> None:
    """Show the way to the desk until the keys open; then end, so that whoever started this process starts it anew."""
    server = listen(create_patient_app(None, config, why), host=config.host, port=config.port)
    again = OpenAgain(safes, server.close)
    again.start()
    _log.error("patient_closed_for_keys", port=server.port, reason=why.reason)
    run_until_told(server, end_with_stdin=end_with_stdin)
    again.stop()
    _log.info("patient_stopped")


@contextmanager
def open_parts(config: PatientConfig) -> Iterator[PatientParts]:
    """The parts of a patient's process, with the store open; it is closed in the end."""
    seen = marks_of(config)
    trust = trust_of(config)
    roster = roster_of(config)
    clock = clock_of(config)
    images = TicketImages(clinic=config.clinic, font=_FONT)
    database = Database.open(config.store)
    try:
        checkin = CheckIn(
            database=database,
            clinic=config.clinic,
            device=config.device,
            sealer=VisitSealer(load_clinic_public_key(config.clinic_public_key)),
            tags=DayTags(config.person_day_key),
            clock=clock,
            receipts=receipts_of(config),
            heads=Heads(config.heads),
            lost=lost_cards_of(config, database),
        )
        portraits = portraits_of(config)
        province = ProvinceWatch(folder=releases_of(config), checkin=checkin, clock=clock)
        take_tables(config)
        signed = signed_codes_of(config, trust, roster, clock, province.why_closed)
        desk = PatientDesk(
            checkin=checkin,
            clinic=config.clinic,
            clock=clock,
            ticket_images=images,
            timing=Timing(idle_s=config.idle_s, warn_s=config.warn_s, ticket_s=config.ticket_s),
            camera=config.camera.partition(":")[0],
            consent=config.consent,
            signed=signed,
            paper=paper_mode(config),
            portraits=portraits,
        )
        checkin.turn_day()
        freshness = freshness_of(config)
        roster_watch = RosterWatch(source=roster, freshness=freshness, checkin=checkin, clock=clock)
        roster_watch.look()
        trust_watch = TrustWatch(
            store=trust if isinstance(trust, ConfigurationError) else trust.store,
            freshness=store_freshness_of(config),
            pins=None if isinstance(trust, ConfigurationError) else trust.pins,
            distrusted=None if isinstance(trust, ConfigurationError) else trust.distrusted,
            checkin=checkin,
            clock=clock,
        )
        trust_watch.look()
        province.look()
        clock_watch = ClockWatch(
            clock=clock,
            checkin=checkin,
            known=(lambda: roster.as_of, checkin.last_written),
            every_s=30.0 if config.clock == "system" else 1.0,
        )
        clock_watch.look()
        desk.admit_while(clock_watch.is_right)
        scanner = ScannerHealth(checkin)
        scanner.unknown()
        if isinstance(trust, ConfigurationError):
            yield PatientParts(desk=desk, threads=(), scanner=scanner, trust_problem=trust)
        else:
            probes: dict[Step, Probe] = {}
            self_test = self_test_of(config, database=database, clock=clock, probes=probes)
            reader = CardReader(
                trust=trust.store,
                policy=trust.policy,
                vouchers=trust.vouchers,
                trust_freshness=store_freshness_of(config),
                source=roster,
                clinic=config.clinic.code,
                clock=clock,
                freshness=freshness,
                online=online_of(config),
                cut_off_s=config.online_cut_off_s,
                recheck=config.recheck_offline,
                clock_is_right=clock_watch.is_right,
                closed_policy=closed_policy_of(config),
                tests=self_test.takes,
                lane=province.why_closed,
            )
            watches: list[Watch] = [roster_watch, trust_watch, province, clock_watch]
            outputs = outputs_of(config, database=database, checkin=checkin, desk=desk, images=images, clock=clock)
            readers = _threads(config, desk, reader, watches, portraits)
            scanners = _scanner_threads(config, desk, scanner, clock)
            looked = Looked(
                config=config,
                clock=clock,
                checkin=checkin,
                desk=desk,
                outputs=outputs,
                scanner=next(iter(scanners), None),
                roster=roster,
                freshness=freshness,
                trust=trust.store,
                trust_freshness=store_freshness_of(config),
                clock_watch=clock_watch,
                images=images,
            )
            probes.update(looked.probes())
            newer = (roster_watch, trust_watch)
            reload = reload_of(
                config, trust, seen=seen, desk=desk, reader=reader, signed=signed, looked=looked, watches=newer
            )
            watches[:0] = [reload]
            workers = {"reader": readers[0], **outputs.by_part, **({"scanner": scanners[0]} if scanners else {})}
            heartbeat = heartbeat_of(config, database=database, checkin=checkin, clock=clock, workers=workers)
            threads = (*readers, *scanners, *outputs.threads, self_test, heartbeat)
            helped = helped_of(config, database, clock)
            yield PatientParts(desk=desk, threads=threads, scanner=scanner, trust_problem=None, helped=helped)
    finally:
        database.close()
        if isinstance(clock, SimulatedClock):
            clock.close()


def helped_of(config: PatientConfig, database: Database, clock: Clock) -> Callable[[], bool] | None:
    """Says whether a clerk helps at this machine now; None where it serves people who are alone."""
    if not config.assisted:
        return None
    return AssistedMachine(database=database, clinic=config.clinic, device=config.device, clock=clock).is_open


def roster_of(config: PatientConfig) -> Roster:
    """The roster; ConfigurationError where it, or its key, cannot be used."""
    return Roster(config.roster, tags=PersonTags(load_secret(config.roster_key)), state=config.roster_state)


def signed_codes_of(
    config: PatientConfig,
    trust: Trust | ConfigurationError,
    roster: Roster,
    clock: Clock,
    lane: Lane = lambda: None,
) -> SignedCodes | None:
    """Who judges the signed codes that the configuration names; None where it names none, or no signer can be known.

    :raises ConfigurationError: where the key to the staff's process cannot be used.
    """
    if not config.codes or isinstance(trust, ConfigurationError):
        return None
    signers = code_signers_of(config, trust)
    if signers is None:
        return None
    cover = CoverDesk(
        source=roster,
        freshness=freshness_of(config),
        clinic=config.clinic.code,
        clock=clock,
        online=online_of(config),
        cut_off_s=config.online_cut_off_s,
    )
    return SignedCodes(
        rules=[code.rule for code in config.codes],
        trust=signers,
        cover=cover,
        clock=clock,
        trust_age=store_age(trust.store, store_freshness_of(config)),
        lane=lane,
    )


def online_of(config: PatientConfig) -> OnlineCover | None:
    """Who asks the payer for this process, or None; ConfigurationError where the key cannot be used."""
    if config.internal_key is None:
        return None
    return StaffLink(config.host, config.staff_port, token=load_secret(config.internal_key))


def receipts_of(config: PatientConfig) -> ReceiptSigner | None:
    """Who signs this kiosk's receipts, or None; ConfigurationError where the key cannot be used."""
    return signer_of(config.receipt_key)


def card_desk(reader: str) -> CardDesk:
    """The reader that a setting names.

    :raises MissingExtra: where PC/SC is asked for and its library is not installed.
    """
    if reader.startswith(SIMULATED):
        return SimulatedDesk(*_address(reader))
    # Only here: simulated readers work without the PC/SC library.
    from kiosk.devices.reader import PcscDesk

    return PcscDesk(reader.partition(":")[2] or None)


def reader_thread(
    config: PatientConfig,
    desk: PatientDesk,
    card_reader: CardReader,
    upkeep: Callable[[], None],
    portraits: Portraits | None,
) -> Worker:
    """Whoever owns the reader that a setting names."""
    if config.reader.startswith(HN212):
        # Only here: its library is slow to load, and few have such a reader.
        from kiosk.devices.hn212 import Hn212

        closed = Hn212(*host_and_port(config.reader.removeprefix(HN212)), config.hn212)
        return ClosedReaderThread(reader=closed, card_reader=card_reader, patient=desk, upkeep=upkeep)
    cards = card_desk(config.reader)
    return ReaderThread(desk=cards, card_reader=card_reader, patient=desk, upkeep=upkeep, portraits=portraits)


def scanner_of(setting: str) -> Scanner:
    """The scanner that a setting names, on a serial port or at the bench; it may be plugged in later."""
    if setting.startswith(SIMULATED):
        return SimulatedScanner(*_address(setting))
    port, _, speed = setting.removeprefix(SERIAL).partition("@")
    return SerialScanner(port, speed=int(speed or SPEED))


def _threads(
    config: PatientConfig,
    desk: PatientDesk,
    card_reader: CardReader,
    watches: Sequence[Watch],
    portraits: Portraits | None,
) -> tuple[Worker, ...]:
    def look() -> None:
        for watch in watches:
            watch.look()

    threads: list[Worker] = [reader_thread(config, desk, card_reader, look, portraits)]
    if config.camera.startswith(SIMULATED):
        threads.append(CameraThread(camera=SimulatedCamera(*_address(config.camera)), patient=desk))
    return tuple(threads)


def _scanner_threads(
    config: PatientConfig, desk: PatientDesk, health: ScannerHealth, clock: Clock
) -> tuple[ScannerThread, ...]:
    """Whoever reads the scanner, where this process does and not the browser."""
    if not config.scanner.startswith((SERIAL, SIMULATED)):
        return ()
    return (ScannerThread(scanner=scanner_of(config.scanner), patient=desk, health=health, clock=clock),)


def _address(device: str) -> tuple[str, int]:
    host, _, port = device.removeprefix(SIMULATED).rpartition(":")
    return host, int(port)
