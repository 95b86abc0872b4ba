"""The ticket as a raster: 576 dots, one bit, nothing cut, nobody in its code."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from idcard import ConfigurationError, scan
from kiosk.domain.route import Clinic, Room
from kiosk.domain.tickets import Ticket
from kiosk.services import ticket_image
from kiosk.services.ticket_image import WIDTH, TicketImages

ROOM = Room(id="a", name_vi="Nội tổng quát", name_en="General medicine", place_vi="Phòng 12", place_en="Room 12")
LONG = "Khoa khám bệnh theo yêu cầu và điều trị ngoại trú cho người cao tuổi, nhà B, tầng 3, cuối hành lang bên phải"


def clinic(name: str = "Trạm y tế phường Mẫu") -> Clinic:
    return Clinic(code="36001", name_vi=name, name_en="Model health station", rooms=(ROOM,))


def ticket(number: int = 27, *, priority: bool = False) -> Ticket:
    at = datetime(2026, 11, 23, 0, 42, tzinfo=UTC)
    return Ticket(visit_id="v", number=number, room_id="a", issued_at=at, check_code="K7P3", priority=priority)


def drawn(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


def test_a_ticket_is_576_dots_wide_and_black_or_white() -> None:
    image = drawn(TicketImages(clinic=clinic()).png(ticket(), ROOM, "TRẦN THỊ M**"))
    assert (image.width, image.mode, image.format) == (WIDTH, "1", "PNG")


def test_the_code_says_which_ticket_and_nothing_of_the_person() -> None:
    images = TicketImages(clinic=clinic())
    [symbol] = scan(images.png(ticket(), ROOM, "TRẦN THỊ M**"))
    assert symbol.data.decode() == images.reference(ticket()) == "TICKET/36001/20261123/27/K7P3"


@pytest.mark.parametrize("name", ["Trạm", LONG, "x" * 300, "ƯỘẤẪÝ " * 40])
@pytest.mark.parametrize("number", [1, 99999])
def test_nothing_is_cut_at_the_edges(name: str, number: int) -> None:
    room = Room(id="a", name_vi=name, name_en=name, place_vi=name, place_en=name)
    image = drawn(TicketImages(clinic=clinic(name)).png(ticket(number, priority=True), room, name))
    ink = image.convert("L").point(lambda value: 255 - value).getbbox()
    assert ink is not None
    left, top, right, bottom = ink
    assert left >= 8
    assert top >= 8
    assert right <= WIDTH - 8
    assert bottom <= image.height - 8


def test_every_line_is_there() -> None:
    images = TicketImages(clinic=clinic())
    plain = drawn(images.png(ticket(), ROOM, "TRẦN THỊ M**"))
    assert drawn(images.png(ticket(priority=True), ROOM, "TRẦN THỊ M**")).height > plain.height
    assert drawn(images.png(ticket(), ROOM, "")).height < plain.height


def test_accents_are_drawn() -> None:
    images = TicketImages(clinic=clinic())
    shown = {images.png(ticket(), ROOM, name) for name in ("TRẦN THỊ M**", "TRÂN THỊ M**", "TRAN THI M**")}
    assert len(shown) == 3


def test_a_given_font_is_used_and_a_missing_one_replaced() -> None:
    system = next(path for path in ticket_image._SYSTEM_FONTS if path.is_file())
    given = TicketImages(clinic=clinic(), font=system).png(ticket(), ROOM, "")
    assert TicketImages(clinic=clinic(), font=Path("/none.ttf")).png(ticket(), ROOM, "") == given


def test_no_font_at_all_is_said_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticket_image, "_SYSTEM_FONTS", ())
    with pytest.raises(ConfigurationError, match="fonts-noto-core"):
        TicketImages(clinic=clinic())
