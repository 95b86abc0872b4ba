"""The bench: virtual cards, a place on a reader and one before a camera, a scanner, and what they answer to the kiosk.

The protocol is that of :mod:`kiosk.devices.simulated`. The kiosk learns from here what these devices would
tell it, and nothing else: no key, no name, no choice that was made on the bench's page.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import inf
from threading import Lock

from idcard import IdCardError
from idcard.testing import CodeIssuer, Issuer, SimulatedCard
from kiosk.demo import cards
from kiosk.demo.people import Citizen, citizens
from kiosk.demo.picture import camera_picture
from kiosk.devices.simulated import (
    ASK_ATR,
    CAMERA_FRAME,
    CLOCK,
    LIGHT_LIT,
    LIGHT_OUT,
    POWER_OFF,
    POWER_ON,
    PRESENCE,
    RESET,
    SCANNER,
    UNPLUGGED,
)


@dataclass(frozen=True, slots=True)
class Laid:
    """Whose card lies on the reader, and whose code is held before the camera: ids, or None.

    ``scanned``: whose code was scanned last. ``scanner``: whether the scanner is plugged in.
    """

    on_reader: str | None = None
    before_camera: str | None = None
    gateway: str = "ok"
    """How the payer's gateway was told to behave."""
    ended: frozenset[str] = frozenset()
    """Of whom the payer's gateway was told that their cover has ended."""
    scanned: str | None = None
    scanner: bool = True
    reader: str = "ok"
    """How the reader is: ok, ``crowded`` (a second card lies there), ``loose`` (a card slips while it is read) or
    ``unplugged``."""
    light: str = "out"
    """How the lamp is: ``out``, ``lit`` or ``unplugged``."""
    clock_ms: int = 0
    """By how much the hands of the kiosk's clock were turned."""
    failure: str = "none"
    """Which desk code was brought about last."""


class Bench:
    """The cards of all citizens, and where they lie; safe to use from several threads.

    :param issuer: signs the cards; they are new at each start. :param codes: signs codes that name citizens, good for a
        month from the start.
    :param answer_s: how long a card takes for an answer, as a contactless one does.
    :param swap_s: how long the reader is empty while one card takes another's place.
    :param slip_s: how long a card that slips is away.
    :param heard_s: within which time what the scanner sent must be fetched; then it is lost, as on a serial line.
    :param beside: another bench, whose cards may be laid here as well: a card lies at one of the two at most.
    """

    def __init__(
        self,
        issuer: Issuer,
        people: Mapping[str, Citizen] | None = None,
        *,
        answer_s: float = 0.0,
        swap_s: float = 0.6,
        slip_s: float = 1.5,
        heard_s: float = 1.0,
        codes: CodeIssuer | None = None,
        beside: "Bench | None" = None,
    ) -> None:
        self.people = people or citizens()
        self._issuer, self._codes = issuer, codes
        self._answer_s = answer_s
        self._swap_s = swap_s
        self._slip_s = slip_s
        self._commands = 0
        self._came: list[str] = []
        self._heard_s = heard_s
        self._began = time.monotonic()
        self._lands_at = 0.0
        self._leaves_at = inf
        self._placed = 0
        self._other = beside
        if beside is None:
            self._cards = {name: cards.issue(citizen, issuer) for name, citizen in self.people.items()}
        else:
            self._cards, beside._other = beside._cards, self
        self._signed = {} if codes is None else _signed_codes(codes, self.people)
        self._laid = Laid()
        self._picture = b""
        self._sent = b""
        self._sent_until = 0.0
        self._lock = Lock()

    @property
    def laid(self) -> Laid:
        """Where cards and codes are now."""
        with self._lock:
            self._leave_in_time()
            return self._laid

    def place(self, citizen: str, *, for_s: float | None = None) -> None:
        """Put a citizen's card on the reader, in place of one that lies there; KeyError for an unknown one.

        :param for_s: after how long it is taken away again.
        """
        card = self._cards[citizen]
        if self._other is not None and self._other.laid.on_reader == citizen:
            self._other.take_away()
        with self._lock:
            self._lands_at = 0.0 if self._laid.on_reader is None else time.monotonic() + self._swap_s
            self._take()
            card.power_off()
            self._placed += 1
            self._commands = 0
            self._leaves_at = inf if for_s is None else time.monotonic() + for_s
            self._came.append(citizen)
            self._laid = replace(self._laid, on_reader=citizen)

    def let_come(self, newcomer: Citizen) -> None:
        """Somebody new, in place of whoever came under the same id before; their card is issued now."""
        card, signed = cards.issue(newcomer, self._issuer), {}
        if self._codes is not None:
            signed = _signed_codes(self._codes, {newcomer.id: newcomer})
        for place in (self, self._other):
            if place is not None and place.laid.on_reader == newcomer.id:
                place.take_away()
        with self._lock:
            self.people = {**self.people, newcomer.id: newcomer}
            self._cards[newcomer.id], self._signed = card, self._signed | signed

    def files_of(self, citizen: str) -> dict[str, bytes]:
        """The files of a citizen's chip by their names in small letters; KeyError for an unknown one."""
        return {file.name.lower(): content for file, content in self._cards[citizen].files.items()}

    def take_away(self) -> None:
        """Take the card off the reader, where there is one; its power is gone with it."""
        with self._lock:
            self._take()

    @property
    def came(self) -> tuple[str, ...]:
        """Whose cards lay on the reader since the start, the last one last."""
        with self._lock:
            return tuple(self._came)

    @property
    def has_signed_codes(self) -> bool:
        """Whether somebody signs codes here."""
        return bool(self._signed)

    def show_qr(self, citizen: str) -> None:
        """Hold the code of a citizen's card before the camera; KeyError for an unknown one."""
        self._hold(citizen, self.people[citizen].qr_text)

    def show_signed(self, citizen: str) -> None:
        """Hold a signed code that names a citizen before the camera; KeyError for an unknown one."""
        self._hold(citizen, self._signed[citizen])

    def _hold(self, citizen: str, text: str) -> None:
        picture = camera_picture(text)
        with self._lock:
            self._laid, self._picture = replace(self._laid, before_camera=citizen), picture

    def hide_qr(self) -> None:
        """Hold nothing before the camera."""
        with self._lock:
            self._laid, self._picture = replace(self._laid, before_camera=None), b""

    def set_gateway(self, mood: str) -> None:
        """Remember how the payer's gateway was told to behave."""
        with self._lock:
            self._laid = replace(self._laid, gateway=mood)

    def set_ended(self, citizen: str, ended: bool) -> None:
        """Remember whether the payer's gateway was told that a citizen's cover has ended."""
        with self._lock:
            others = self._laid.ended - {citizen}
            self._laid = replace(self._laid, ended=others | {citizen} if ended else others)

    def scan(self, citizen: str) -> None:
        """Hold the scanner over the code of a citizen's card; KeyError for an unknown one.

        While the scanner is unplugged, nothing happens.
        """
        self._scan(citizen, self.people[citizen].qr_text)

    def scan_signed(self, citizen: str) -> None:
        """Hold the scanner over a signed code that names a citizen; KeyError for an unknown one."""
        self._scan(citizen, self._signed[citizen])

    def _scan(self, citizen: str, text: str) -> None:
        with self._lock:
            if self._laid.scanner:
                self._laid = replace(self._laid, scanned=citizen)
                self._sent, self._sent_until = text.encode() + _SUFFIX, time.monotonic() + self._heard_s

    def plug_scanner(self, plugged: bool) -> None:
        """Plug the scanner in, or pull it out."""
        with self._lock:
            self._laid, self._sent = replace(self._laid, scanned=None, scanner=plugged), b""

    def trouble_reader(self, state: str) -> None:
        """Lay a second card on the reader, let cards slip, pull the reader out, or make it right again."""
        with self._lock:
            self._commands = 0
            self._laid = replace(self._laid, reader=state)

    def remember_failure(self, code: str) -> None:
        """Remember which desk code was brought about."""
        with self._lock:
            self._laid = replace(self._laid, failure=code)

    def plug_light(self, plugged: bool) -> None:
        """Plug the lamp's relay in, or pull it out; a lamp without its relay is dark."""
        with self._lock:
            self._laid = replace(self._laid, light="out" if plugged else "unplugged")

    def turn_clock_back(self, back: bool) -> None:
        """Turn the kiosk's clock back to before this bench began, or make it right."""
        with self._lock:
            since_s = time.monotonic() - self._began + _BACK_S
            self._laid = replace(self._laid, clock_ms=-round(1000 * since_s) if back else 0)

    def answer(self, body: bytes) -> bytes:
        """The answer to one frame of the kiosk; empty where there is nothing to answer, or no card."""
        if body not in _CONTROL:
            time.sleep(self._answer_s)
        with self._lock:
            self._leave_in_time()
            if body in _CONTROL:
                return _CONTROL[body](self)
            card = self._card
            if card is not None and self._slips():
                return b""
            return b"" if card is None or len(body) < _SHORTEST_COMMAND else _transmit(card, body)

    @property
    def _card(self) -> SimulatedCard | None:
        """The card that the reader feels."""
        if self._laid.on_reader is None or time.monotonic() < self._lands_at:
            return None
        return self._cards[self._laid.on_reader]

    def _leave_in_time(self) -> None:
        if time.monotonic() >= self._leaves_at:
            self._leaves_at = inf
            self._take()

    def _slips(self) -> bool:
        """Whether the card slips now, to lie there again a little later."""
        self._commands += 1
        if self._laid.reader != "loose" or self._commands < _SLIPS_AFTER:
            return False
        self._power(SimulatedCard.power_off)
        self._commands = 0
        self._placed += 1
        self._lands_at = time.monotonic() + self._slip_s
        return True

    def _take(self) -> None:
        if self._laid.on_reader is not None:
            self._cards[self._laid.on_reader].power_off()
        self._laid = replace(self._laid, on_reader=None)

    def _power(self, act: Callable[[SimulatedCard], None]) -> bytes:
        if self._card is not None:
            act(self._card)
        return b""

    def _presence(self) -> bytes:
        if self._laid.reader == "unplugged":
            return UNPLUGGED
        return b"\x00" if self._card is None else b"\x01" + self._placed.to_bytes(_COUNT_BYTES, "big")

    def _atr(self) -> bytes:
        return b"" if self._card is None or self._laid.reader == "crowded" else self._card.atr

    def _frame(self) -> bytes:
        return self._picture

    def _light(self, lit: bool) -> bytes:
        if self._laid.light == "unplugged":
            return b""
        self._laid = replace(self._laid, light="lit" if lit else "out")
        return _PLUGGED

    def _clock(self) -> bytes:
        return self._laid.clock_ms.to_bytes(_CLOCK_BYTES, "big", signed=True)

    def _scanner(self) -> bytes:
        sent, self._sent = self._sent if time.monotonic() < self._sent_until else b"", b""
        return _PLUGGED + sent if self._laid.scanner else b""


def _signed_codes(codes: CodeIssuer, people: Mapping[str, Citizen]) -> dict[str, str]:
    now = datetime.now(UTC)
    issued, expires = now - timedelta(days=1), now + timedelta(days=30)
    return {name: codes.claim_169(citizen.holder, issued=issued, expires=expires) for name, citizen in people.items()}


_SHORTEST_COMMAND = 4
_COUNT_BYTES = 4
_CLOCK_BYTES = 8
_BACK_S = 2 * 3600.0
"""Before the bench began: more than the kiosk's clock may lag behind the roster, which was made then."""
_SLIPS_AFTER = 12
"""Commands: the chip is open then, and nothing of it has been read."""
_PLUGGED = b"\x01"
_SUFFIX = b"\r"
"""Most scanners send an Enter, which the kiosk does not trust."""

_CONTROL: dict[bytes, Callable[[Bench], bytes]] = {
    POWER_OFF: lambda bench: bench._power(SimulatedCard.power_off),
    POWER_ON: lambda bench: bench._power(SimulatedCard.power_on),
    RESET: lambda bench: bench._power(SimulatedCard.reset),
    ASK_ATR: lambda bench: bench._atr(),
    PRESENCE: lambda bench: bench._presence(),
    CAMERA_FRAME: lambda bench: bench._frame(),
    SCANNER: lambda bench: bench._scanner(),
    LIGHT_OUT: lambda bench: bench._light(False),
    LIGHT_LIT: lambda bench: bench._light(True),
    CLOCK: lambda bench: bench._clock(),
}


def _transmit(card: SimulatedCard, command: bytes) -> bytes:
    """The chip's answer, or silence: of a card without power, or of bytes that are no command."""
    try:
        return card.transmit(command)
    except IdCardError:
        return b""
