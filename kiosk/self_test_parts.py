"""What a self-test of this kiosk looks at, and what its heartbeat speaks for."""

from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import Any

from idcard import ConfigurationError, TrustStore
from kiosk.audio.clips import Clips
from kiosk.audio.words import LANGUAGES, wanted
from kiosk.config import PatientConfig
from kiosk.device_parts import Outputs
from kiosk.domain.freshness import Freshness, RosterAge, StoreAge, StoreFreshness
from kiosk.domain.self_test import Outcome, Step
from kiosk.insurance.roster import Roster
from kiosk.keys import PersonTags, load_secret
from kiosk.ports import Clock, StoreUnavailable
from kiosk.services.checkin import CheckIn
from kiosk.services.clock_watch import ClockWatch
from kiosk.services.heartbeat import Heartbeat
from kiosk.services.parts import PartReport
from kiosk.services.patient_desk import PatientDesk
from kiosk.services.printer_thread import PrinterThread
from kiosk.services.scanner_thread import ScannerThread
from kiosk.services.self_test import TestCards
from kiosk.services.self_test_thread import Probe, SelfTestThread
from kiosk.services.ticket_image import TicketImages
from kiosk.services.worker import Worker
from kiosk.store.database import Database

_OK = (Outcome.OK, "")


@dataclass(slots=True, kw_only=True)
class Looked:
    """Everything of a kiosk that a test looks at; whom it trusts may change between two tests."""

    config: PatientConfig
    clock: Clock
    checkin: CheckIn
    desk: PatientDesk
    outputs: Outputs
    scanner: ScannerThread | None
    roster: Roster
    freshness: Freshness
    trust: TrustStore
    trust_freshness: StoreFreshness
    clock_watch: ClockWatch
    images: TicketImages

    def probes(self) -> dict[Step, Probe]:
        """What looks at each part that this kiosk has."""
        found: dict[Step, Probe] = {
            Step.STORE: self._store,
            Step.CLOCK: self._clock_right,
            Step.TRUST: self._trust_young,
            Step.ROSTER: self._roster_young,
            Step.READER: lambda: _told(self.desk.view().reader_ok, "missing"),
        }
        scanner, printer, light = self.scanner, self.outputs.printer, self.outputs.light
        if scanner is not None:
            found[Step.SCANNER] = lambda: _told(scanner.connected, "missing")
        if printer is not None:
            found[Step.PRINTER] = partial(self._paper, printer)
        if light is not None:
            found[Step.LIGHT] = lambda: _told(light.flash(), "missing")
        if self.config.speech != "off":
            found[Step.SPEECH] = lambda: _told(not missing_clips(self.config), "clips")
        return found

    def _store(self) -> tuple[Outcome, str]:
        try:
            self.checkin.probe()
        except StoreUnavailable:
            return Outcome.FAULT, "store"
        return _OK

    def _clock_right(self) -> tuple[Outcome, str]:
        self.clock_watch.look_now()
        return _told(self.clock_watch.is_right(), "clock_behind")

    def _trust_young(self) -> tuple[Outcome, str]:
        if not self.trust.has_anchors:
            return Outcome.FAULT, "no_anchor"
        age = self.trust_freshness.age(self.trust.age(self.clock.now()))
        return _told(age is not StoreAge.TOO_OLD, "too_old")

    def _roster_young(self) -> tuple[Outcome, str]:
        try:
            age = self.freshness.age(self.roster.as_of, self.clock.now())
        except ConfigurationError:
            return Outcome.FAULT, "source_unusable"
        return _told(age is not RosterAge.TOO_OLD, "too_old")

    def _paper(self, printer: PrinterThread) -> tuple[Outcome, str]:
        result = printer.test(self.images.test_png(self.clock.now()))
        return _told(result.on_paper, result.condition.value)


def missing_clips(config: PatientConfig) -> bool:
    """Whether something would be said for which there is no clip."""
    clips = Clips(config.speech_clips)
    return any(not clips.has(language, clip) for language in LANGUAGES for clip in wanted(language))


def self_test_of(
    config: PatientConfig, *, database: Database, clock: Clock, probes: dict[Step, Probe]
) -> SelfTestThread:
    """The thread that runs tests; ``probes`` are filled in once the devices are there."""
    tags = PersonTags(load_secret(config.roster_key))
    return SelfTestThread(
        database=database,
        device=config.device,
        clock=clock,
        probes=probes,
        cards=TestCards(database, clinic=config.clinic.code, clock=clock),
        tag_of=tags.test_card_tag,
    )


def heartbeat_of(
    config: PatientConfig, *, database: Database, checkin: CheckIn, clock: Clock, workers: dict[str, Worker]
) -> Heartbeat:
    """What says that the kiosk lives; how its speech is, is told once, for clips do not change while it runs."""
    if config.speech != "off":
        state: dict[str, Any] = {"ok": False, "reason": "clips"} if missing_clips(config) else {"ok": True}
        PartReport(checkin, "speech").say(state)
    return Heartbeat(
        database=database,
        checkin=checkin,
        device=config.device,
        clock=clock,
        workers=workers,
        always=("speech",),
        version=version("idcard"),
    )


def _told(right: bool, reason: str) -> tuple[Outcome, str]:
    return _OK if right else (Outcome.FAULT, reason)
