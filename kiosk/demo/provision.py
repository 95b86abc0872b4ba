"""A folder with everything the demonstration needs: keys, a demonstration PKI, trust, roster, configurations.

Made once: what is there is kept, except the roster and the configurations, which follow the program and its options at
each start. A folder that holds anything of production is left alone.
"""

import os
import shutil
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from idcard import ConfigurationError
from idcard.testing import CodeIssuer, Issuer
from kiosk.demo.gateway import write_gateway
from kiosk.demo.people import everybody
from kiosk.insurance.roster import build_roster
from kiosk.insurance.roster.state import state_of
from kiosk.keys import (
    PersonTags,
    create_clinic_keys,
    create_secret,
    create_signing_keys,
    load_clinic_public_key,
    load_secret,
)

PATIENT, STAFF, BENCH, GATEWAY, PRINTER = "patient", "staff", "bench", "gateway", "printer"
CALLS, ASSISTED = "calls", "assisted"
HOST = "127.0.0.1"
ROSTER_VERSION = "demo-1"
CODES = "https://codes.example"
"""What the invented issuer of signed codes is called."""

_ISSUER_BORN = datetime(2021, 1, 1, tzinfo=UTC)
"""Before the oldest card of :mod:`kiosk.demo.people` was issued."""
PROVINCE = "province.toml"
"""Where this file lies in its folder, the demonstration sends to the hub that it names."""
_CLINIC = Path(__file__).with_name("clinic.toml")
_INTEROP = Path(__file__).with_name("interop.toml")
_ASSISTED = "assist-1"
"""What the machine at which clerks help is called in the store."""
_SIGNERS = {"kiosk-1": "receipt", "desk": "desk_receipt", _ASSISTED: "assist_receipt"}
"""Who signs receipts, and the names of their key files."""
_CODES = f"""
# The demonstration admits on a signed code that the payer confirms. A code proves nobody: elsewhere that is off.
[[codes]]
format = "mosip_claim_169"
issuer = "{CODES}"
number = "id"
step = "admit"
"""
Settings: TypeAlias = dict[str, object]
_TRUST = "# The trust store of a demonstration: one anchor, which production refuses.\nformat = 1\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a demonstration is started.

    :param reader: ``simulated``, ``hn212`` (the bench's twin of one), ``pcsc`` or ``pcsc:NAME``.
    :param camera: ``simulated`` or ``browser``.
    :param scanner: ``simulated``, or what :class:`~kiosk.config.PatientConfig` takes.
    :param printer: ``simulated``, or what :class:`~kiosk.config.PatientConfig` takes.
    :param port_base: the port of the patient's screen; staff, bench, card socket, gateway, printer and call screen have
        the next; assisted machine, its card socket and a closed reader the eighth, ninth and tenth after it.
    :param answer_ms: how long a virtual card takes for an answer, in milliseconds.
    """

    reader: str = "simulated"
    camera: str = "simulated"
    scanner: str = "simulated"
    printer: str = "simulated"
    port_base: int = 8000
    answer_ms: int = 30

    @property
    def ports(self) -> dict[str, int]:
        """The ports by what listens there."""
        in_a_row = (PATIENT, STAFF, BENCH, "card", GATEWAY, PRINTER, CALLS)
        # The seventh after it is where the trial of the province's hub listens.
        apart = {ASSISTED: self.port_base + 8, "assist_card": self.port_base + 9, "hn212": self.port_base + 10}
        return {name: self.port_base + at for at, name in enumerate(in_a_row)} | apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where things lie in the demonstration's folder."""

    root: Path

    def config(self, process: str) -> Path:
        """The configuration of ``patient``, ``staff``, ``bench``, ``calls`` or ``assisted``."""
        return self.root / f"{process}.toml"

    def key(self, name: str) -> Path:
        """The key file of this name."""
        return self.root / "keys" / name

    @property
    def trust(self) -> Path:
        """The trust store."""
        return self.root / "trust"

    @property
    def roster(self) -> Path:
        """The roster."""
        return self.root / "roster.db"

    @property
    def gateway_script(self) -> Path:
        """What the stand-in of the payer's gateway answers."""
        return self.root / "bench" / "gateway.toml"

    @property
    def gateway_account(self) -> Path:
        """The clinic's account at it."""
        return self.root / "keys" / "gateway.toml"

    @property
    def issuer(self) -> Path:
        """The demonstration's issuer, private keys and all."""
        return self.root / "bench" / "issuer"

    @property
    def code_issuer(self) -> Path:
        """The demonstration's issuer of signed codes, private key and all."""
        return self.root / "bench" / "code_issuer.json"


def provision(folder: Path, options: Options) -> Place:
    """The demonstration's folder, whole.

    :raises ConfigurationError: where the folder cannot be written, or holds something of production.
    """
    place = Place(root=folder.absolute())
    _refuse_production(place)
    try:
        for folder_of in (place.root, place.key("x").parent, place.issuer.parent):
            folder_of.mkdir(parents=True, exist_ok=True)
        _keys(place)
        _issuer(place)
        _trust(place)
        _roster(place)
        write_gateway(place.gateway_script, place.gateway_account, port=options.ports[GATEWAY])
        _configurations(place, options)
    except OSError as error:
        raise ConfigurationError(
            f"The folder {folder} cannot be used: {error.strerror}.",
            reason="folder",
            remedy="Choose another with --dir, or let this user write there.",
        ) from error
    return place


def _refuse_production(place: Place) -> None:
    for process in (PATIENT, STAFF, BENCH, CALLS, ASSISTED):
        try:
            mode = tomllib.loads(place.config(process).read_text("utf-8")).get("mode")
        except FileNotFoundError:
            continue
        except (OSError, ValueError):
            mode = None
        if mode != "demo":
            raise ConfigurationError(
                f"{place.config(process)} is no demonstration's configuration.",
                reason="not_a_demonstration",
                remedy="Choose another folder with --dir.",
            )


def _keys(place: Place) -> None:
    for name in (
        "roster.key",
        "person_day.key",
        "internal.key",
        "calls.key",
        *(f"{process}_session.key" for process in (PATIENT, STAFF, BENCH, ASSISTED)),
    ):
        if not place.key(name).exists():
            create_secret(place.key(name))
    private, public = place.key("clinic.key"), place.key("clinic.pub")
    if not public.exists():
        private.unlink(missing_ok=True)
        create_clinic_keys(private, public)
    for name in _SIGNERS.values():
        receipt, listed = place.key(f"{name}.key"), place.key(f"{name}.pub")
        if not listed.exists():
            receipt.unlink(missing_ok=True)
            create_signing_keys(receipt, listed)


def _issuer(place: Place) -> None:
    _whole(place.issuer, lambda folder: Issuer.create(at=_ISSUER_BORN).save(folder))
    _whole(place.code_issuer, CodeIssuer.create(CODES).save)


def _trust(place: Place) -> None:
    _whole(place.trust, lambda folder: _write_trust(folder, place.issuer / "csca.cer"))
    clinic = tomllib.loads(_CLINIC.read_text("utf-8"))["clinic"]["code"]
    codes = place.trust / "qr" / "issuers" / "demonstration.json"
    codes.parent.mkdir(parents=True, exist_ok=True)
    codes.write_bytes(CodeIssuer.load(place.code_issuer).listed())
    for machine, name in _SIGNERS.items():
        listed = place.trust / "qr" / "keys" / f"{clinic}@{machine}.pem"
        listed.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(place.key(f"{name}.pub"), listed)


def _write_trust(folder: Path, csca: Path) -> None:
    (folder / "csca").mkdir(parents=True)
    shutil.copyfile(csca, folder / "csca" / "demonstration.cer")
    (folder / "trust.toml").write_text(_TRUST, "utf-8")


def _roster(place: Place) -> None:
    """Written at every start: the invented people of this version, under the key that was kept."""
    entries = [entry for citizen in everybody() if (entry := citizen.roster_entry()) is not None]
    tags = PersonTags(load_secret(place.key("roster.key")))
    # A roster that was imported here to try it out must not make this one look like a roll-back.
    state_of(place.roster).unlink(missing_ok=True)
    build_roster(
        place.roster,
        entries,
        tags=tags,
        version=ROSTER_VERSION,
        as_of=datetime.now(UTC),
        names_for=load_clinic_public_key(place.key("clinic.pub")),
    )


def _whole(folder: Path, make: Callable[[Path], None]) -> None:
    """Make a folder under another name first: one that was begun and not finished never counts as there."""
    if folder.exists():
        return
    unfinished = folder.with_name(folder.name + ".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    make(unfinished)
    os.replace(unfinished, folder)


def _configurations(place: Place, options: Options) -> None:
    devices = _devices(options)
    own = {
        PATIENT: _patient(place, options) | devices | {"receipt_key": place.key("receipt.key")},
        STAFF: _staff(place, options),
        BENCH: _bench(place, options) | devices,
        CALLS: {"calls_key": place.key("calls.key"), "staff_port": options.ports[STAFF]},
        ASSISTED: _patient(place, options) | _assisted(place, options),
    }
    for process, settings in own.items():
        settings = {"mode": "demo", "host": HOST, "port": options.ports[process]} | settings
        if process != CALLS:
            settings["session_key"] = place.key(f"{process}_session.key")
        clinic = "" if process == BENCH else "\n" + _CLINIC.read_text("utf-8")
        clinic += _CODES if process in (PATIENT, ASSISTED) else ""
        place.config(process).write_text("\n".join(_lines(process, settings)) + "\n" + clinic, "utf-8")


def _devices(options: Options) -> Settings:
    """The devices of the patient's screen: the bench's, where no real ones were asked for."""
    ports = options.ports
    device = f"simulated:{HOST}:{ports['card']}"
    printer = f"simulated:{HOST}:{ports[PRINTER]}"
    reader = {"simulated": device, "hn212": f"hn212:{HOST}:{ports['hn212']}"}
    return {
        "reader": reader.get(options.reader, options.reader),
        "camera": device if options.camera == "simulated" else options.camera,
        "scanner": device if options.scanner == "simulated" else options.scanner,
        "printer": printer if options.printer == "simulated" else options.printer,
        "light": device,
        "clock": device,
    }


def _stored(place: Place) -> Settings:
    return {
        "store": place.root / "store.db",
        "trust": place.trust,
        "person_day_key": place.key("person_day.key"),
        "internal_key": place.key("internal.key"),
        "roster": place.roster,
        "roster_key": place.key("roster.key"),
    }


def _patient(place: Place, options: Options) -> Settings:
    # What a closed reader hands over admits here, so that its own rung is seen; elsewhere it leads to the desk.
    closed: Settings = {"closed_reader": "admit"} if options.reader == "hn212" else {}
    keys: Settings = {"clinic_public_key": place.key("clinic.pub"), "staff_port": options.ports[STAFF]}
    return _stored(place) | keys | closed


def _assisted(place: Place, options: Options) -> Settings:
    """The machine at which clerks help: a reader of its own, and otherwise the hands of the clerk."""
    return {
        "assisted": True,
        "device": _ASSISTED,
        "receipt_key": place.key("assist_receipt.key"),
        "reader": f"simulated:{HOST}:{options.ports['assist_card']}",
        "camera": "none",
    }


def _staff(place: Place, options: Options) -> Settings:
    own: Settings = {
        "clinic_private_key": place.key("clinic.key"),
        "receipt_key": place.key("desk_receipt.key"),
        "gateway": place.gateway_account,
        "interop": _INTEROP,
        "calls_key": place.key("calls.key"),
        "assist_device": _ASSISTED,
        "assist_port": options.ports[ASSISTED],
    }
    if (hub := place.root / PROVINCE).is_file():
        own["province"] = hub
    return _stored(place) | own


def _bench(place: Place, options: Options) -> Settings:
    ports = options.ports
    return {
        "patient_port": ports[PATIENT],
        "staff_port": ports[STAFF],
        "card_port": ports["card"],
        "gateway_port": ports[GATEWAY],
        "printer_port": ports[PRINTER],
        "call_port": ports[CALLS],
        "assist_port": ports[ASSISTED],
        "assist_card_port": ports["assist_card"],
        "issuer": place.issuer,
        "code_issuer": place.code_issuer,
        "store": place.root / "store.db",
        "answer_ms": options.answer_ms,
    }


def _lines(process: str, settings: Settings) -> Iterator[str]:
    yield f"# The demonstration's {process} process. Written at every start of `kiosk demo`."
    for name, value in settings.items():
        yield f"{name} = {_toml(value)}"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else _toml_text(str(value))


def _toml_text(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
