"""The settings that name devices: each a kind, and what finds it. A wrong one is a ValueError that says what helps."""

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

SIMULATED = "simulated:"
SERIAL = "serial:"
NETWORK, USB, FILE = "network:", "usb:", "file:"
HN212 = "hn212:"
SCANNER_SPEEDS = ("1200", "2400", "4800", "9600", "19200", "38400", "57600", "115200")
LOOPBACK = ("127.0.0.1", "::1", "localhost")
RAW_PORT = 9100

_WINDOWS_PORT = re.compile(r"COM[1-9]\d{0,2}")
_USB = re.compile(r"usb:([0-9a-f]{4}):([0-9a-f]{4})")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]")


def device_address(device: str) -> str:
    """``simulated:HOST:PORT`` on loopback, as the demonstration bench has it."""
    host, _, port = device.removeprefix(SIMULATED).rpartition(":")
    if host not in LOOPBACK or not _is_port(port):
        raise ValueError("a simulated device is simulated:127.0.0.1:PORT")
    return device


def simulated_address(device: str) -> tuple[str, int]:
    """Host and port of a simulated device."""
    host, _, port = device.removeprefix(SIMULATED).rpartition(":")
    return host, int(port)


def host_and_port(place: str, default: int | None = None) -> tuple[str, int]:
    """Host and port of ``HOST:PORT``, or of ``HOST`` alone where there is a usual port."""
    host, colon, port = place.rpartition(":")
    if default is not None and (not colon or place.endswith("]")):
        host, port = place, str(default)
    if not _HOST.fullmatch(host) or not _is_port(port):
        raise ValueError("a device on the network is HOST:PORT")
    return host.strip("[]"), int(port)


def reader_setting(value: str) -> str:
    """The setting, where it names a reader."""
    if value.startswith(SIMULATED):
        return device_address(value)
    if value.startswith(HN212):
        host_and_port(value.removeprefix(HN212))
        return value
    if value != "pcsc" and not (value.startswith("pcsc:") and value.removeprefix("pcsc:").strip()):
        raise ValueError("a reader is pcsc, pcsc:NAME, hn212:HOST:PORT or simulated:HOST:PORT")
    return value


def camera_setting(value: str) -> str:
    """The setting, where it names a camera."""
    if value.startswith(SIMULATED):
        return device_address(value)
    if value not in ("browser", "none"):
        raise ValueError("a camera is browser, none or simulated:HOST:PORT")
    return value


def scanner_setting(value: str) -> str:
    """The setting, where it names a scanner; ValueError where it does not."""
    if value.startswith(SIMULATED):
        return device_address(value)
    port, at, speed = value.removeprefix(SERIAL).partition("@")
    is_serial = value.startswith(SERIAL) and _is_serial_port(port) and (not at or speed in SCANNER_SPEEDS)
    if value not in ("none", "wedge") and not is_serial:
        raise ValueError("a scanner is none, wedge, serial:/dev/PORT, serial:COM3 or one of these with @115200")
    return value


def printer_setting(value: str) -> str:
    """The setting, where it names a printer."""
    if value.startswith(SIMULATED):
        return device_address(value)
    if value.startswith(NETWORK):
        host_and_port(value.removeprefix(NETWORK), RAW_PORT)
        return value
    is_file = value.startswith(FILE) and Path(value.removeprefix(FILE)).is_absolute()
    if value in ("none", "browser") or is_file or _USB.fullmatch(value):
        return value
    raise ValueError("a printer is none, browser, network:HOST[:PORT], usb:04b8:0e15 or file:/dev/usb/lp0")


def usb_ids(printer: str) -> tuple[int, int]:
    """Vendor and product of a printer on USB."""
    vendor, product = printer.removeprefix(USB).split(":")
    return int(vendor, 16), int(product, 16)


def light_setting(value: str) -> str:
    """The setting, where it names a lamp that calls staff."""
    if value.startswith(SIMULATED):
        return device_address(value)
    if value == "none" or (value.startswith(SERIAL) and _is_serial_port(value.removeprefix(SERIAL))):
        return value
    raise ValueError("a light is none, serial:/dev/PORT or serial:COM3")


def clock_setting(value: str) -> str:
    """The setting, where it names a clock."""
    return value if value == "system" else device_address(value)


def _is_serial_port(port: str) -> bool:
    return port.startswith("/") or _WINDOWS_PORT.fullmatch(port) is not None


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < int(text) < 65536


ReaderSetting = Annotated[str, AfterValidator(reader_setting)]
CameraSetting = Annotated[str, AfterValidator(camera_setting)]
ScannerSetting = Annotated[str, AfterValidator(scanner_setting)]
PrinterSetting = Annotated[str, AfterValidator(printer_setting)]
LightSetting = Annotated[str, AfterValidator(light_setting)]
ClockSetting = Annotated[str, AfterValidator(clock_setting)]

Name = Annotated[str, Field(min_length=1, max_length=64)]


class EventShape(BaseModel):
    """How the events of an HN-212 look.

    ``namespace`` and ``event`` are Socket.IO's, ``*`` any event; ``kind`` and ``body`` name the fields with the event's
    number and its content, which may lie beside the number where ``body`` is empty. ``spelling`` says how bytes are.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Name = "socket.io"
    namespace: Name = "/event"
    event: Name = "*"
    kind: Name = "id"
    body: Annotated[str, Field(max_length=64)] = "data"
    new_card: int = 1
    error: int = 3
    files: int = 4
    spelling: Literal["base64", "hex"] = "base64"
