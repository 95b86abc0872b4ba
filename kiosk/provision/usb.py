"""Rules for USBGuard from a list of devices, and such a list from what is plugged in now.

Source: usbguard-rules.conf(5); Linux, Documentation/ABI/testing/sysfs-bus-usb. Of several rules the first that fits
counts, so that a listed keypad is let in before every other keyboard is turned away.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from kiosk.provision.settings import USB_TEXT, Kind, UsbDevice

_HUBS = "allow with-interface equals { 09:00:00 }"
_KEYBOARDS = "reject with-interface one-of { 03:00:01 03:01:01 }"
_GUESSES = (
    ("0b:", Kind.READER),
    ("07:", Kind.PRINTER),
    ("0e:", Kind.CAMERA),
    ("03:00:01", Kind.KEYPAD),
    ("03:01:01", Kind.KEYPAD),
    ("02:", Kind.SCANNER),
    ("01:", Kind.SOUND),
    ("03:", Kind.TOUCH),
)


def usb_rules(devices: tuple[UsbDevice, ...]) -> Iterator[str]:
    """The lines of a USBGuard policy: hubs of nothing else, each device whole, no other keyboard, nothing else."""
    yield _HUBS
    yield from (f"allow {_described(device)}" for device in devices)
    yield _KEYBOARDS
    yield "block"


def _described(device: UsbDevice) -> str:
    quoted = (("serial", device.serial), ("name", device.name), ("via-port", device.port))
    parts = [f"id {device.id}", *(f'{name} "{value}"' for name, value in quoted if value is not None)]
    return " ".join((*parts, f"with-interface equals {{ {' '.join(device.interfaces)} }}"))


def plugged_in(sysfs: Path = Path("/sys/bus/usb/devices")) -> Iterator[str]:
    """A draft of ``[[usb.devices]]`` for everything that is plugged in, hubs apart: for a person to look at."""
    for folder in sorted(sysfs.iterdir()):
        interfaces = sorted(_interfaces(folder))
        if not re.fullmatch(r"\d+-\d+(\.\d+)*", folder.name) or not interfaces:
            continue
        if all(interface.startswith("09:") for interface in interfaces):
            continue
        yield from _drafted(folder, interfaces)


def _interfaces(folder: Path) -> Iterator[str]:
    for interface in folder.glob(f"{folder.name}:*"):
        names = ("bInterfaceClass", "bInterfaceSubClass", "bInterfaceProtocol")
        yield ":".join(_said(interface / name) or "00" for name in names)


def _drafted(folder: Path, interfaces: list[str]) -> Iterator[str]:
    kind = next((kind for start, kind in _GUESSES if any(i.startswith(start) for i in interfaces)), None)
    yield "[[usb.devices]]"
    yield f'kind = "{kind}"' if kind else 'kind = ""  # say what it is for, or leave it out'
    yield f'id = "{_said(folder / "idVendor")}:{_said(folder / "idProduct")}"'
    for name, file in (("name", "product"), ("serial", "serial")):
        # What a rule would have to quote is left out: the rule is then a little wider, and still of this very kind.
        if re.fullmatch(USB_TEXT, text := _said(folder / file)):
            yield f'{name} = "{text}"'
    yield f'port = "{folder.name}"'
    yield f"interfaces = {json.dumps(interfaces)}"
    yield ""


def _said(file: Path) -> str:
    try:
        return file.read_text("utf-8", errors="replace").strip()[:126]
    except OSError:
        return ""
