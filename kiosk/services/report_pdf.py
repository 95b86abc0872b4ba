"""The report of a day on paper."""

from pathlib import Path

from kiosk.paper import LEAF, RULE, SOFT, WIDTH, Paper
from kiosk.services.report_sheet import Sheet, Table

_ROW, _LABEL, _VALUE, _BAR = 5.6, 66.0, 24.0, 40.0
_FACTS_ACROSS = 2


def pdf_of(sheet: Sheet, fonts: Path, language: str) -> bytes:
    """The sheet as a PDF file.

    :param fonts: the folder of the fonts that ship.
    """
    foot, title = f"{sheet.clinic} · {sheet.day}", f"{sheet.title} {sheet.day}"
    paper = Paper(fonts, foot=foot, title=title, language=language)
    paper.add_page()
    _head(paper, sheet)
    _facts(paper, sheet)
    for table in sheet.tables:
        _table(paper, table)
    _ends(paper, sheet)
    return bytes(paper.output())


def _head(paper: Paper, sheet: Sheet) -> None:
    paper.write_in(19, LEAF, bold=True)
    paper.cell(WIDTH, 10, f"{sheet.title} · {sheet.day}", new_x="LMARGIN", new_y="NEXT")
    paper.write_in(10.5, SOFT)
    paper.cell(WIDTH, 6, f"{sheet.clinic} · {sheet.made}", new_x="LMARGIN", new_y="NEXT")
    paper.ln(3)


def _facts(paper: Paper, sheet: Sheet) -> None:
    across = WIDTH / _FACTS_ACROSS
    paper.set_draw_color(*RULE)
    for place, (label, value) in enumerate(sheet.facts, 1):
        ends = place % _FACTS_ACROSS == 0 or place == len(sheet.facts)
        paper.write_in(9.5, SOFT)
        paper.cell(across * 0.55, _ROW, label, border="B")
        paper.write_in(9.5, bold=True)
        paper.cell(across * 0.4, _ROW, value, border="B", align="R")
        paper.cell(across * 0.05, _ROW, "")
        if ends:
            paper.ln(_ROW)
    paper.ln(3)


def _table(paper: Paper, table: Table) -> None:
    if paper.will_page_break(8 + _ROW * min(3, len(table.rows) + 1)):
        paper.add_page()
    paper.write_in(11.5, bold=True)
    paper.cell(_LABEL + _BAR, 8, table.title)
    paper.write_in(8.5, SOFT)
    for head in table.heads:
        paper.cell(_VALUE, 8, head, align="R")
    paper.ln(8)
    for row in table.rows:
        _row(paper, row.label, row.values, row.bar)
    paper.ln(3)


def _row(paper: Paper, label: str, values: tuple[str, ...], bar: float | None) -> None:
    if paper.will_page_break(_ROW):
        paper.add_page()
    paper.write_in(9.5)
    paper.cell(_LABEL, _ROW, paper.fitting(label, _LABEL - 2))
    if bar:
        paper.set_fill_color(*LEAF)
        paper.rect(paper.get_x(), paper.get_y() + 1.4, max(0.4, bar * (_BAR - 4)), _ROW - 2.8, style="F")
    paper.set_x(paper.get_x() + _BAR)
    paper.write_in(9.5, bold=True)
    for value in values:
        paper.cell(_VALUE, _ROW, value, align="R")
    paper.ln(_ROW)


def _ends(paper: Paper, sheet: Sheet) -> None:
    paper.ln(2)
    paper.write_in(11.5, bold=True)
    paper.cell(WIDTH, 7, sheet.words["heads"], new_x="LMARGIN", new_y="NEXT")
    paper.write_in(8.5, SOFT)
    paper.multi_cell(WIDTH, 4.4, sheet.words["heads.why"], new_x="LMARGIN", new_y="NEXT")
    paper.write_in(8)
    for head in sheet.heads:
        paper.multi_cell(WIDTH, 4.6, head, new_x="LMARGIN", new_y="NEXT")
