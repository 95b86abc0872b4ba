"""The ticket as a raster for a thermal printer: 576 dots wide, one bit, perfect accents.

Every line is measured before it is drawn: it is set smaller, and at last broken, so that nothing is ever cut.
"""

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import segno
import structlog
from PIL import Image, ImageDraw, ImageFont

from idcard import ConfigurationError
from kiosk.domain.route import Clinic, Room
from kiosk.domain.tickets import VIETNAM_TIME, Ticket, clinic_day

_log = structlog.get_logger(__name__)

WIDTH = 576
_MARGIN = 24
_SMALLEST = 20
_QR_SCALE = 5
_LETTERS = ("ĂăÂâĐđÊêÔôƠơƯư", "àảãáạ ằẳẵắặ ầẩẫấậ", "èẻẽéẹ ềểễếệ ìỉĩíị", "òỏõóọ ồổỗốộ ờởỡớợ", "ùủũúụ ừửữứự ỳỷỹýỵ")
_SYSTEM_FONTS = (
    Path("/usr/share/fonts/truetype/noto/NotoSans-Bold.ttf"),
    Path("/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf"),
    Path("C:/Windows/Fonts/arialbd.ttf"),
)


_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Line:
    """Text, the size it should have in dots, and the room below it."""

    text: str
    size: int
    below: int = 8


class TicketImages:
    """Draws the tickets of one clinic.

    :param font: a TrueType font with Vietnamese letters; a font of the system where it is None or not there.
    :raises ConfigurationError: where there is no font at all.
    """

    def __init__(self, *, clinic: Clinic, font: Path | None = None) -> None:
        self._clinic = clinic
        self._font = _usable_font(font)

    def png(self, ticket: Ticket, room: Room, masked_name: str) -> bytes:
        """The ticket as a PNG of one bit a pixel, :data:`WIDTH` wide."""
        return self._png(self._lines(ticket, room, masked_name), ticket.receipt or self.reference(ticket))

    def test_png(self, at: datetime) -> bytes:
        """A page that tries the printer: every letter of Vietnamese, and no number that could be taken for a ticket."""
        lines = [
            _Line(self._clinic.name_vi, 34, 18),
            _Line("PHIẾU THỬ · TEST", 60, 18),
            *(_Line(letters, 40) for letters in _LETTERS),
            _Line(_time_line(at), 30, 18),
        ]
        return self._png(lines, f"TEST/{self._clinic.code}")

    def _png(self, said: Iterable["_Line"], code_text: str) -> bytes:
        lines = [drawn for line in said for drawn in self._fitted(line)]
        code = _qr(code_text)
        height = 2 * _MARGIN + sum(_height(font) + line.below for line, font in lines) + code.height
        image = Image.new("1", (WIDTH, height), 1)
        self._draw(image, lines)
        image.paste(code, ((WIDTH - code.width) // 2, height - _MARGIN - code.height))
        out = io.BytesIO()
        image.save(out, "PNG", optimize=True)
        return out.getvalue()

    def png_or_none(self, ticket: Ticket, room: Room, masked_name: str) -> bytes | None:
        """The same, or None where it cannot be drawn: a picture must not take away what is committed."""
        try:
            return self.png(ticket, room, masked_name)
        except OSError as error:
            _log.error("ticket_not_drawn", kind=type(error).__name__)
            return None

    def reference(self, ticket: Ticket) -> str:
        """What the code says where there is no receipt: clinic, day, number and check code, nothing of the person."""
        day = clinic_day(ticket.issued_at).strftime("%Y%m%d")
        return f"TICKET/{self._clinic.code}/{day}/{ticket.number}/{ticket.check_code}"

    def _lines(self, ticket: Ticket, room: Room, masked_name: str) -> Iterator[_Line]:
        yield _Line(self._clinic.name_vi, 34, 18)
        yield _Line("SỐ THỨ TỰ · NUMBER", 26, 0)
        yield _Line(str(ticket.number), 190, 14)
        yield _Line(room.name_vi, 46)
        if room.place_vi:
            yield _Line(room.place_vi, 46)
        yield _Line(" · ".join(part for part in (room.name_en, room.place_en) if part), 26, 18)
        if masked_name:
            yield _Line(masked_name, 34)
        if ticket.priority:
            yield _Line("ƯU TIÊN · PRIORITY", 30)
        yield _Line(_time_line(ticket.issued_at), 30)
        if ticket.again:
            count = f" {ticket.copy}" if ticket.copy else ""
            yield _Line(f"Bản in lại{count} · Copy{count}", 26)
        yield _Line(f"Mã kiểm tra · Check code: {ticket.check_code}", 30, 18)

    def _fitted(self, line: _Line) -> list[tuple[_Line, ImageFont.FreeTypeFont]]:
        """The line in the largest size that fits, or in several lines of the smallest."""
        for size in range(line.size, _SMALLEST - 1, -2):
            font = ImageFont.truetype(str(self._font), size)
            if font.getlength(line.text) <= WIDTH - 2 * _MARGIN:
                return [(line, font)]
        font = ImageFont.truetype(str(self._font), _SMALLEST)
        return [(_Line(part, _SMALLEST, line.below), font) for part in _broken(line.text, font)]

    def _draw(self, image: Image.Image, lines: Sequence[tuple[_Line, ImageFont.FreeTypeFont]]) -> None:
        draw, y = ImageDraw.Draw(image), _MARGIN
        for line, font in lines:
            draw.text((WIDTH // 2, y), line.text, font=font, fill=0, anchor="ma")
            y += _height(font) + line.below


def _usable_font(wanted: Path | None) -> Path:
    for path in (wanted, *_SYSTEM_FONTS):
        if path is not None and path.is_file():
            return path
    raise ConfigurationError(
        "There is no font for tickets.", reason="never_set_up", remedy="Install the Debian package fonts-noto-core."
    )


def _height(font: ImageFont.FreeTypeFont) -> int:
    """Room for every accent above and every tail below."""
    ascent, descent = font.getmetrics()
    return int(ascent + descent)


def _broken(text: str, font: ImageFont.FreeTypeFont) -> Iterator[str]:
    """The text in parts that fit, broken between words, or within one that is too long alone."""
    part = ""
    for word in text.split():
        longer = f"{part} {word}".strip()
        if font.getlength(longer) <= WIDTH - 2 * _MARGIN:
            part = longer
            continue
        if part:
            yield part
        *whole, part = _pieces(word, font)
        yield from whole
    yield part


def _pieces(word: str, font: ImageFont.FreeTypeFont) -> list[str]:
    pieces = [""]
    for letter in word:
        if font.getlength(pieces[-1] + letter) > WIDTH - 2 * _MARGIN:
            pieces.append("")
        pieces[-1] += letter
    return pieces


def _time_line(issued_at: datetime) -> str:
    return issued_at.astimezone(VIETNAM_TIME).strftime("%H:%M  %d/%m/%Y")


def _qr(text: str) -> Image.Image:
    out = io.BytesIO()
    segno.make_qr(text, error="m").save(out, kind="png", scale=_QR_SCALE, border=2)
    return Image.open(out).convert("1")
