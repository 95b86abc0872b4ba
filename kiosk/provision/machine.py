"""A machine as the kit sees it: its processes with what each needs and nothing more, computed from configurations."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from kiosk.call_config import CallConfig
from kiosk.config import LOOPBACK, PatientConfig, ProcessConfig, StaffConfig, load
from kiosk.device_config import FILE, HN212, NETWORK, RAW_PORT, SERIAL, USB, host_and_port
from kiosk.insurance.account import load_account
from kiosk.key_safe.opening import KeyFile
from kiosk.provision.key_places import TPM, key_places_of
from kiosk.provision.places import folders_of, on_machine, refuse_unlisted, refused, state_files
from kiosk.provision.province import Province, province_of
from kiosk.provision.settings import Endpoint, KitSettings, Network, Profile
from kiosk.wallet_config import WalletConfig

KIT = Path("/etc/idcard-kit")
RELEASE = Path("/opt/idcard/current")
_KEYS = ("session_key", "roster_key", "clinic_private_key", "receipt_key", "internal_key", "orders_key", "calls_key")
"""The settings of keys that a process only reads: systemd hands them over, and nobody else can read them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process: what it may write, which keys it is handed, whom it may call, which devices it has.

    ``of`` is the process with which it stops and starts, for the parts that a machine need not have; ``knocks`` are the
    ports of this machine that such a part calls. Networks in ``admits`` reach its port ``door``. Only processes that
    ``shares`` the store are of its group; they share ``writes``, and only read what another ``keeps``; what it ``owns``
    nobody else reads.
    """

    name: str
    command: str
    config: Path
    port: int
    writes: tuple[Path, ...]
    keys: tuple[tuple[str, Path], ...]
    keeps: tuple[Path, ...] = ()
    owns: tuple[Path, ...] = ()
    private: tuple[Path, ...] = ()
    calls: tuple[Endpoint, ...] = ()
    devices: tuple[str, ...] = ()
    reader: bool = False
    of: str | None = None
    knocks: tuple[int, ...] = ()
    admits: tuple[Network, ...] = ()
    door: int = 0
    shares: bool = True

    @property
    def group(self) -> str:
        """Its group: that of the store, or one of its own."""
        return "idcard" if self.shares else self.user

    @property
    def groups(self) -> tuple[str, ...]:
        """Further groups, of those who may use its devices."""
        if not self.devices:
            return ()
        own = {"lp", "plugdev", "dialout"} if "char-usb_device" in self.devices else {"lp", "dialout"}
        found = own if set(self.devices) - {TPM} else set()
        return tuple(sorted(found | ({"tss"} if TPM in self.devices else set())))

    @property
    def user(self) -> str:
        """The user of the operating system that it runs as."""
        return f"idcard-{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """Who ends TLS for the staff's page: its name, where certificate and key lie, and where the page is."""

    name: str
    folder: Path
    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """All that the files of the kit are made from."""

    profile: Profile
    settings: KitSettings
    config: Path
    patient: Process | None
    staff: Process | None
    parts: tuple[Process, ...]
    own_trust: tuple[tuple[Path, str], ...]
    tls: Tls | None
    staff_port: int | None
    public_port: int
    trust: tuple[Path, ...]
    store: Path
    day_key: Path
    roster: Path | None
    releases: Path | None
    camera: bool
    screen_origin: str | None

    @property
    def processes(self) -> tuple[Process, ...]:
        """The processes of this machine."""
        return tuple(process for process in (self.patient, self.staff, *self.parts) if process is not None)

    @property
    def state_folders(self) -> tuple[Path, ...]:
        """The folders that the processes share and write."""
        return tuple(sorted({folder for process in self.processes for folder in process.writes}))


def machine_of(profile: Profile, config: Path, target: Path = Path("/")) -> Machine:
    """The machine that the configurations in this folder describe.

    :param config: the folder with ``patient.toml``, ``staff.toml`` and ``kit.toml``.
    :param target: the root of the machine's files, where these are not this machine's.
    :raises ConfigurationError: as :func:`kiosk.config.load` does; ``demonstration``, ``state_folder``, ``unsafe_path``,
        ``no_usb_list`` or ``host_name`` for what the kit does not take.
    """
    settings = load(KitSettings, config / "kit.toml") if (config / "kit.toml").exists() else KitSettings()
    if settings.usb.guard and not settings.usb.devices:
        raise refused(
            "no_usb_list",
            "kit.toml lists no device, so that nothing could be plugged in.",
            "Plug in what belongs here, then: kiosk provision --learn FILE; look at it, put it into kit.toml.",
        )
    patient = load(PatientConfig, config / "patient.toml") if profile.has_patient else None
    staff = load(StaffConfig, config / "staff.toml") if profile.has_staff else None
    place = on_machine(config, target)
    both = [each for each in (patient, staff) if each is not None]
    for each in both:
        _refuse_demonstration(each)
    patients = {"patient.toml": patient, "assisted.toml": _assisted(config, settings)}
    there = {file: each for file, each in patients.items() if each is not None}
    province = province_of(staff, there, settings, target)
    machine = Machine(
        profile=profile,
        settings=settings,
        config=place,
        patient=None if patient is None else _patient(patient, place, target),
        staff=None if staff is None else _staff(staff, place, target, settings, province),
        parts=tuple(_parts(config, place, target, settings, profile, patients["assisted.toml"])),
        own_trust=_own_trust(config, target, settings),
        tls=_tls(staff, settings),
        staff_port=staff.port if staff is not None else patient.staff_port if patient is not None else None,
        public_port=_public_port(staff),
        trust=tuple(sorted({on_machine(each.trust, target) for each in both})),
        store=on_machine(both[0].store, target),
        day_key=on_machine(both[0].person_day_key, target),
        roster=next((on_machine(each.roster, target) for each in both if each.roster is not None), None),
        releases=None if province is None else province.releases,
        camera=patient is not None and patient.camera == "browser",
        screen_origin=None if patient is None else f"http://{patient.host}:{patient.port}",
    )
    _refuse_partless(machine)
    return _refuse_shared_trust(machine)


def _tls(config: StaffConfig | None, settings: KitSettings) -> Tls | None:
    if settings.tls is None:
        return None
    if config is None or config.public_name is None:
        raise refused(
            "no_public_name",
            "kit.toml has a [tls], and no staff's process here has a name for other PCs.",
            "Set public_name in staff.toml, or take [tls] out of kit.toml.",
        )
    return Tls(name=config.public_name.partition(":")[0], folder=settings.tls.folder, host=config.host)


def _refuse_partless(machine: Machine) -> None:
    """The call screen and the wallet's page go with a desk: without its process there is nobody to start them."""
    for part in machine.parts:
        if getattr(machine, part.of or "") is None:
            raise refused(
                "no_desk",
                f"kit.toml has a [{part.name}], and this machine has no staff's process.",
                "Let it be on the machine of the staff's process, with --profile staff or both.",
            )


def _public_port(config: StaffConfig | None) -> int:
    """Where a program that ends TLS takes calls for the staff's screen."""
    _, _, port = (config.public_name or "" if config is not None else "").partition(":")
    return int(port or 443)


def _assisted(config: Path, settings: KitSettings) -> PatientConfig | None:
    """The machine at which clerks help, where kit.toml has one."""
    if settings.assisted is None:
        return None
    assisted = load(PatientConfig, config / "assisted.toml")
    _refuse_demonstration(assisted)
    if not assisted.assisted:
        raise refused(
            "not_assisted",
            "assisted.toml is no configuration of a machine at which clerks help.",
            "Set assisted = true in it: without that its screen is open to everybody.",
        )
    return assisted


def _parts(
    config: Path, place: Path, target: Path, settings: KitSettings, profile: Profile, assisted: PatientConfig | None
) -> Iterator[Process]:
    """The processes that a machine has only where its ``kit.toml`` says so."""
    if settings.call is not None:
        yield _call(load(CallConfig, config / "call.toml"), place, target, settings.call.televisions)
    if assisted is not None:
        ports = {assisted.port} | ({assisted.staff_port} if assisted.internal_key is not None else set())
        owner = "staff" if profile.has_staff else "patient"
        made = _patient(assisted, place, target, name="assisted")
        yield replace(made, of=owner, knocks=tuple(sorted(ports)))
    if settings.wallet is not None:
        yield _wallet(load(WalletConfig, config / "wallet.toml"), place, target, settings.wallet.phones)


def _call(config: CallConfig, place: Path, target: Path, televisions: tuple[Network, ...]) -> Process:
    _refuse_demonstration(config)
    _refuse_closed_door("call.toml", config.host, televisions)
    return Process(
        name="call",
        command="calls",
        config=place / "call.toml",
        port=config.port,
        writes=(),
        keys=_keys(config, target),
        of="staff",
        knocks=tuple(sorted({config.port, config.staff_port})),
        admits=televisions,
        door=config.port,
        shares=False,
    )


def _wallet(config: WalletConfig, place: Path, target: Path, phones: tuple[Network, ...]) -> Process:
    _refuse_demonstration(config)
    _refuse_closed_door("wallet.toml", config.answers_host, phones)
    return Process(
        name="wallet",
        command="wallet",
        config=place / "wallet.toml",
        port=config.port,
        writes=(),
        keys=_keys(config, target, ("session_key", "key")),
        of="staff",
        knocks=tuple(sorted({config.port, config.answers_port})),
        admits=phones,
        door=config.answers_port,
        shares=False,
    )


def _refuse_closed_door(file: str, host: str, admitted: tuple[Network, ...]) -> None:
    """What others may reach must listen for them: a rule that opens a port for nobody is a mistake somewhere."""
    if admitted and host in LOOPBACK:
        raise refused(
            "closed_door",
            f"kit.toml lets others call the process of {file}, which listens on this machine alone.",
            f"Give {file} an address of this machine in the clinic's network, or take the networks out of kit.toml.",
        )


def _own_trust(config: Path, target: Path, settings: KitSettings) -> tuple[tuple[Path, str], ...]:
    """The folders of trust that only one of the parts reads, with its group."""
    if settings.wallet is None:
        return ()
    return ((on_machine(load(WalletConfig, config / "wallet.toml").trust, target), "idcard-wallet"),)


def _refuse_shared_trust(machine: Machine) -> Machine:
    """The wallet's process is not of the store's group, and a folder has one group alone."""
    if any(path in machine.trust for path, _ in machine.own_trust):
        raise refused(
            "shared_trust",
            "wallet.toml names the trust store of another process.",
            "Give the wallet's process a folder of its own, with the list of signers alone.",
        )
    return machine


def _patient(config: PatientConfig, place: Path, target: Path, *, name: str = "patient") -> Process:
    # A roster that comes down lies with what the staff's process keeps.
    comes_down = config.releases is not None and config.roster.is_relative_to(config.releases)
    places = key_places_of(config)
    state = (*state_files(config, config.device), *(() if comes_down else (config.roster,)))
    return Process(
        name=name,
        command="run",
        config=place / f"{name}.toml",
        port=config.port,
        writes=folders_of(state, target),
        keys=_keys(config, target, (*_KEYS, *places.settings)),
        calls=tuple(_devices_in_the_network(config)),
        devices=(*sorted(set(_device_classes(config))), *places.devices),
        reader=config.reader.startswith("pcsc") or places.token,
    )


def _staff(config: StaffConfig, place: Path, target: Path, settings: KitSettings, province: Province | None) -> Process:
    places = key_places_of(config)
    # One that is wrapped already was looked at before; nobody opens it here.
    if config.gateway is not None and KeyFile(setting="gateway", path=config.gateway).is_plain:
        port = urlsplit(load_account(config.gateway).url).port or 443
        refuse_unlisted(port, settings, reason="gateway_not_listed", whose="the payer's gateway")
    secrets = [on_machine(path, target) for path in (config.gateway, config.interop) if path is not None]
    return Process(
        name="staff",
        command="staff",
        config=place / "staff.toml",
        port=config.port,
        writes=folders_of(state_files(config, f"desk-{config.clinic.desk}"), target),
        keeps=() if province is None or province.releases is None else (province.releases,),
        owns=() if province is None else (province.identity,),
        keys=_keys(config, target, (*_KEYS, *places.settings)),
        devices=places.devices,
        reader=places.token,
        private=(*secrets, *(() if province is None else (province.person_key,))),
        calls=settings.network.staff,
    )


def _keys(config: object, target: Path, names: tuple[str, ...] = _KEYS) -> tuple[tuple[str, Path], ...]:
    found = ((name, getattr(config, name, None)) for name in names)
    return tuple((name, on_machine(path, target)) for name, path in found if path is not None)


def _devices_in_the_network(config: PatientConfig) -> Iterator[Endpoint]:
    for setting, kind, port in ((config.printer, NETWORK, RAW_PORT), (config.reader, HN212, None)):
        if setting.startswith(kind):
            host, port_of = host_and_port(setting.removeprefix(kind), port)
            try:
                yield Endpoint(address=ip_address(host), port=port_of)
            except ValueError as error:
                raise refused(
                    "host_name",
                    f"The device {setting} is given by a name, and the rules of the network need an address.",
                    "Give the device a fixed address, and name that in patient.toml.",
                ) from error


def _device_classes(config: PatientConfig) -> Iterator[str]:
    """The kernel's names of the classes of devices, of /proc/devices; a device keeps its class when it comes back."""
    if any(setting.startswith(SERIAL) for setting in (config.scanner, config.light)):
        yield from ("char-ttyACM", "char-ttyUSB")
    if config.printer.startswith(USB):
        yield "char-usb_device"
    if config.printer.startswith(FILE):
        yield "char-usb"


def _refuse_demonstration(config: ProcessConfig | CallConfig | WalletConfig) -> None:
    if config.mode == "demo":
        raise refused(
            "demonstration",
            "A configuration here is a demonstration's.",
            'The kit is for a clinic\'s machine: set mode = "production".',
        )
