"""``kit.toml``: what the kit must know of a machine and is in no process's configuration."""

import re
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
_PLAIN_PATH = re.compile(r"(/[A-Za-z0-9._+-]+)+")


class Profile(StrEnum):
    """What a machine is: the patient's kiosk, the clerk's computer, or a small clinic's only one."""

    PATIENT = "patient"
    STAFF = "staff"
    BOTH = "both"

    @property
    def has_patient(self) -> bool:
        """Whether the patient's screen is here."""
        return self is not Profile.STAFF

    @property
    def has_staff(self) -> bool:
        """Whether the staff's process is here."""
        return self is not Profile.PATIENT


class Kind(StrEnum):
    """What a device on USB is for, by which the kit knows what it may say of itself."""

    READER = "reader"
    SCANNER = "scanner"
    WEDGE = "wedge"
    PRINTER = "printer"
    KEYPAD = "keypad"
    TOUCH = "touch"
    CAMERA = "camera"
    LIGHT = "light"
    SOUND = "sound"
    HUB = "hub"
    NETWORK = "network"


_HID, _KEYS = "03:", ("03:00:01", "03:01:01")
_MAY = {
    Kind.READER: ("0b:", "ff:", "fe:"),
    Kind.SCANNER: ("02:", "0a:", "ff:"),
    Kind.WEDGE: (_HID,),
    Kind.PRINTER: ("07:", "ff:"),
    Kind.KEYPAD: (_HID,),
    Kind.TOUCH: (_HID, "ff:"),
    Kind.CAMERA: ("0e:", "01:", "ff:", "fe:"),
    Kind.LIGHT: ("02:", "0a:", "ff:"),
    Kind.SOUND: ("01:", "03:00:00"),
    Kind.HUB: ("09:",),
    Kind.NETWORK: ("02:", "0a:", "ff:"),
}
"""The classes of interfaces of each kind. Source: USB-IF, "Defined Class Codes". Storage (08) is in none."""
_MAY_TYPE = (Kind.KEYPAD, Kind.WEDGE)


def plain_path(value: object) -> object:
    """The path, where it is absolute and of letters that no file of the kit would have to quote."""
    if not isinstance(value, Path) and not isinstance(value, str):
        return value
    if not _PLAIN_PATH.fullmatch(str(value)) or ".." in Path(value).parts:
        raise ValueError("a path here is absolute, of letters A to Z, digits and . _ + -")
    return value


PlainPath = Annotated[Path, BeforeValidator(plain_path)]
Interface = Annotated[str, Field(pattern=r"^[0-9a-f]{2}:[0-9a-f]{2}:[0-9a-f]{2}$")]
USB_TEXT = r"^[A-Za-z0-9 ._,+()#/:-]{1,126}$"
UsbText = Annotated[str, Field(pattern=USB_TEXT)]


class Endpoint(BaseModel):
    """A TCP port of a computer in the network, by its address: names can be forged, and rules resolve them once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: Address
    port: Annotated[int, Field(ge=1, le=65535)]

    @classmethod
    def parse(cls, text: str) -> "Endpoint":
        """The endpoint of ``192.0.2.7:443`` or ``[2001:db8::7]:443``; ValueError for anything else."""
        host, _, port = text.rpartition(":")
        if not port.isascii() or not port.isdigit():
            raise ValueError("a computer here is ADDRESS:PORT, such as 192.0.2.7:443")
        try:
            return cls(address=ip_address(host.strip("[]")), port=int(port))
        except ValueError as error:
            raise ValueError(f"{text!r} is no ADDRESS:PORT; names are not taken, for rules need addresses") from error


def _endpoint(value: object) -> object:
    return Endpoint.parse(value) if isinstance(value, str) else value


EndpointSetting = Annotated[Endpoint, BeforeValidator(_endpoint)]


class _Setting(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class UsbDevice(_Setting):
    """A device that may be plugged in: what it is for, and all that it says of itself."""

    kind: Kind
    id: Annotated[str, Field(pattern=r"^[0-9a-f]{4}:[0-9a-f]{4}$")]
    interfaces: Annotated[tuple[Interface, ...], Field(min_length=1, max_length=256)]
    serial: UsbText | None = None
    name: UsbText | None = None
    port: Annotated[str | None, Field(pattern=r"^\d+-\d+(\.\d+)*$")] = None

    @model_validator(mode="after")
    def _says_nothing_it_should_not(self) -> Self:
        for interface in self.interfaces:
            types = interface in _KEYS
            if not interface.startswith(_MAY[self.kind]) or (types and self.kind not in _MAY_TYPE):
                what = "is a keyboard" if types else f"has an interface {interface}"
                raise ValueError(f"usb: {self.id} {what}, which no {self.kind} needs")
        return self


class UsbSetting(_Setting):
    """Which devices may be plugged in. With ``guard`` false, any: USBGuard is not set up."""

    guard: bool = True
    devices: tuple[UsbDevice, ...] = ()


class NetworkSetting(_Setting):
    """Whom the staff's process calls, who answers names for it, and from where somebody may call here.

    ``clerks`` are the networks of other PCs that show the staff's screen, through a program that ends TLS on this
    machine; ``maintenance`` those from which ssh is let in.
    """

    staff: tuple[EndpointSetting, ...] = ()
    dns: tuple[Address, ...] = ()
    clerks: tuple[Network, ...] = ()
    maintenance: tuple[Network, ...] = ()


class ScreenSetting(_Setting):
    """The patient's screen. ``quarter_turns`` clockwise: 1 or 3 stand a screen upright."""

    quarter_turns: Annotated[int, Field(ge=0, le=3)] = 0


class CallSetting(_Setting):
    """The call screen's process, of ``call.toml``. ``televisions`` are the networks that may see its page."""

    televisions: tuple[Network, ...] = ()


class AssistedSetting(_Setting):
    """A machine at which clerks help, of ``assisted.toml``: a second patient's process, for a screen at the desk."""


class WalletSetting(_Setting):
    """The process that asks phones, of ``wallet.toml``. ``phones`` are the networks that reach its answers' door."""

    phones: tuple[Network, ...] = ()


class TlsSetting(_Setting):
    """TLS for the staff's page: Debian's nginx, and a certificate that renews itself in ``folder``."""

    folder: PlainPath = Path("/etc/idcard/tls")


class KitSettings(_Setting):
    """All of ``kit.toml``; without the file, nothing may be plugged in, and nobody is called.

    ``call``, ``assisted``, ``wallet`` and ``tls`` are parts that a machine has only where their tables are there.
    """

    usb: UsbSetting = UsbSetting()
    network: NetworkSetting = NetworkSetting()
    screen: ScreenSetting = ScreenSetting()
    call: CallSetting | None = None
    assisted: AssistedSetting | None = None
    wallet: WalletSetting | None = None
    tls: TlsSetting | None = None
    reboot_at: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "03:30"
    journal_days: Annotated[int, Field(ge=1, le=365)] = 14
