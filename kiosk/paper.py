"""Reports on paper: A4, with the font that ships, so that every accent is where it belongs."""

from pathlib import Path

from fpdf import FPDF

_FONT = "kiosk"
INK, SOFT, LEAF, RULE = (16, 33, 31), (64, 82, 79), (10, 92, 79), (217, 210, 197)
MARGIN, WIDTH = 16.0, 178.0
"""Millimetres, of 210."""


class Paper(FPDF):
    """Pages with their number, and at their foot what they are about.

    :param fonts: the folder of the fonts that ship. :param language: ``vi`` or ``en``.
    """

    def __init__(self, fonts: Path, *, foot: str, title: str, language: str) -> None:
        super().__init__(format="A4")
        self.set_title(title)
        self.set_lang(language)
        self._foot = foot
        self.add_font(_FONT, "", fonts / "BeVietnamPro_400Regular.ttf")
        self.add_font(_FONT, "B", fonts / "BeVietnamPro_700Bold.ttf")
        self.set_margin(MARGIN)
        self.set_auto_page_break(True, margin=18)

    def footer(self) -> None:
        """The foot of a page."""
        self.set_y(-13)
        self.write_in(8, SOFT)
        self.cell(WIDTH - 20, 5, self._foot)
        self.cell(20, 5, f"{self.page_no()}/{{nb}}", align="R")

    def write_in(self, size: float, colour: tuple[int, int, int] = INK, *, bold: bool = False) -> None:
        """Write what follows in this size, in points, and this colour."""
        self.set_font(_FONT, "B" if bold else "", size)
        self.set_text_color(*colour)

    def fitting(self, text: str, width: float) -> str:
        """The text, shortened where it does not fit into so many millimetres."""
        while self.get_string_width(text) > width and len(text) > 1:
            text = text[:-2] + "…"
        return text
