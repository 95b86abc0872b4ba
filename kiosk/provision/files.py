"""The files that a machine shall have, whole, before anything is compared or written."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path, PurePosixPath

from kiosk.config_text import rendered
from kiosk.provision.cursor import cursor_files
from kiosk.provision.key_places import TPM
from kiosk.provision.machine import KIT, RELEASE, Machine
from kiosk.provision.policies import browser_policies
from kiosk.provision.progress import WAY_BACK
from kiosk.provision.settings import Address, Network
from kiosk.provision.usb import usb_rules

_TEMPLATES = Path(__file__).with_name("templates")
_UNITS = PurePosixPath("/etc/systemd/system")
_ENDS_A_WORD = re.compile(r"[^\x20-\x7e]|[%$`\\;]")
_NOWHERE = "/dev/null"


@dataclass(frozen=True, slots=True, kw_only=True)
class KitFile:
    """A file, or a link, as it shall be."""

    path: PurePosixPath
    content: bytes = b""
    mode: int = 0o644
    link: str | None = None

    @property
    def digest(self) -> str:
        """What tells it from any other: the SHA-256 of its content, or where it leads."""
        return f"link:{self.link}" if self.link is not None else sha256(self.content).hexdigest()


def files_of(machine: Machine) -> tuple[KitFile, ...]:
    """Every file of the kit on this machine, in the order of their paths."""
    found = [*_shared(machine)]
    if machine.settings.usb.guard:
        found += _usb(machine)
    for process in machine.processes:
        found += _unit(f"idcard-{process.name}.service", _rendered("process.service", machine, process=process))
    if machine.patient is not None:
        found += _screen(machine)
    if machine.tls is not None:
        found += _tls(machine)
    return tuple(sorted(found, key=lambda file: file.path))


def packages_of(machine: Machine) -> tuple[str, ...]:
    """Debian's packages that these files are settings of."""
    names = {"nftables", "unattended-upgrades", "libzbar0", "python3-venv"}
    names |= {"nginx-light"} if machine.tls is not None else set()
    if machine.patient is not None:
        names |= {"cage", "chromium", "fonts-noto-core", "libpam-systemd"}
    if any(process.reader for process in machine.processes):
        names |= {"pcscd", "libccid", "polkitd"}
    names |= {"tpm2-tools"} if any(TPM in process.devices for process in machine.processes) else set()
    return tuple(sorted(names | ({"usbguard"} if machine.settings.usb.guard else set())))


def _shared(machine: Machine) -> Iterator[KitFile]:
    plain = {
        "/etc/sysusers.d/idcard.conf": "sysusers.conf",
        "/etc/tmpfiles.d/idcard.conf": "tmpfiles.conf",
        "/etc/sysctl.d/80-idcard.conf": "sysctl.conf",
        "/etc/systemd/system.conf.d/80-idcard.conf": "system.conf",
        "/etc/systemd/journald.conf.d/80-idcard.conf": "journald.conf",
        "/etc/systemd/coredump.conf.d/80-idcard.conf": "coredump.conf",
        "/etc/apt/apt.conf.d/52idcard-upgrades": "apt.conf",
        f"{KIT}/firewall.nft": "firewall.nft",
    }
    for path, template in plain.items():
        yield _file(path, _rendered(template, machine))
    yield from _unit("idcard-firewall.service", _rendered("firewall.service", machine))
    yield from _unit(
        "idcard-recover.service", _rendered("recover.service", machine, way_back=RELEASE.with_name(WAY_BACK))
    )
    yield _link(_UNITS / "ctrl-alt-del.target", _NOWHERE)
    readers = tuple(process.user for process in machine.processes if process.reader)
    if readers:
        rules = _rendered("polkit.rules", machine, readers=readers)
        yield _file("/etc/polkit-1/rules.d/50-idcard-reader.rules", rules)


def _screen(machine: Machine) -> Iterator[KitFile]:
    yield from _unit("idcard-screen.service", _rendered("screen.service", machine))
    yield _file("/etc/systemd/logind.conf.d/80-idcard.conf", _rendered("logind.conf", machine))
    for getty in ("getty@tty1.service", "autovt@.service"):
        yield _link(_UNITS / getty, _NOWHERE)
    policies = browser_policies(machine.screen_origin or "", camera=machine.camera)
    yield _file("/etc/chromium/policies/managed/idcard.json", json.dumps(policies, indent=2, sort_keys=True) + "\n")
    for name, content in cursor_files():
        yield KitFile(path=PurePosixPath(f"{KIT}/icons/idcard-blank/{name}"), content=content)


def _tls(machine: Machine) -> Iterator[KitFile]:
    # nginx's own words for what the caller says in "Host"; a template takes no such sign from a value.
    conf = _rendered("nginx.conf", machine, http_host="HTTP_HOST", host="NGINX_HOST")
    conf = conf.replace("HTTP_HOST", "$http_host").replace("NGINX_HOST", "$host")
    yield _file("/etc/nginx/conf.d/idcard.conf", conf)
    yield from _unit("idcard-cert.service", _rendered("cert.service", machine))
    yield _file(_UNITS / "idcard-cert.timer", _rendered("cert.timer", machine))
    yield _link(_UNITS / "timers.target.wants" / "idcard-cert.timer", "/etc/systemd/system/idcard-cert.timer")


def _usb(machine: Machine) -> Iterator[KitFile]:
    # USBGuard takes no file that others may read.
    yield _file(f"{KIT}/usbguard.conf", _rendered("usbguard.conf", machine), mode=0o600)
    rules = tuple(usb_rules(machine.settings.usb.devices))
    yield _file(f"{KIT}/usb.rules", _rendered("usb.rules", machine, usb_rules=rules), mode=0o600)
    yield _file(_UNITS / "usbguard.service.d/80-idcard.conf", _rendered("usbguard.service.conf", machine))


def _unit(name: str, content: str) -> Iterator[KitFile]:
    """A unit, and the link by which it starts with the machine."""
    yield _file(_UNITS / name, content)
    yield _link(_UNITS / "multi-user.target.wants" / name, f"/etc/systemd/system/{name}")


def _file(path: PurePosixPath | str, content: str, mode: int = 0o644) -> KitFile:
    return KitFile(path=PurePosixPath(path), content=content.encode("utf-8"), mode=mode)


def _link(path: PurePosixPath, to: str) -> KitFile:
    return KitFile(path=path, link=to)


def _rendered(template: str, machine: Machine, **values: object) -> str:
    known = {"machine": machine, "release": RELEASE, "family": _family, "loopback_ports": _loopback_ports(machine)}
    return rendered(_TEMPLATES, template, known | values, plain=plain)


def plain(value: object) -> object:
    """The value, where it can end no line and no word of a file; the types should have seen to that already.

    :raises ValueError: for anything else.
    """
    if _ENDS_A_WORD.search(str(value)):
        raise ValueError("a value has letters that mean something in a file of the kit")
    return value


def _family(where: Address | Network) -> str:
    return "ip" if isinstance(where, IPv4Address | IPv4Network) else "ip6"


def _loopback_ports(machine: Machine) -> tuple[int, ...]:
    """Where the patient's process may knock on this machine: at its own door, and at the staff's."""
    if machine.patient is None:
        return ()
    ports = {machine.patient.port}
    if any(name == "internal_key" for name, _ in machine.patient.keys) and machine.staff_port is not None:
        ports.add(machine.staff_port)
    return tuple(sorted(ports))
