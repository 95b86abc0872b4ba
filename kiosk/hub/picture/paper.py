"""The weekly report on paper."""

from pathlib import Path

from kiosk.hub.picture.sheet import Line, Part, Sheet
from kiosk.paper import LEAF, MARGIN, RULE, SOFT, WIDTH, Paper

_ROW, _LABEL, _VALUE = 5.4, 90.0, 28.0
_LARGE, _LINE_HEIGHT = 18.0, 4.6


def pdf_of(sheet: Sheet, fonts: Path, language: str) -> bytes:
    """The sheet as a PDF file.

    :param fonts: the folder of the fonts that ship.
    """
    foot, title = f"{sheet.title} · {sheet.span}", f"{sheet.title} {sheet.span}"
    paper = Paper(fonts, foot=foot, title=title, language=language)
    paper.add_page()
    _head(paper, sheet)
    for part in sheet.parts:
        _part(paper, part)
    return bytes(paper.output())


def _head(paper: Paper, sheet: Sheet) -> None:
    paper.write_in(_LARGE, LEAF, bold=True)
    paper.cell(WIDTH, 10, sheet.title, new_x="LMARGIN", new_y="NEXT")
    paper.write_in(10.5, SOFT)
    paper.cell(WIDTH, 6, f"{sheet.span} · {sheet.made}", new_x="LMARGIN", new_y="NEXT")
    paper.write_in(9, SOFT)
    paper.multi_cell(WIDTH, _LINE_HEIGHT, sheet.note, new_x="LMARGIN", new_y="NEXT")
    paper.ln(3)
    paper.set_draw_color(*RULE)
    for label, value in sheet.facts:
        paper.write_in(10, SOFT)
        paper.cell(_LABEL, _ROW, label, border="B")
        paper.write_in(10, bold=True)
        paper.cell(_VALUE * 2, _ROW, value, border="B", align="R", new_x="LMARGIN", new_y="NEXT")
    paper.ln(4)


def _part(paper: Paper, part: Part) -> None:
    if paper.will_page_break(8 + _ROW * min(4, len(part.lines) + 2)):
        paper.add_page()
    paper.write_in(11.5, bold=True)
    paper.cell(WIDTH - _VALUE * len(part.heads), 8, part.title)
    paper.write_in(8.5, SOFT)
    for head in part.heads:
        paper.cell(_VALUE, 8, head, align="R")
    paper.ln(8)
    for line in part.lines:
        _line(paper, line)
    _line(paper, part.total, total=True)
    paper.ln(4)


def _line(paper: Paper, line: Line, *, total: bool = False) -> None:
    if paper.will_page_break(_ROW):
        paper.add_page()
    border = "T" if total else ""
    space = WIDTH - _VALUE * len(line.values)
    bar = 0.0 if line.bar is None else line.bar
    if bar:
        paper.set_fill_color(*LEAF)
        free = space - _LABEL
        paper.rect(MARGIN + _LABEL, paper.get_y() + 1.4, max(0.4, bar * (free - 4)), _ROW - 2.8, style="F")
    paper.write_in(9.5, bold=total)
    paper.cell(space, _ROW, paper.fitting(line.label, (space if total else _LABEL) - 2), border=border)
    paper.write_in(9.5, bold=True)
    for value in line.values:
        paper.cell(_VALUE, _ROW, value, align="R", border=border)
    paper.ln(_ROW)
