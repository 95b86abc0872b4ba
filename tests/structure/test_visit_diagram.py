"""The picture in the manual shows the table that runs."""

from hashlib import sha256
from pathlib import Path

from kiosk.domain.flow_diagram import mermaid

PICTURE = Path(__file__).parents[2] / "docs" / "assets" / "visit.svg"


def test_the_picture_is_as_new_as_the_table() -> None:
    digest = sha256(mermaid().encode()).hexdigest()
    assert f"<!-- table {digest} -->" in PICTURE.read_text("utf-8"), "run script/draw-visit"
