"""The configuration of a kiosk's processes: frozen, typed, read from TOML and checked whole at start.

A mistake is one line that names the file and the setting, with the remedy; nobody learns of it in a visit. Paths are
relative to the file. Production refuses simulated devices.
"""

import os
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from idcard import ConfigurationError
from kiosk.code_config import CodeSetting
from kiosk.device_config import HN212, ClockSetting, EventShape, LightSetting, PrinterSetting
from kiosk.device_config import LOOPBACK as LOOPBACK
from kiosk.device_config import SERIAL as SERIAL
from kiosk.device_config import SIMULATED as SIMULATED
from kiosk.device_config import CameraSetting as CameraSetting
from kiosk.device_config import ReaderSetting as ReaderSetting
from kiosk.device_config import ScannerSetting as ScannerSetting
from kiosk.device_config import scanner_setting as scanner_setting
from kiosk.domain.eligibility import Step
from kiosk.domain.queue import PLAIN_AFTER
from kiosk.domain.route import Clinic, Facility, Room
from kiosk.domain.staff_keys import KeyPolicy
from kiosk.domain.ways import Way

Model = TypeVar("Model", bound=BaseModel)

KEYPAD: dict[str, "KeyAct"] = {
    "ArrowDown": "next",
    "ArrowRight": "next",
    "ArrowUp": "previous",
    "ArrowLeft": "previous",
    "Enter": "press",
    "*": "repeat",
    "/": "help",
    "+": "louder",
    "-": "softer",
    "F15": "headphones_in",
    "F16": "headphones_out",
}
"""What the keys of a tactile keypad do, by the names that browsers give them (W3C UI Events key values)."""


def _only_known(cls: type[Clinic] | type[Room] | type[Facility], value: object) -> object:
    """A misspelt setting must not be ignored; a plain dataclass would."""
    if isinstance(value, dict):
        unknown = sorted(set(value) - {field.name for field in fields(cls)})
        if unknown:
            raise ValueError(f"unknown setting {unknown[0]!r}")
    return value


def _clinic(value: object) -> object:
    if isinstance(value, dict):
        rooms = value.get("rooms")
        for room in rooms if isinstance(rooms, list | tuple) else ():
            _only_known(Room, room)
        _only_known(Facility, value.get("facility"))
    return _only_known(Clinic, value)


def _other_way(way: Way) -> Way:
    if way is Way.CHIP:
        raise ValueError("the chip card's way is the policy's and the rungs'")
    return way


def _loopback(value: str) -> str:
    if value not in LOOPBACK:
        raise ValueError("a kiosk listens on loopback only")
    return value


Host = Annotated[str, AfterValidator(_loopback)]
Port = Annotated[int, Field(ge=1, le=65535)]
Days = Annotated[int, Field(ge=1, le=3650)]
Seconds = Annotated[float, Field(gt=0, le=600)]
DeviceName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
PublicName = Annotated[
    str, Field(max_length=253, pattern=r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*(:[1-9]\d{1,4})?$")
]
KeyAct = Literal[
    "next",
    "previous",
    "press",
    "repeat",
    "help",
    "stop",
    "language",
    "louder",
    "softer",
    "headphones_in",
    "headphones_out",
]
MillimetresPerPixel = Annotated[float, Field(ge=0.05, le=1.0)]
Rungs = Annotated[frozenset[Literal["anchored", "pinned"]], Field(min_length=1)]
OtherWay = Annotated[Way, AfterValidator(_other_way)]
AllowedStep = Literal[Step.ADMIT, Step.ADMIT_AND_RECHECK, Step.DESK]
ClinicSetting = Annotated[Clinic, BeforeValidator(_clinic)]


class ProcessConfig(BaseModel):
    """What every process of the kiosk is told.

    ``shared_safe`` is the key safe around the keys that patient's and staff's process share; ``key_pin`` the file with
    the PIN of a token that opens one without anybody.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Literal["demo", "production"]
    host: Host = "127.0.0.1"
    port: Port
    clinic: ClinicSetting
    store: Path
    trust: Path
    trust_state: Path | None = None
    session_key: Path
    person_day_key: Path
    audit_heads: Path | None = None
    shared_safe: Path | None = None
    key_pin: Path | None = None

    @property
    def is_demo(self) -> bool:
        """Whether demonstration trust and simulated devices are allowed."""
        return self.mode == "demo"

    def trust_state_of(self, device: str) -> Path:
        """Where this process remembers the newest trust store it saw; beside the store, where nothing is set."""
        return self.trust_state or self.store.with_name(f"trust-{device}.state")

    @property
    def heads(self) -> Path:
        """Where the ends of the audit chains are written down; beside the store, where nothing is set."""
        return self.audit_heads or self.store.with_name("audit-heads.jsonl")


class PatientConfig(ProcessConfig):
    """The patient's process: the screen in the corridor, its reader and camera. It can open nothing it stored.

    With an ``internal_key`` it asks the staff process at ``staff_port`` about cover, and waits ``online_cut_off_s`` for
    it; ``recheck_offline`` says whether whom the roster alone admitted is asked about again.
    ``device`` is its name in the store, which several kiosks may share. ``rungs`` says for whose word the automatic
    lane opens: an anchor's only, or also that of two people who pinned a signer. An authority is not asked here: this
    process calls nobody. With a ``receipt_key`` its tickets carry a signed receipt.
    ``mm_per_px`` is the size of the screen's pixels, by which letters are large enough; ``calm`` stops all motion.
    With ``consent`` a person must agree on a page of its own before anything is read. With ``assisted`` its pages are
    there only while a clerk helps at this machine.
    ``speech`` is said aloud, or, with a person's own facts too, into headphones only; ``speech_clips`` is a folder of
    the clinic's own recordings; ``keypad`` says what the keys of a tactile keypad do.
    ``releases`` is the folder in which the staff's process puts what comes down from the province: what lies there
    counts in place of ``trust`` and ``pins``, and without a word of the province for long the automatic lane closes.
    ``codes`` are the signed codes that may name a citizen here; none, unless the clinic names some. ``closed_reader``
    says how far a reader's word goes that hands over files and no proof, ``hn212`` how the events of such a one look.
    ``holder_check`` says at which visits a clerk holds the chip's portrait against the person: at a share of
    ``holder_check_rate`` for a sample; with ``holder_check_waits`` nobody gets a ticket before. ``desk_portrait`` says
    whether it is also read for a desk ticket that a clerk settles by looking. Portraits are kept nowhere.
    """

    port: Port = 8000
    device: DeviceName = "kiosk-1"
    pins: Path | None = None
    pin_keys: Path | None = None
    releases: Path | None = None
    rungs: Rungs = frozenset({"anchored"})
    trust_old_days: Days = 90
    trust_too_old_days: Days = 365
    roster: Path
    roster_key: Path
    roster_state: Path | None = None
    roster_publisher: Path | None = None
    clinic_public_key: Path
    receipt_key: Path | None = None
    reader: ReaderSetting = "pcsc"
    camera: CameraSetting = "browser"
    scanner: ScannerSetting = "none"
    printer: PrinterSetting = "none"
    light: LightSetting = "none"
    clock: ClockSetting = "system"
    closed_reader: Literal["admit", "desk"] = "desk"
    hn212: EventShape = EventShape()
    reader_position: Literal["below", "left", "right"] = "below"
    mm_per_px: MillimetresPerPixel = 25.4 / 96
    calm: bool = False
    consent: bool = False
    assisted: bool = False
    speech: Literal["loud", "headphones", "off"] = "loud"
    speech_clips: Path | None = None
    keypad: dict[str, KeyAct] = KEYPAD
    policy: Literal["strict", "vietnam_strict"] = "vietnam_strict"
    idle_s: Seconds = 30
    warn_s: Seconds = 25
    ticket_s: Seconds = 15
    roster_old_days: Days = 3
    roster_flagged_days: Days = 14
    roster_too_old_days: Days = 30
    staff_port: Port = 8001
    internal_key: Path | None = None
    online_cut_off_s: Seconds = 3
    recheck_offline: bool = True
    codes: tuple[CodeSetting, ...] = ()
    holder_check: Literal["none", "sample", "every"] = "none"
    holder_check_rate: Annotated[float, Field(ge=0, le=1)] = 0.05
    holder_check_waits: bool = False
    desk_portrait: bool = True

    @model_validator(mode="after")
    def _ages_in_their_order(self) -> Self:
        if not self.roster_old_days <= self.roster_flagged_days <= self.roster_too_old_days:
            raise ValueError("roster_old_days, roster_flagged_days and roster_too_old_days must rise")
        if not self.trust_old_days <= self.trust_too_old_days:
            raise ValueError("trust_old_days and trust_too_old_days must rise")
        return self

    @model_validator(mode="after")
    def _codes_can_be_confirmed(self) -> Self:
        if any(code.rule.admits for code in self.codes) and self.internal_key is None:
            raise ValueError("codes: who admits on a code asks the payer first, which needs internal_key")
        if self.consent and self.reader.startswith(HN212):
            raise ValueError("reader and consent: a closed reader reads a card before any page could ask for leave")
        if self.codes and self.consent:
            raise ValueError("codes and consent: the payer is asked about a code before any page could ask for leave")
        return self

    @property
    def brings_portraits(self) -> bool:
        """Whether a clerk may see the portrait of somebody's chip: at a holder check, or for a case at the desk."""
        return self.internal_key is not None and (self.holder_check != "none" or self.desk_portrait)

    @model_validator(mode="after")
    def _holders_can_be_checked(self) -> Self:
        if self.holder_check != "none" and self.internal_key is None:
            raise ValueError("holder_check: the portrait goes to the staff's process, which needs internal_key")
        if self.holder_check_waits and self.holder_check != "every":
            raise ValueError("holder_check_waits: only a check of every visit can be waited for")
        return self

    @model_validator(mode="after")
    def _pins_are_whole(self) -> Self:
        if (self.pins is None) != (self.pin_keys is None):
            raise ValueError("pins and pin_keys: a list of pins needs the keys of those who sign it, and they a list")
        if "pinned" in self.rungs and self.pins is None:
            raise ValueError("rungs: pinned needs pins and pin_keys")
        return self

    @model_validator(mode="after")
    def _no_simulated_devices_in_production(self) -> Self:
        for name in ("reader", "camera", "scanner", "printer", "light", "clock"):
            if not self.is_demo and getattr(self, name).startswith(SIMULATED):
                raise ValueError(f"{name}: a simulated device has no place in production")
        return self


class StaffConfig(ProcessConfig):
    """The staff's process: the only one that holds the clinic's private key.

    Its ``person_day_key`` is the patient's, which it only reads. ``gateway`` is the file with the account at the
    payer's gateway; with an ``internal_key`` the patient's process may ask about cover. With ``roster`` and
    ``roster_key``, the patient's, staff look people up by insurance number, and see what is to be put right. ``ways``
    says how far each way of coming without a chip card goes here; ``profile`` is the province's, for its target.
    ``interop`` is the file that says who receives what leaves, ``province`` the one of the province's hub. Desk tickets
    are closed once they are older than ``tickets_close_after_days``, 0 at the end of their day; what a receiver took is
    remembered for ``deliveries_kept_days``, and whose a visit was for ``people_kept_days``: without them until somebody
    erases it. Who looked at whose record is remembered for ``looks_kept_days``. With an ``orders_key`` the
    hospital's program may say what a visit costs first. With a ``receipt_key``, the desk's own, whom a clerk admits
    gets a signed receipt too. After ``idle_lock_min`` minutes without a key or a tap the screen asks for the
    password again; after ``login_tries`` wrong passwords in a row an account must wait, longer each time. A clerk
    may admit ``override_limit`` people in a shift against what the machine found. ``webauthn`` says how far
    security keys are wanted; ``public_name`` is the name, with its port where that is not 443, by which other PCs
    call this screen through a program that ends their TLS here.
    In the lines one of the others has a turn after ``queue_plain_after`` calls of people with priority. With a
    ``calls_key`` the call screen's process may ask who was called. ``assist_device`` is the machine at ``assist_port``
    at which clerks help. ``key_safe`` is the key safe around what this process alone holds.
    """

    port: Port = 8001
    clinic_private_key: Path
    key_safe: Path | None = None
    receipt_key: Path | None = None
    gateway: Path | None = None
    internal_key: Path | None = None
    interop: Path | None = None
    province: Path | None = None
    orders_key: Path | None = None
    roster: Path | None = None
    roster_key: Path | None = None
    roster_state: Path | None = None
    profile: Path | None = None
    ways: dict[OtherWay, AllowedStep] = {}
    tickets_close_after_days: Annotated[int, Field(ge=0, le=365)] = 7
    deliveries_kept_days: Days = 90
    people_kept_days: Days | None = 730
    looks_kept_days: Days = 730
    idle_lock_min: Annotated[float, Field(gt=0, le=240)] = 15
    login_tries: Annotated[int, Field(ge=3, le=20)] = 5
    override_limit: Annotated[int, Field(ge=0, le=100)] = 3
    queue_plain_after: Annotated[int, Field(ge=1, le=20)] = PLAIN_AFTER
    calls_key: Path | None = None
    assist_device: DeviceName | None = None
    assist_port: Port = 8010
    webauthn: KeyPolicy = KeyPolicy.OPTIONAL
    public_name: PublicName | None = None

    @model_validator(mode="after")
    def _roster_is_whole(self) -> Self:
        if (self.roster is None) != (self.roster_key is None):
            raise ValueError("roster and roster_key: a roster needs the key of its tags, and the key a roster")
        return self


def load(cls: type[Model], path: Path) -> Model:
    """The configuration in the TOML file ``path``.

    :raises ConfigurationError: naming the file and the setting, if anything is missing, unknown or wrong.
    """
    try:
        settings = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise _problem(path, f"cannot be read: {error.strerror}.", "missing") from error
    except (ValueError, RecursionError) as error:
        raise _problem(path, f"is not TOML: {error}.", "malformed") from error
    try:
        return cls.model_validate(_absolute(cls, settings, path.resolve().parent))
    except ValidationError as error:
        raise _problem(path, _first_problem(error), "wrong_setting") from error


def _absolute(cls: type[Model], settings: dict[str, Any], folder: Path) -> dict[str, Any]:
    paths = {name for name, field in cls.model_fields.items() if field.annotation in (Path, Path | None)}
    return {
        name: _handed_over(name) or folder / value if name in paths and isinstance(value, str) else value
        for name, value in settings.items()
    }


def _handed_over(setting: str) -> Path | None:
    """The file that the service manager handed to this process under the setting's name: nobody else can read it.

    Source: systemd.exec(5), LoadCredential=.
    """
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return None if folder is None or not (path := Path(folder) / setting).is_file() else path


def _first_problem(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg'].removeprefix('Value error, ')}." if where else f"{first['msg']}."


def _problem(path: Path, what: str, reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"The configuration {path.name}: {what}", reason=reason, remedy=f"Correct {path} and start again."
    )
