"""An invented province to look at: clinics, devices, two weeks and a morning. Nobody in it exists.

What happened today is made by devices that sign and seal it, and taken in as if it had been sent; of the two weeks
before there are counts alone. The same seed makes the same province. A hub that is meant in earnest refuses it.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from kiosk.hub.event import CLINIC_TIME, clinic_day, milliseconds
from kiosk.hub.examine import KeyRing
from kiosk.hub.ingest import Ingest, Sent
from kiosk.hub.store.counts import Counts
from kiosk.hub.store.database import HubDatabase
from kiosk.hub.store.devices import add_clinics, add_device
from kiosk.hub.store.signals import find_signals
from kiosk.wire.batch import BatchRequest, make_request, read_request
from kiosk.wire.bodies import (
    Admission,
    Body,
    DeskTicket,
    DeviceHealth,
    ExceptionClosed,
    ExceptionOpened,
    Heartbeat,
    Override,
    SelfTest,
    kind_of,
)
from kiosk.wire.clock import reading
from kiosk.wire.envelope import GENESIS, Header, key_id, make_event

CLINICS: Final = 288
HISTORY_DAYS: Final = 14
_FIRST: Final = tuple("Hải Nghĩa Giao Xuân Trực Yên Nam Mỹ Liên Minh Đại Tân Thọ Hồng Quang Thanh Phú Lộc".split())  # noqa: SIM905
_SECOND: Final = tuple("An Bình Châu Đông Giang Hà Hưng Lạc Lâm Long Phong Sơn Thành Thắng Tiến Trung".split())  # noqa: SIM905
_HOURS: Final = {6: 3, 7: 9, 8: 8, 9: 6, 10: 4, 11: 1, 13: 3, 14: 3, 15: 2, 16: 1}
"""How a clinic's day shares out over its hours."""
_LANES, _CARDS = ("chip",) * 16 + ("code", "papers", "child", "guardian"), ("cccd_2021", "cccd_2021", "cc_2024")
_CODES = ("E02", "E03", "E07", "E08", "E09", "E10", "E10", "E11", "E17", "help")
_REASONS = ("other_papers", "issuer_confirmed", "card_damaged", "care_first")
_DAY_S, _BATCH = 86_400, 400


@dataclass(kw_only=True)
class _Kiosk:
    """A device that numbers, seals and signs."""

    clinic: str
    name: str
    hub: X25519PublicKey
    draw: random.Random
    key: Ed25519PrivateKey = field(init=False)
    seqs: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.key = Ed25519PrivateKey.from_private_bytes(self.draw.randbytes(32))

    def event(self, body: Body, at: datetime) -> bytes:
        """An event as it is sent."""
        header = Header(
            id=uuid7(self.draw, at),
            clinic=self.clinic,
            device=self.name,
            seq=0 if isinstance(body, Heartbeat) else next(self.seqs),
            kind=kind_of(body).value,
            at=milliseconds(at),
            hlc=reading(milliseconds(at)),
            audit_seq=0,
            audit_hash=GENESIS,
            key=key_id(self.hub),
        )
        return make_event(header, body, to=self.hub, signer=self.key)


@dataclass(kw_only=True)
class _Clinic:
    """A clinic: how many come on a day, and what ails it."""

    code: str
    name: str
    daily: int
    ails: str
    kiosks: list[_Kiosk]


def uuid7(draw: random.Random, at: datetime) -> bytes:
    """The 16 bytes of a UUID of version 7."""
    drawn = bytearray(draw.randbytes(16))
    drawn[:6] = milliseconds(at).to_bytes(6, "big")
    drawn[6], drawn[8] = 0x70 | drawn[6] & 0x0F, 0x80 | drawn[8] & 0x3F
    return bytes(drawn)


def invent(
    database: HubDatabase, ring: KeyRing, hub: X25519PublicKey, now: datetime, *, clinics: int = CLINICS, seed: int = 8
) -> int:
    """Fill an empty hub; how many events there are then.

    :param hub: the hub's public key. :param clinics: how many there are, up to 288.
    :raises ValueError: where the hub has clinics.
    :raises HubStoreUnavailable: if the store refuses.
    """
    draw = random.Random(seed)
    made = [_clinic(number, hub, draw) for number in range(clinics)]
    with database.write() as connection:
        if add_clinics(connection, [(each.code, each.name) for each in made], now) != len(made):
            raise ValueError("this hub has clinics")
        for each in made:
            for kiosk in each.kiosks:
                add_device(connection, each.code, kiosk.name, kiosk.key.public_key().public_bytes_raw(), now)
        _history(made, now, draw).write(connection)
    events = sum(_send(database, ring, each, now, draw) for each in made)
    events += _strange(database, ring, made, now, draw)
    find_signals(database, now)
    return events


def _clinic(number: int, hub: X25519PublicKey, draw: random.Random) -> _Clinic:
    code, is_large = f"36{number + 1:03}", number % 24 == 0
    place = f"{_FIRST[number // len(_SECOND) % len(_FIRST)]} {_SECOND[number % len(_SECOND)]}"
    daily = draw.randint(120, 320) if is_large else draw.randint(10, 45)
    ails = {7: "silent", 40: "silent", 61: "roster", 95: "self_test", 118: "printer", 133: "lane", 170: "unknown"}
    ails |= {201: "backlog", 222: "still", 250: "trust", 263: "printer", 280: "silent"}
    kiosks = [_Kiosk(clinic=code, name=f"kiosk-{n}", hub=hub, draw=draw) for n in range(1, 4 if is_large else 2)]
    name = f"Trung tâm y tế {place}" if is_large else f"TYT xã {place}"
    return _Clinic(code=code, name=name, daily=daily, ails=ails.get(number, ""), kiosks=kiosks)


def _history(clinics: list[_Clinic], now: datetime, draw: random.Random) -> Counts:
    """The counts of the two weeks before today."""
    counts = Counts()
    noon = now.astimezone(CLINIC_TIME).replace(hour=12, minute=0, second=0, microsecond=0)
    for back in range(1, HISTORY_DAYS + 1):
        day = noon - timedelta(days=back)
        for each in clinics if day.isoweekday() != 7 else ():
            _count_day(counts, each, day, draw)
    return counts


def _count_day(counts: Counts, clinic: _Clinic, noon: datetime, draw: random.Random) -> None:
    for hour, weight in _HOURS.items():
        for _ in range(_whole(draw, clinic.daily * weight / sum(_HOURS.values()))):
            at = noon.replace(hour=hour)
            counts.add(clinic.code, at, _came(clinic, at, draw))
    for _ in range(_whole(draw, clinic.daily / 40)):
        opened = ExceptionOpened(exception=uuid7(draw, noon), code=draw.choice(_CODES))
        counts.add(clinic.code, noon, opened)
        counts.add(clinic.code, noon, ExceptionClosed(exception=opened.exception, resolution="done", open_s=300))
    if draw.random() < 0.04:
        counts.add(clinic.code, noon, _override(uuid7(draw, noon), draw))


def _whole(draw: random.Random, mean: float) -> int:
    """A whole number around a mean."""
    return int(mean * draw.uniform(0.6, 1.4) + draw.random())


def _came(clinic: _Clinic, at: datetime, draw: random.Random, **fields: Any) -> Admission | DeskTicket:
    """Somebody comes: most are admitted by the machine."""
    local = clinic_day(at).isoformat()
    # The newer cards read better.
    card = draw.choice(_CARDS)
    tries = 1 if draw.random() < (0.95 if card == "cc_2024" else 0.88) else 2
    stated: dict[str, Any] = {"visit": uuid7(draw, at), "day": local, "card": card, "tries": tries, "taken_s": 14}
    stated |= {"person": draw.randbytes(16), "person_key": 1}
    if draw.random() < 0.07 and not fields:
        return DeskTicket(**stated, lane="chip", code=draw.choice(_CODES), assurance="none")
    lane = draw.choice(_LANES)
    by_machine = lane == "chip" or draw.random() < 0.2
    assurance = {"chip": "chip_anchored", "code": "qr_confirmed"}.get(lane, "staff")
    if lane != "chip":
        stated |= {"card": None, "tries": None}
    stated |= {"lane": lane, "by": "machine" if by_machine else "staff", "assurance": assurance}
    stated |= {"benefit": 4, "linked": draw.random() < 0.981, "wait_s": draw.randrange(20, 400)}
    return Admission(**stated | fields)


def _override(visit: bytes, draw: random.Random) -> Override:
    return Override(visit=visit, code="E05", reason=draw.choice(_REASONS), second=True)


def _send(database: HubDatabase, ring: KeyRing, clinic: _Clinic, now: datetime, draw: random.Random) -> int:
    """What a clinic sent today, taken in."""
    if clinic.ails == "unknown":
        return 0
    # A clinic that fell silent sent what it had until then.
    heard = now - timedelta(hours=2, minutes=17) if clinic.ails == "silent" else now
    begin = heard.astimezone(CLINIC_TIME).replace(hour=0, minute=0, second=0, microsecond=0)
    happened: list[tuple[datetime, Body]] = []
    if clinic.ails != "self_test":
        happened.append(
            (max(begin + timedelta(hours=6, minutes=5), heard - timedelta(hours=20)), SelfTest(passed=True))
        )
    for hour, weight in _HOURS.items() if clinic.ails != "still" else ():
        for _ in range(_whole(draw, clinic.daily * weight / sum(_HOURS.values()))):
            at = begin + timedelta(hours=hour, seconds=draw.randrange(3600))
            happened.append((at, _came(clinic, at, draw)))
    if not any(at < heard and isinstance(body, Admission) for at, body in happened):
        at = heard - timedelta(hours=15)
        happened.append((at, _came(clinic, at, draw, lane="chip", assurance="chip_anchored")))
    happened += _troubles(clinic, heard, draw)
    events = [(at, body) for at, body in sorted(happened, key=lambda each: each[0]) if at <= heard]
    by_kiosk: dict[int, list[bytes]] = {}
    for place, (at, body) in enumerate(events):
        which = place % len(clinic.kiosks)
        by_kiosk.setdefault(which, []).append(clinic.kiosks[which].event(body, at))
    for which, kiosk in enumerate(clinic.kiosks):
        _receive(database, ring, kiosk, [*by_kiosk.get(which, []), kiosk.event(_beat(clinic, draw), heard)], heard)
    return len(events)


def _troubles(clinic: _Clinic, at: datetime, draw: random.Random) -> Iterator[tuple[datetime, Body]]:
    then = at - timedelta(minutes=draw.randrange(5, 50))
    if clinic.ails == "printer":
        yield then, DeviceHealth(part="printer", state="paper_out", was="ok")
    if draw.random() < 0.25:
        yield then, ExceptionOpened(exception=uuid7(draw, then), code=draw.choice(("E09", "E10", "E10", "E04")))
    if draw.random() < 0.03:
        yield then, _override(uuid7(draw, then), draw)


def _beat(clinic: _Clinic, draw: random.Random) -> Heartbeat:
    is_late = draw.random() < 0.06
    return Heartbeat(
        boot=draw.randbytes(16),
        program="0.1.0" if is_late else "0.2.0",
        lane="stale" if clinic.ails == "lane" else "open",
        backlog=412 if clinic.ails == "backlog" else draw.randrange(3),
        last_seq=0,
        up_s=draw.randrange(3600, 30 * _DAY_S),
        trust="v11" if is_late else "v12",
        trust_age_s=(400 if clinic.ails == "trust" else 9 if is_late else 2) * _DAY_S,
        roster="2026-10-12.1" if clinic.ails == "roster" else "2026-11-22.1",
        roster_age_s=42 * _DAY_S if clinic.ails == "roster" else draw.randrange(_DAY_S),
    )


def _strange(database: HubDatabase, ring: KeyRing, clinics: list[_Clinic], now: datetime, draw: random.Random) -> int:
    """A person at two clinics, one who comes every day, and a code that goes round."""
    well = [each for each in clinics if not each.ails]
    if len(well) < 4:
        return 0
    twice, often = ({"person": draw.randbytes(16), "person_key": 1} for _ in range(2))
    code = {"code_tag": draw.randbytes(16), "lane": "code", "assurance": "qr_unsigned"}
    plan: list[tuple[_Clinic, datetime, dict[str, Any]]] = [
        (well[n], now - timedelta(minutes=minutes), twice) for n, minutes in ((1, 55), (2, 21))
    ]
    plan += [(well[3], now - timedelta(days=days, minutes=30), often) for days in range(5)]
    plan += [(well[n], now - timedelta(minutes=40 - 9 * n), code) for n in (0, 1, 2)]
    for clinic, at, fields in plan:
        kiosk = clinic.kiosks[0]
        _receive(database, ring, kiosk, [kiosk.event(_came(clinic, at, draw, **fields), at)], now)
    return len(plan)


def _receive(database: HubDatabase, ring: KeyRing, kiosk: _Kiosk, events: list[bytes], at: datetime) -> None:
    ingest = Ingest(database, ring, lambda: at)
    for place in range(0, len(events), _BATCH):
        part = tuple(events[place : place + _BATCH])
        request = BatchRequest(clinic=kiosk.clinic, sender=kiosk.name, sent_at=milliseconds(at), events=part)
        ingest.receive(Sent(signed=read_request(make_request(request, kiosk.key))))
