"""Rules for USBGuard from a list of devices, and such a list from what is plugged in now.

Source: usbguard-rules.conf(5); Linux, Documentation/ABI/testing/sysfs-bus-usb; USB 2.0, 9.6.5 (interfaces) and 11.23.1
(hubs). Of several rules the first that fits counts, so that a listed keypad is let in before every other keyboard is
turned away.

USBGuard compares every interface that a device describes, each alternate setting among them, not only the settings that
are active: a camera says its stream's interface a dozen times. So the draft reads what the device describes.
"""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from kiosk.provision.settings import USB_TEXT, Kind, UsbDevice

_HUBS = (("09:00:00",), ("09:00:01",), ("09:00:01", "09:00:02"), ("09:00:02", "09:00:01"), ("09:00:02",))
"""What hubs are: with one translator of speeds for all ports; with one for each port, which can do as the others do."""
_INTERFACE, _LONG = 4, 9
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
    yield from (f"allow {_whole(hub)}" for hub in _HUBS)
    yield from (f"allow {_described(device)}" for device in devices)
    yield _KEYBOARDS
    yield "block"


def _described(device: UsbDevice) -> str:
    quoted = (("serial", device.serial), ("name", device.name), ("via-port", device.port))
    parts = [f"id {device.id}", *(f'{name} "{value}"' for name, value in quoted if value is not None)]
    return " ".join((*parts, _whole(device.interfaces)))


def _whole(interfaces: Iterable[str]) -> str:
    return f"with-interface equals {{ {' '.join(interfaces)} }}"


def plugged_in(sysfs: Path = Path("/sys/bus/usb/devices")) -> Iterator[str]:
    """A draft of ``[[usb.devices]]`` for everything that is plugged in, for a person to look at.

    Hubs that every policy lets in are left out.
    """
    for folder in sorted(sysfs.iterdir()):
        interfaces = tuple(_interfaces(folder))
        if re.fullmatch(r"\d+-\d+(\.\d+)*", folder.name) and interfaces and interfaces not in _HUBS:
            yield from _drafted(folder, interfaces)


def _interfaces(folder: Path) -> Iterator[str]:
    """Every interface that the device describes, in its order; the kernel shows its descriptors as they came."""
    try:
        left = (folder / "descriptors").read_bytes()
    except OSError:
        return
    while len(left) >= 2 and left[0] >= 2:
        one, left = left[: left[0]], left[left[0] :]
        if one[1] == _INTERFACE and len(one) >= _LONG:
            yield ":".join(f"{number:02x}" for number in one[5:8])


def _drafted(folder: Path, interfaces: tuple[str, ...]) -> Iterator[str]:
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
