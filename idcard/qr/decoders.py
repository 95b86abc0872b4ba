"""The decoders behind one call: zxing-cpp, and zbar as second reader and stand-in. Each is loaded when first needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from idcard.errors import MissingExtra
from idcard.qr.sight import Kind, Symbol, Unread, module_pixels

if TYPE_CHECKING:
    from PIL import Image

ZXING, ZBAR = "zxing-cpp", "zbar"
_NAMES = {"QRCode": Kind.QR, "DataMatrix": Kind.DATA_MATRIX, "Aztec": Kind.AZTEC, "PDF417": Kind.PDF417}
_KINDS = {kind: name for name, kind in _NAMES.items()}
T = TypeVar("T", int, float)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a decoder found in one picture."""

    symbols: tuple[Symbol, ...] = ()
    unread: tuple[Unread, ...] = ()


class Decoder(Protocol):
    """A decoder of symbols in shades of grey."""

    def __call__(self, image: Image.Image, kinds: Set[Kind], *, thorough: bool) -> Found:
        """What there is of these kinds; ``thorough`` looks for white on black and at reduced sizes too."""


def first_decoder() -> tuple[str, Decoder]:
    """The decoder that reads most, by its name.

    :raises MissingExtra: if none is installed.
    """
    try:
        return ZXING, zxing()
    except ImportError as missing:
        second = second_decoder()
        if second is None:
            raise MissingExtra("qr", "reading QR codes from images") from missing
        return second


def second_decoder() -> tuple[str, Decoder] | None:
    """A decoder that shares nothing with the first, or None: pyzbar may be there without the system's libzbar."""
    try:
        return ZBAR, zbar()
    except ImportError:
        return None


def zxing() -> Decoder:
    """All kinds by zxing-cpp, with positions and unused error correction.

    :raises ImportError: if it is not installed.
    """
    import zxingcpp

    def read(image: Image.Image, kinds: Set[Kind], *, thorough: bool) -> Found:
        formats = [getattr(zxingcpp.BarcodeFormat, _KINDS[kind]) for kind in Kind if kind in kinds]
        found = zxingcpp.read_barcodes(
            memoryview(image.tobytes()).cast("B", shape=(image.height, image.width)),
            formats=zxingcpp.BarcodeFormats(formats),
            try_invert=thorough,
            try_downscale=thorough,
            return_errors=True,
        )
        return Found(
            symbols=tuple(_symbol(code) for code in found if code.valid and code.bytes),
            # A false start looks like a code without a version; those with one have a finder and format information.
            unread=tuple(_unread(code) for code in found if not code.valid and "Version" in _extra(code)),
        )

    return read


def zbar() -> Decoder:
    """QR codes by zbar in its binary mode, without positions.

    :raises ImportError: if pyzbar or the system's libzbar is missing.
    """
    from idcard.qr.zbar import read_qr_codes

    def read(image: Image.Image, kinds: Set[Kind], *, thorough: bool) -> Found:
        if Kind.QR not in kinds:
            return Found()
        codes = read_qr_codes(image.tobytes(), image.width, image.height)
        return Found(symbols=tuple(Symbol(format=Kind.QR.value, data=data) for data in codes))

    return read


def _symbol(code: Any) -> Symbol:
    name = code.symbology.name
    extra = _extra(code)
    corners = _corners(code)
    return Symbol(
        format=_NAMES[name].value if name in _NAMES else name,
        data=code.bytes,
        corners=corners,
        module_px=_module_px(name, corners, extra),
        unused_correction=_number(extra.get("UEC"), float),
    )


def _unread(code: Any) -> Unread:
    corners = _corners(code)
    return Unread(corners=corners, module_px=_module_px(code.symbology.name, corners, _extra(code)))


def _extra(code: Any) -> Mapping[str, object]:
    return code.extra or {}


def _corners(code: Any) -> tuple[tuple[float, float], ...]:
    at = code.position
    return tuple(
        (float(each.x), float(each.y)) for each in (at.top_left, at.top_right, at.bottom_right, at.bottom_left)
    )


def _module_px(name: str, corners: tuple[tuple[float, float], ...], extra: Mapping[str, object]) -> float | None:
    version = _number(extra.get("Version"), int)
    return module_pixels(corners, version) if name == "QRCode" and version is not None else None


def _number(value: object, make: Callable[[Any], T]) -> T | None:
    try:
        return make(value)
    except (TypeError, ValueError):
        return None
