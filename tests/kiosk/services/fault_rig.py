"""A kiosk with all its parts, the ways to every screen, and what can fail: what the matrix of faults is made of."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from idcard import VIETNAM_STRICT
from kiosk.devices.printer import EscPosPrinter
from kiosk.devices.printer_twin import PrinterFault, PrinterTwin
from kiosk.devices.scanner import SerialScanner
from kiosk.devices.serial_twin import SerialTwin
from kiosk.devices.simulated import SimulatedCamera
from kiosk.devices.wires import NetworkWire
from kiosk.domain.flow import Screen
from kiosk.insurance.staff_link import StaffLink
from kiosk.keys import VisitOpener
from kiosk.ports import StoreUnavailable
from kiosk.province.identity import DEVICE_KEY, HUB_KEY, Identity
from kiosk.province.link import HubLink
from kiosk.province.parts import device_of, sender_of
from kiosk.province.sending import Outcome, Sender
from kiosk.province.settings import ProvinceSettings
from kiosk.services.card_reader import CardReader
from kiosk.services.clock_watch import ClockWatch
from kiosk.services.parts import ScannerHealth
from kiosk.services.printer_thread import PrinterThread
from kiosk.services.printing import PrintQueue
from kiosk.services.reader_thread import CameraThread
from kiosk.services.scanner_thread import ScannerThread
from tests.kiosk.services.test_printing import thread_of

Kiosk = Any
ASKED_S: Final = 0.2
"""How long an answer about cover is waited for here."""


@dataclass
class Rig:
    """A kiosk, and beside it printer, scanner, camera, the way to payer and hub, each over a real line."""

    kiosk: Kiosk
    printer: PrinterTwin
    scanner: SerialTwin
    eye: Any
    threads: tuple[Any, ...]
    sender: Sender
    watch: ClockWatch
    use_online: Callable[[int | None], None]
    deaf: socket.socket
    hub_said: list[Outcome] = field(default_factory=list)

    def turn(self) -> None:
        """Everything that runs by itself does so once; the hub is tried, too."""
        self.watch.look_now()
        self.kiosk.turn()
        for thread in self.threads:
            thread.turn()
        with suppress(StoreUnavailable):
            self.hub_said.append(self.sender.step(datetime.now(UTC)).outcome)
        self.kiosk.patient.tick()

    def screen(self) -> Screen:
        screen: Screen = self.kiosk.patient.view().screen
        return screen


@contextmanager
def rig_of(kiosk: Kiosk, folder: Path) -> Iterator[Rig]:
    """A kiosk with everything, which has looked about itself; nobody asks the payer yet."""
    printer, scanner, eye = PrinterTwin(slow_s=0.05), SerialTwin(folder / "scanner"), type(kiosk.bench)()
    deaf = socket.create_server(("127.0.0.1", 0))
    scans = SerialScanner(str(folder / "scanner"), again_s=0.0)
    scans.read(0.01)
    threads = (
        _printing(kiosk, printer),
        ScannerThread(scanner=scans, patient=kiosk.patient, health=ScannerHealth(kiosk.checkin), clock=kiosk.clock),
        CameraThread(camera=SimulatedCamera("127.0.0.1", eye.port), patient=kiosk.patient, every_s=0.01),
    )
    old, watch = kiosk.reader._card_reader, _watch(kiosk)

    def use_online(port: int | None) -> None:
        kiosk.reader._card_reader = CardReader(
            trust=old._trust,
            policy=VIETNAM_STRICT,
            source=old._source,
            clinic="36001",
            clock=kiosk.clock,
            online=None if port is None else StaffLink("127.0.0.1", port, token=bytes(32), timeout_s=ASKED_S),
            cut_off_s=ASKED_S,
            clock_is_right=watch.is_right,
        )

    use_online(None)
    kiosk.patient.admit_while(watch.is_right)
    sender = _sending(kiosk, folder)
    try:
        rig = Rig(kiosk, printer, scanner, eye, threads, sender, watch, use_online, deaf)
        for _ in range(2):
            rig.turn()
        yield rig
    finally:
        for thread in threads:
            thread.stop()
        sender.link.close()  # type: ignore[attr-defined]
        scanner.unplug()
        printer.close()
        eye.vanish()
        deaf.close()


def _printing(kiosk: Kiosk, printer: PrinterTwin) -> PrinterThread:
    thread = thread_of(
        kiosk, EscPosPrinter(partial(NetworkWire, "127.0.0.1", printer.port), answer_s=0.1, ticket_s=0.3)
    )
    copies = PrintQueue(kiosk.database, clinic=kiosk.patient._clinic, device="kiosk-1", clock=kiosk.clock)
    kiosk.patient._machine._paper = "own"
    kiosk.patient.use_printer(thread.submit, partial(copies.print_once, printer="kiosk-1"))
    return thread


def _watch(kiosk: Kiosk) -> ClockWatch:
    as_of = kiosk.reader._card_reader._source.as_of
    return ClockWatch(clock=kiosk.clock, checkin=kiosk.checkin, known=(lambda: as_of, kiosk.checkin.last_written))


def _sending(kiosk: Kiosk, folder: Path) -> Sender:
    """What sends to the province; its hub is a port where nobody is."""
    identity = folder / "identity"
    identity.mkdir()
    device, hub = Ed25519PrivateKey.generate(), X25519PrivateKey.generate().public_key()
    (identity / DEVICE_KEY).write_bytes(device.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (identity / DEVICE_KEY).chmod(0o600)
    (identity / HUB_KEY).write_bytes(hub.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    (folder / "person.key").write_text(f"{'07' * 32}\n")
    (folder / "person.key").chmod(0o600)
    settings = ProvinceSettings(
        hub=f"http://127.0.0.1:{_nobodys_port()}", identity=identity, person_key=folder / "person.key"
    )
    return sender_of(
        settings,
        device_of(settings, clinic="36001", desk="desk-1"),
        database=kiosk.database,
        store=kiosk.path,
        opener=VisitOpener(kiosk.private_key),
        link=HubLink(settings, Identity(identity)),
        chance=lambda: 0.0,
    )


def _nobodys_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


# Ways to every screen.


def _closed(rig: Rig) -> None:
    rig.kiosk.fill_disk()
    for _ in range(200):
        rig.kiosk.clock.advance(61)
        rig.kiosk.patient.call_staff("child")
        if rig.screen() is Screen.CLOSED:
            return
        rig.kiosk.patient.acknowledge()
    raise AssertionError


def _crowded(rig: Rig) -> None:
    rig.kiosk.bench.crowded = True
    rig.kiosk.put("insured")
    rig.kiosk.digits("insured")


def _consent(rig: Rig) -> None:
    rig.kiosk.patient._machine._consent = True
    rig.kiosk.put("insured")
    rig.kiosk.digits("insured")


def _acts(*names: str) -> Callable[[Rig], None]:
    def act(rig: Rig) -> None:
        for name in names:
            {
                "put": lambda: rig.kiosk.put("insured"),
                "digits": lambda: rig.kiosk.digits("insured"),
                "type": lambda: rig.kiosk.patient.type_digits(rig.kiosk.holders["insured"].can),
                "qr": lambda: rig.kiosk.show_qr("insured"),
                "room": lambda: rig.kiosk.patient.choose_room("noi"),
                "not_me": rig.kiosk.patient.not_me,
                "child": rig.kiosk.patient.for_child,
                "refusing": lambda: rig.kiosk.put(rig.kiosk.card("insured", pace_refused_sw=0x6A80)),
                "torn": lambda: rig.kiosk.put("insured", tear_after=20),
                "ended": lambda: rig.kiosk.put("ended"),
                "ended_digits": lambda: rig.kiosk.digits("ended"),
                "wait": lambda: rig.kiosk.after(30.1),
                "help": lambda: rig.kiosk.patient.call_staff("help"),
            }[name]()

    return act


WAYS: Final[dict[Screen, Callable[[Rig], None]]] = {
    Screen.ATTRACT: _acts(),
    Screen.CHILD: _acts("child"),
    Screen.CONSENT: _consent,
    Screen.DIGITS: _acts("put"),
    Screen.PLACE_CARD: _acts("qr"),
    Screen.SHOW_QR: _acts("refusing", "digits"),
    Screen.PUT_BACK: _acts("torn", "digits"),
    Screen.ONE_CARD: _crowded,
    Screen.READING: _acts("put", "type"),
    Screen.CONFIRM: _acts("put", "digits"),
    Screen.TICKET: _acts("put", "digits", "room"),
    Screen.TAKE_CARD: _acts("put", "digits", "not_me"),
    Screen.DESK: _acts("ended", "ended_digits"),
    Screen.STILL_THERE: _acts("put", "wait"),
    Screen.CALLED: _acts("help"),
    Screen.CLOSED: _closed,
}


# What can fail.


def _nothing(_: Rig) -> None:
    """The hub is away from the beginning."""


@dataclass(frozen=True)
class Fault:
    """How a part fails. :ivar begin: it does. :ivar end: it works again. :ivar told: what staff then see of it."""

    begin: Callable[[Rig], None]
    end: Callable[[Rig], None] = _nothing
    told: tuple[str, ...] = ()


def _reader_back(rig: Rig) -> None:
    rig.kiosk.bench.come_back()


def _jump(by: timedelta) -> Callable[[Rig], None]:
    return lambda rig: rig.kiosk.clock.set(rig.kiosk.clock.now() + by)


def _read_only(rig: Rig, *, on: bool) -> None:
    with rig.kiosk.database.read() as session:
        session.connection().exec_driver_sql(f"PRAGMA query_only = {int(on)}")


def _printer(fault: PrinterFault, *told: str) -> Fault:
    return Fault(lambda rig: rig.printer.behave(fault), lambda rig: rig.printer.behave(PrinterFault.NONE), told)


FAULTS: Final[dict[str, Fault]] = {
    "reader": Fault(lambda rig: rig.kiosk.bench.vanish(), _reader_back, ("reader",)),
    "camera": Fault(lambda rig: rig.eye.vanish(), lambda rig: rig.eye.come_back()),
    "scanner": Fault(lambda rig: rig.scanner.unplug(), lambda rig: rig.scanner.plug(), ("scanner",)),
    "printer_offline": _printer(PrinterFault.OFFLINE, "printer"),
    "printer_paper_out": _printer(PrinterFault.PAPER_OUT, "printer"),
    "printer_dies": _printer(PrinterFault.DIES),
    "staff_process_away": Fault(lambda rig: rig.use_online(_nobodys_port()), lambda rig: rig.use_online(None)),
    "gateway_silent": Fault(lambda rig: rig.use_online(rig.deaf.getsockname()[1]), lambda rig: rig.use_online(None)),
    "hub_away": Fault(_nothing),
    "store_fails": Fault(partial(_read_only, on=True), partial(_read_only, on=False)),
}
YEARS: Final = timedelta(days=3652)
JUMPS: Final[dict[str, timedelta]] = {
    "back_10_years": -YEARS,
    "back_1_day": -timedelta(days=1),
    "back_3_hours": -timedelta(hours=3),
    "ahead_2_hours": timedelta(hours=2),
    "ahead_1_day": timedelta(days=1),
    "ahead_10_years": YEARS,
}
CLOCKS: Final = {name: Fault(_jump(by), _jump(-by)) for name, by in JUMPS.items()}


# What people do.


def go_on(rig: Rig, who: str) -> None:
    """What somebody does who stands before this screen and wants to be admitted."""
    kiosk, patient = rig.kiosk, rig.kiosk.patient
    match rig.screen():
        case Screen.ATTRACT | Screen.CHILD if not patient.view().reader_ok:
            # The page says that the card cannot be read, and asks for its code.
            patient.show_code(kiosk.holders[who].card_qr_text())
        case Screen.STILL_THERE if not patient.view().reader_ok:
            patient.stop()
        case Screen.ATTRACT | Screen.CHILD | Screen.PLACE_CARD | Screen.PUT_BACK | Screen.ONE_CARD:
            kiosk.bench.crowded = False
            kiosk.bench.take()
            rig.turn()
            kiosk.bench.put(kiosk.card(who))
        case Screen.CONSENT:
            patient.agree()
        case Screen.DIGITS:
            patient.type_digits(kiosk.holders[who].can)
        case Screen.SHOW_QR:
            patient.no_qr()
        case Screen.CONFIRM:
            patient.choose_room("noi")
        case Screen.STILL_THERE:
            patient.more_time()
        case Screen.TICKET | Screen.DESK | Screen.CALLED:
            patient.acknowledge()
        case Screen.TAKE_CARD:
            kiosk.bench.take()
        case Screen.CLOSED:
            kiosk.clock.advance(5.1)
    for _ in range(2):
        rig.turn()


ENDS: Final = frozenset({Screen.TICKET, Screen.DESK, Screen.CLOSED})
_MOST_ACTS: Final = 14


def walk(rig: Rig, who: str) -> Screen:
    """Where somebody comes who goes on from here: a ticket, the desk, or a closed machine that says so."""
    for _ in range(_MOST_ACTS):
        if rig.screen() in ENDS:
            return rig.screen()
        go_on(rig, who)
    return rig.screen()


def leave(rig: Rig) -> None:
    """Whoever stood there has gone, and took the card."""
    rig.kiosk.bench.crowded = False
    rig.kiosk.patient._machine._consent = False
    rig.kiosk.bench.take()
    with suppress(ValueError):
        rig.kiosk.patient.acknowledge()
    for _ in range(2):
        rig.turn()
        rig.kiosk.patient.stop()
