"""What was seen in an image: symbols that were read, codes that were only found, and what a person could do better."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import overload

Point = tuple[float, float]


class Kind(StrEnum):
    """A kind of symbol that is read."""

    QR = "QR"
    DATA_MATRIX = "Data Matrix"
    AZTEC = "Aztec"
    PDF417 = "PDF417"


class Advice(StrEnum):
    """What the person who holds the code, or the camera, can do about it."""

    CLOSER = "closer"
    STEADIER = "steadier"
    MORE_LIGHT = "more_light"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Symbol:
    """One symbol: its kind (``QR``, ``Data Matrix``, ``Aztec`` or ``PDF417``) and its bytes, exactly.

    How well it was seen does not count where symbols are compared: ``corners`` in pixels of the image, clockwise from
    the symbol's own top left; ``module_px``, pixels to a module, for QR codes; ``unused_correction``, the share of
    error correction (0 to 1) that was left over. Each is empty or None where the decoder does not say.
    """

    format: str
    data: bytes
    corners: tuple[Point, ...] = field(default=(), compare=False)
    module_px: float | None = field(default=None, compare=False)
    unused_correction: float | None = field(default=None, compare=False)

    def __repr__(self) -> str:
        return f"Symbol({self.format}, {len(self.data)} bytes)"

    def enlarged(self, by: float) -> "Symbol":
        """The same symbol in an image enlarged so many times."""
        corners = tuple((x * by, y * by) for x, y in self.corners)
        return replace(self, corners=corners, module_px=None if self.module_px is None else self.module_px * by)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A QR code that was found and could not be read; the fields are those of :class:`Symbol`."""

    corners: tuple[Point, ...]
    module_px: float | None

    def enlarged(self, by: float) -> "Unread":
        """The same code in an image enlarged so many times."""
        corners = tuple((x * by, y * by) for x, y in self.corners)
        return Unread(corners=corners, module_px=None if self.module_px is None else self.module_px * by)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan(Sequence[Symbol]):
    """The symbols in an image, as a sequence, and how they were found.

    :param decoder: ``zxing-cpp`` or ``zbar``; empty where nothing was read.
    :param rung: the preparation of the image that led to them; empty where none did.
    :param attempts: how many were tried.
    :param ms: milliseconds that it took; None where no clock was given.
    :param module_px: pixels to a module of the smallest QR code that was read, or found and not read.
    :param located: whether any code was found, be it read or not.
    :param advice: what would make it easier, or possible; None where nothing is known to.
    """

    symbols: tuple[Symbol, ...] = ()
    decoder: str = ""
    rung: str = ""
    attempts: int = 0
    ms: float | None = None
    module_px: float | None = None
    located: bool = False
    advice: Advice | None = None

    @overload
    def __getitem__(self, index: int) -> Symbol: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Symbol, ...]: ...
    def __getitem__(self, index: int | slice) -> Symbol | tuple[Symbol, ...]:
        return self.symbols[index]

    def __len__(self) -> int:
        return len(self.symbols)

    def __iter__(self) -> Iterator[Symbol]:
        return iter(self.symbols)


def module_pixels(corners: Sequence[Point], version: int) -> float:
    """Pixels to a module of a QR code of that version, from its outer corners: the mean of its four sides.

    Source: ISO/IEC 18004, "Symbol versions and sizes": 17 modules and four for each version.
    """
    sides = (math.dist(corner, corners[index - 1]) for index, corner in enumerate(corners))
    return sum(sides) / len(corners) / (17 + 4 * version)
