"""From an image to the bytes of the symbols in it: bytes first, never guessed text.

Decoders that return text guess its encoding, and guess wrong for Vietnamese names and for anything binary: so only
their bytes are used, and whoever reads the bytes decodes them strictly.

zxing-cpp does the work, on the rungs of :mod:`idcard.qr.ladder`. zbar, in its binary mode, is the second reader of
still pictures, and stands in where zxing-cpp is missing: see :mod:`idcard.qr.zbar`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from idcard.qr import ladder
from idcard.qr.advice import advice_for
from idcard.qr.decoders import ZBAR, Decoder, Found, first_decoder, second_decoder
from idcard.qr.picture import MAX_IMAGE_BYTES as MAX_IMAGE_BYTES
from idcard.qr.picture import grey
from idcard.qr.sight import Advice as Advice
from idcard.qr.sight import Kind as Kind
from idcard.qr.sight import Scan as Scan
from idcard.qr.sight import Symbol as Symbol
from idcard.qr.sight import Unread

if TYPE_CHECKING:
    from PIL import Image

Mode = Literal["live", "still"]
BUDGET_MS: dict[Mode, float] = {"live": 45.0, "still": 180.0}
"""How long rungs may be begun; the last one is finished, so that a picture of 1280 × 720 takes up to 60 and 250 ms."""
_LADDERS: dict[Mode, tuple[ladder.Rung, ...]] = {"live": ladder.LIVE, "still": ladder.STILL}
_MAX_SYMBOLS = 32


def scan(
    image: bytes | Image.Image,
    *,
    mode: Mode = "live",
    budget_ms: float | None = None,
    kinds: Collection[str] = tuple(Kind),
    clock: Callable[[], float] | None = None,
) -> Scan:
    """The symbols in ``image``, each once, and how they were found; none where there is none to be read.

    :param image: an image file (PNG, JPEG, WebP, BMP, GIF, TIFF, PPM; at most 32 MiB) or a Pillow image; at most
        40 million pixels.
    :param mode: ``live`` for frames of a camera, of which the next comes soon; ``still`` for a picture that is worth
        more time, and may hold symbols of several kinds.
    :param budget_ms: how long preparations may be begun; None for what suits the mode.
    :param kinds: the kinds of symbol to look for.
    :param clock: gives seconds that never go back; without one, no time is measured and everything is tried.
    :raises MalformedData: if the bytes are no such image, or cut short.
    :raises BoundExceeded: if the image is larger, or a JPEG of so many scans that decoding it would take for ever.
    :raises MissingExtra: if Pillow, or any decoder, is not installed.
    :raises ValueError: for an unknown mode or kind, or a budget that is not positive.
    """
    if mode not in _LADDERS:
        raise ValueError("the mode is live or still")
    budget = BUDGET_MS[mode] if budget_ms is None else budget_ms
    if not budget > 0:
        raise ValueError("a budget is positive")
    wanted = frozenset(Kind(kind) for kind in kinds)
    climb = _Climb(image=grey(image), clock=clock, budget_ms=budget)
    climb.all(_LADDERS[mode], wanted)
    return climb.result()


@dataclass(slots=True, kw_only=True)
class _Climb:
    """One way up a ladder."""

    image: Image.Image
    clock: Callable[[], float] | None
    budget_ms: float
    symbols: tuple[Symbol, ...] = ()
    unread: list[Unread] = field(default_factory=list)
    decoder: str = ""
    rung: str = ""
    tried: list[str] = field(default_factory=list)
    _start: float = 0.0

    def all(self, rungs: tuple[ladder.Rung, ...], kinds: frozenset[Kind]) -> None:
        """Rung after rung, until something is read or the time is used up."""
        # Loading a decoder for the first time takes longer than reading, and is not the picture's fault.
        first = first_decoder()
        self._start = 0.0 if self.clock is None else self.clock()
        for rung, wanted in ladder.rungs_for(rungs, kinds):
            if self.tried and self._is_late:
                return
            chosen = first
            if rung.second:
                second = None if first[0] == ZBAR else second_decoder()
                if second is None:
                    continue
                chosen = second
            if self._step(rung, frozenset(wanted), *chosen):
                return

    def _step(self, rung: ladder.Rung, kinds: frozenset[Kind], name: str, decode: Decoder) -> bool:
        """Whether this rung reads anything."""
        prepared = rung.prepare(self.image)
        if prepared is None:
            return False
        image, by = prepared
        self.tried.append(rung.name)
        found: Found = decode(image, kinds, thorough=rung.thorough)
        self.unread += [code.enlarged(1 / by) for code in found.unread]
        if not found.symbols:
            return False
        symbols = (each.enlarged(1 / by) for each in found.symbols)
        self.symbols = tuple(dict.fromkeys(symbols))[:_MAX_SYMBOLS]
        self.decoder, self.rung = name, rung.name
        return True

    @property
    def _ms(self) -> float | None:
        return None if self.clock is None else 1000 * (self.clock() - self._start)

    @property
    def _is_late(self) -> bool:
        spent = self._ms
        return spent is not None and spent >= self.budget_ms

    def result(self) -> Scan:
        """What was found on the way."""
        sizes = [code.module_px for code in self.symbols] + [code.module_px for code in self.unread]
        unread = () if self.symbols else self.unread
        advice = advice_for(self.image, self.symbols, unread, moved=ladder.MOTION_UNDONE in self.tried)
        return Scan(
            symbols=self.symbols,
            decoder=self.decoder,
            rung=self.rung,
            attempts=len(self.tried),
            ms=self._ms,
            module_px=min((size for size in sizes if size is not None), default=None),
            located=bool(self.symbols or self.unread),
            advice=advice,
        )
