"""Who receives what leaves: a TOML file that the staff's configuration names (``interop``).

Secrets lie in files of their own, which this one names; no address holds an account.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from kiosk.config import LOOPBACK, Port, Seconds, load
from kiosk.domain.route_proposal import Level, Once, Points, RouteFacts
from kiosk.insurance.bhxh import CHECK_IN
from kiosk.interop.http import checked_url
from kiosk.tls import LeastTls

SinkName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
Url = Annotated[str, AfterValidator(checked_url)]
Hl7Text = Annotated[str, Field(pattern=r"^[0-9A-Za-z_.\-]{0,60}$")]
PatientOf = Literal["person", "visit"]
CHECKIN_NAME = "checkin"


class _Setting(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ServiceSetting(_Setting):
    """A service of the common catalogue."""

    code: Annotated[str, Field(min_length=1, max_length=50)]
    name: Annotated[str, Field(min_length=1, max_length=1024)]


class FacilitySetting(_Setting):
    """What the rules that propose a route ask about the clinic; what is not said fits no rule."""

    station: bool | None = None
    level: Level | None = None
    once: Once | None = None
    points: Points | None = None

    def facts(self) -> RouteFacts:
        """The same, as the rules see it."""
        return RouteFacts(station=self.station, level=self.level, once=self.once, points=self.points)


class CheckinSetting(_Setting):
    """The payer's check-in table. ``rooms`` names the service with which every visit of a room begins.

    ``proposed_route``: whether a route that the rules propose counts without anybody's confirmation, and ``facility``
    what they ask about the clinic. ``path``: the address of the service at the payer's gateway.
    """

    path: Annotated[str, Field(pattern=r"^/[0-9A-Za-z/]+$")] = CHECK_IN
    visit_kind: Annotated[str, Field(pattern=r"^[0-9]{2}$")] = "01"
    proposed_route: bool = False
    facility: FacilitySetting = FacilitySetting()
    rooms: dict[str, ServiceSetting] = Field(default_factory=dict)


class _Receiver(_Setting):
    name: SinkName
    authority: Path | None = None
    least_tls: LeastTls = "1.2"
    seconds: Seconds = 10


class WebhookSetting(_Receiver):
    """A webhook: ``secret`` is a file with 64 hexadecimal digits. ``person``: whether the body names the person."""

    url: Url
    secret: Path
    person: bool = False


class FhirSetting(_Receiver):
    """A FHIR server's base address; ``token`` is a file with a bearer token, ``systems`` a table of own names.

    ``patient``: whether a person has one Patient for all visits, or one a visit.
    """

    url: Url
    patient: PatientOf = "person"
    token: Path | None = None
    systems: Path | None = None


class Hl7Setting(_Receiver):
    """An MLLP receiver; without TLS only on this machine. ``patient``: whose the internal identifier in PID-3 is."""

    host: Annotated[str, Field(pattern=r"^[0-9A-Za-z.:\-]{1,253}$")]
    port: Port
    tls: bool = True
    patient: PatientOf = "person"
    receiving_application: Hl7Text = "HIS"
    receiving_facility: Hl7Text = ""
    processing: Literal["production", "test"] = "production"

    @model_validator(mode="after")
    def _tls_unless_here(self) -> Self:
        if not self.tls and self.host not in LOOPBACK:
            raise ValueError("without TLS a receiver is on this machine")
        return self


class InteropSettings(_Setting):
    """Everything that leaves."""

    checkin: CheckinSetting | None = None
    webhook: tuple[WebhookSetting, ...] = ()
    fhir: tuple[FhirSetting, ...] = ()
    hl7: tuple[Hl7Setting, ...] = ()

    @property
    def receivers(self) -> tuple[WebhookSetting | FhirSetting | Hl7Setting, ...]:
        """All but the payer."""
        return (*self.webhook, *self.fhir, *self.hl7)

    @model_validator(mode="after")
    def _no_name_twice(self) -> Self:
        names = [each.name for each in self.receivers]
        if len({*names, CHECKIN_NAME}) != len(names) + 1:
            raise ValueError(f"names differ, and {CHECKIN_NAME} is the payer's")
        return self


def load_settings(path: Path) -> InteropSettings:
    """The settings in a TOML file; paths in it are relative to it.

    :raises ConfigurationError: naming the file and the setting, if anything is missing, unknown or wrong.
    """
    settings = load(InteropSettings, path)
    folder = path.resolve().parent
    kinds = ("webhook", "fhir", "hl7")
    return settings.model_copy(update={kind: tuple(_anchored(getattr(settings, kind), folder)) for kind in kinds})


def _anchored(settings: tuple[_Receiver, ...], folder: Path) -> Iterator[_Receiver]:
    for setting in settings:
        paths = {name: folder / value for name, value in setting if isinstance(value, Path)}
        yield setting.model_copy(update=paths)
