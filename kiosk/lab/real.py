"""A simulated clinic made of a real one's parts: its store, its check-in and desk, its outbox and what sends.

Theory of operation. Somebody who comes gets a ticket by the kiosk's own service, and most are then admitted by the
desk's; what of it the province is told, and sent until the hub has it, is all :mod:`kiosk.province`'s. Only the people,
the clock and the weather on the line are the laboratory's. A process that is killed in the middle finds out from the
store alone how far the day has come, as a real one does.
"""

import http.client
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from sqlalchemy import func, select

from idcard import BirthDate, ClaimedIdentity, ClaimSource, Sex
from kiosk.day_key import DayTags
from kiosk.domain.codes import Code
from kiosk.domain.route import Clinic, Room
from kiosk.keys import VisitOpener
from kiosk.lab.clinic import Setting, device_key
from kiosk.lab.faults import Weather
from kiosk.lab.line import Came
from kiosk.lab.province import Arrival, ClinicPlan, arrivals, source
from kiosk.ports import StoreUnavailable
from kiosk.province.identity import DEVICE_KEY, HUB_KEY
from kiosk.province.link import HubUnreachable, Reply
from kiosk.province.parts import device_of, sender_of
from kiosk.province.sending import Outcome
from kiosk.province.settings import ProvinceSettings
from kiosk.services.checkin import CheckIn
from kiosk.services.desk import StaffDesk
from kiosk.store.database import Database
from kiosk.store.tables import Visit

STORE: Final = "store.db"
_TO_DESK: Final = 0.12
_SEND_EVERY_S, _BEAT_EVERY_S, _PATIENCE_S = 20.0, 600.0, 20.0
_CAME: Final = {
    Outcome.IDLE: Came.NOTHING,
    Outcome.PAUSED: Came.NOTHING,
    Outcome.SENT: Came.ANSWERED,
    Outcome.STOPPED: Came.REFUSED,
}
_ROOMS: Final = (
    Room(id="noi", name_vi="Nội tổng quát", name_en="General medicine", place_vi="Phòng 12", place_en="Room 12"),
    Room(id="mat", name_vi="Mắt", name_en="Eyes", place_vi="Phòng 7", place_en="Room 7"),
)


@dataclass(slots=True)
class DayClock:
    """The simulated day's clock: it stands where it was put."""

    at: datetime

    def now(self) -> datetime:
        """The instant, in UTC."""
        return self.at

    def monotonic(self) -> float:
        """Seconds that never go back: the machine's."""
        return time.monotonic()


@dataclass(slots=True, kw_only=True)
class WeatheredLink:
    """Posts to the hub over a real connection, as far as the weather lets it."""

    port: int
    weather: Weather
    at_s: float = 0.0
    former: tuple[str, bytes, Mapping[str, str]] | None = None

    def post(self, path: str, content: bytes, headers: Mapping[str, str]) -> Reply:
        """What the hub says.

        :raises HubUnreachable: where request or answer was lost, or nobody answers.
        """
        fate = self.weather.next()
        if self.weather.is_cut(self.at_s) or not fate.arrives:
            raise HubUnreachable("cut")
        time.sleep(fate.delay_s)
        if fate.replays and self.former is not None:
            self._sent(*self.former)
        reply = self._sent(path, content, headers)
        if fate.twice:
            reply = self._sent(path, content, headers)
        self.former = path, content, headers
        if not fate.is_answered:
            raise HubUnreachable("lost")
        return reply

    def _sent(self, path: str, content: bytes, headers: Mapping[str, str]) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE_S)
        try:
            connection.request("POST", path, content, dict(headers))
            answer = connection.getresponse()
            named = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(status=answer.status, headers=named, body=answer.read())
        except (OSError, http.client.HTTPException) as error:
            raise HubUnreachable("nobody answers") from error
        finally:
            connection.close()


class RealClinic:
    """A clinic over its real store in a folder of its own; for one thread."""

    def __init__(self, plan: ClinicPlan, setting: Setting, folder: Path, *, port: int, weather: Weather) -> None:
        self._plan, self._setting, here = plan, setting, folder / plan.code
        opener = _set_up(plan, setting, here)
        self._clock = DayClock(setting.midnight + timedelta(seconds=setting.begin_s))
        self._database = Database.open(here / STORE)
        self._all, self._not_before_s, self._waiting = arrivals(plan, setting.seed), 0.0, 1
        clinic = Clinic(code=plan.code, name_vi="Trạm y tế Mẫu", name_en="Model health station", rooms=_ROOMS)
        tags = DayTags(here / "person_day.key")
        self._kiosks = {
            name: CheckIn(
                database=self._database,
                clinic=clinic,
                device=name,
                sealer=opener.sealer(),
                tags=tags,
                clock=self._clock,
            )
            for name in plan.devices[:-1]
        }
        self._desk = StaffDesk(
            database=self._database, clinic=clinic, device=plan.sender, opener=opener, tags=tags, clock=self._clock
        )
        settings = ProvinceSettings(
            hub=f"http://127.0.0.1:{port}",
            identity=here / "identity",
            person_key=here / "person.key",
            send_every_s=_SEND_EVERY_S,
            heartbeat_s=_BEAT_EVERY_S,
        )
        self.link = WeatheredLink(port=port, weather=weather)
        self._sender = sender_of(
            settings,
            device_of(settings, clinic=plan.code, desk=plan.sender),
            database=self._database,
            store=here / STORE,
            opener=opener,
            link=self.link,
            chance=source(setting.seed, "jitter", plan.code, time.monotonic()).random,
        )
        self._done = self._taken_up()

    def close(self) -> None:
        """Let go of the store."""
        self._database.close()

    def admit_until(self, at_s: float) -> int:
        """How many people came by this second of the day, and are recorded now."""
        due = [each for each in self._all[self._done :] if each.at_s < min(at_s, self._setting.end_s)]
        for each in due:
            self._record(each)
            self._done += 1
            self._waiting = max(1, self._waiting)
        return len(due)

    def waiting(self) -> int:
        """How many events wait, as far as is known: at least one where something was not sealed yet."""
        return self._waiting

    def turn(self, at_s: float) -> Came:
        """What came of a step of the real sender; nothing where it is not time for one."""
        if at_s < self._not_before_s:
            return Came.NOTHING
        self._clock.at, self.link.at_s = self._at(at_s), at_s
        try:
            step = self._sender.step(self._clock.at)
        except StoreUnavailable:
            return Came.FAILED
        self._waiting, self._not_before_s = step.backlog, at_s + step.wait_s
        return _CAME.get(step.outcome, Came.FAILED)

    def _taken_up(self) -> int:
        """How many of the day's people came already; whoever was being admitted when the process died is admitted."""
        before = sum(each.at_s < self._setting.begin_s for each in self._all)
        with self._database.read() as session:
            many = session.scalar(select(func.count()).select_from(Visit)) or 0
            last = session.scalar(select(Visit).order_by(Visit.created_at.desc(), Visit.number.desc()).limit(1))
            unsure = None if last is None or last.state != "desk" else last.id
        if unsure is not None:
            arrival = self._all[before + many - 1]
            self._clock.at = self._at(arrival.at_s)
            self._admit(arrival, unsure)
        return before + many

    def _record(self, arrival: Arrival) -> None:
        """A ticket of one of the kiosks, and the desk's admission: two transactions, as in a clinic."""
        self._clock.at = self._at(arrival.at_s)
        draw = source(self._setting.seed, "kiosk", self._plan.code, arrival.number)
        kiosk = self._kiosks[draw.choice(list(self._kiosks))]
        ticket = kiosk.desk_ticket(person_of(self._plan.code, arrival.number), code=Code.COVER_UNKNOWN)
        self._admit(arrival, ticket.visit_id)

    def _admit(self, arrival: Arrival, visit_id: str) -> None:
        if self._is_admitted(arrival):
            self._desk.confirm(visit_id, _ROOMS[arrival.number % len(_ROOMS)].id, by="lab")

    def _is_admitted(self, arrival: Arrival) -> bool:
        return source(self._setting.seed, "visit", self._plan.code, arrival.number).random() >= _TO_DESK

    def _at(self, at_s: float) -> datetime:
        return self._setting.midnight.astimezone(UTC) + timedelta(seconds=at_s)


def person_of(clinic: str, number: int) -> ClaimedIdentity:
    """An invented person, another one for each number of each clinic: 3,000 women and as many men."""
    # Six signs hold 333 clinics of 3,000 people each; the year of birth tells those beyond apart.
    place, serial = divmod(int(clinic[-4:]) * 3000 + number % 3000, 1_000_000)
    woman = number // 3000 % 2
    year = 80 - place
    return ClaimedIdentity(
        source=ClaimSource.TYPED,
        name="Người Bệnh Mẫu",
        birth=BirthDate(year=1900 + year, month=5, day=1),
        sex=Sex.FEMALE if woman else Sex.MALE,
        personal_number=f"036{woman}{year}{serial:06}",
    )


def _set_up(plan: ClinicPlan, setting: Setting, here: Path) -> VisitOpener:
    """The clinic's keys and its identity at the hub, drawn from the seed: nobody's secrets."""
    identity = here / "identity"
    identity.mkdir(parents=True, exist_ok=True)
    draw = source(setting.seed, "clinic", plan.code)
    private = X25519PrivateKey.from_private_bytes(draw.randbytes(32))
    key = device_key(setting.seed, plan.code, plan.sender)
    _put(identity / DEVICE_KEY, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    _put(identity / HUB_KEY, setting.hub.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    _put(here / "person.key", source(setting.seed, "person key").randbytes(32).hex().encode() + b"\n")
    _put(here / "person_day.key", draw.randbytes(32).hex().encode() + b"\n")
    return VisitOpener(private)


def _put(path: Path, content: bytes) -> None:
    """Make a file whole or not at all, where it is not there yet."""
    if path.exists():
        return
    half = path.with_name(f"{path.name}.new")
    half.write_bytes(content)
    half.chmod(0o600)
    os.replace(half, path)
