"""The devices that the patient's settings name, and the threads that own them."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from idcard import ConfigurationError
from kiosk.config import PatientConfig
from kiosk.device_config import (
    FILE,
    NETWORK,
    RAW_PORT,
    SERIAL,
    SIMULATED,
    host_and_port,
    simulated_address,
    usb_ids,
)
from kiosk.devices.clock import SystemClock
from kiosk.devices.light import SerialLight
from kiosk.devices.simulated import SimulatedClock, SimulatedLight
from kiosk.ports import Clock, Light, Printer
from kiosk.services.checkin import CheckIn
from kiosk.services.light_thread import LightThread
from kiosk.services.parts import forget_parts
from kiosk.services.patient_desk import PatientDesk
from kiosk.services.printer_thread import PrinterThread
from kiosk.services.printing import PrintQueue
from kiosk.services.ticket_image import TicketImages
from kiosk.services.view import PaperMode
from kiosk.services.worker import Worker
from kiosk.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable

    from kiosk.devices.wires import Wire


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """What the kiosk speaks to: a printer and a lamp, where there are any."""

    printer: PrinterThread | None = None
    light: LightThread | None = None

    @property
    def by_part(self) -> dict[str, Worker]:
        """Their threads by the names of their parts."""
        named = {"printer": self.printer, "light": self.light}
        return {part: thread for part, thread in named.items() if thread is not None}

    @property
    def threads(self) -> tuple[Worker, ...]:
        """Their threads, not started yet."""
        return tuple(thread for thread in (self.printer, self.light) if thread is not None)


def clock_of(config: PatientConfig) -> Clock:
    """The clock that a setting names."""
    return SystemClock() if config.clock == "system" else SimulatedClock(*simulated_address(config.clock))


def paper_mode(config: PatientConfig) -> PaperMode:
    """Where tickets are printed."""
    match config.printer:
        case "none":
            return "none"
        case "browser":
            return "browser"
        case _:
            return "own"


def printer_of(setting: str) -> Printer:
    """The printer that a setting names; it may be plugged in later.

    :raises ConfigurationError: where what it needs is not installed.
    """
    from kiosk.devices.printer import EscPosPrinter

    return EscPosPrinter(_wire_of(setting))


def _wire_of(setting: str) -> "Callable[[], Wire]":
    from kiosk.devices.wires import FileWire, NetworkWire, UsbWire, check_usb

    if setting.startswith(SIMULATED):
        return partial(NetworkWire, *simulated_address(setting))
    if setting.startswith(NETWORK):
        return partial(NetworkWire, *host_and_port(setting.removeprefix(NETWORK), RAW_PORT))
    if setting.startswith(FILE):
        return partial(FileWire, Path(setting.removeprefix(FILE)))
    if not check_usb():
        raise ConfigurationError(
            "printer: USB printers need pyusb and libusb.",
            reason="wrong_setting",
            remedy="pip install pyusb; on Debian also apt install libusb-1.0-0.",
        )
    return partial(UsbWire, *usb_ids(setting))


def light_of(setting: str) -> Light:
    """The lamp that a setting names; it may be plugged in later."""
    if setting.startswith(SIMULATED):
        return SimulatedLight(*simulated_address(setting))
    return SerialLight(setting.removeprefix(SERIAL))


def outputs_of(
    config: PatientConfig,
    *,
    database: Database,
    checkin: CheckIn,
    desk: PatientDesk,
    images: TicketImages,
    clock: Clock,
) -> Outputs:
    """Printer and lamp; what an earlier run said of one that is set no more is taken back."""
    forget_parts(checkin, "printer", "light", "camera", "speech")
    printer = light = None
    if paper_mode(config) == "own":
        printer = PrinterThread(
            printer=printer_of(config.printer),
            database=database,
            clinic=config.clinic,
            device=config.device,
            clock=clock,
            images=images,
            paper=desk,
        )
        copies = PrintQueue(database, clinic=config.clinic, device=config.device, clock=clock)
        desk.use_printer(printer.submit, partial(copies.print_once, printer=config.device))
    if config.light != "none":
        light = LightThread(
            light=light_of(config.light),
            database=database,
            checkin=checkin,
            clinic=config.clinic.code,
            device=config.device,
        )
    return Outputs(printer=printer, light=light)
