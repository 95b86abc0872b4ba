"""Cells of a table for a spreadsheet that no spreadsheet takes for a formula.

Theory of operation. A spreadsheet runs what begins with ``=``, ``+``, ``-`` or ``@``. Some look past blanks, marks that
nobody sees and control characters before it, and some take the wide forms of these signs for the signs. Where a program
parts a line at another sign than we do (a semicolon, in many countries), a cell of its own begins in the middle of
ours. So an apostrophe goes before every such beginning, and before a tabulator or a line's end at the very front.
"""

import re
import unicodedata

_COMPUTES = frozenset("=+-@\N{MINUS SIGN}")
_PARTS = re.compile(r"""([,;|"\t\r\n])""")
_FRONT = ("\t", "\r", "\n")


def safe_cell(text: str) -> str:
    """The text, so that no spreadsheet computes it."""
    kept = "".join(f"'{part}" if _computes(part) else part for part in _PARTS.split(text))
    return f"'{kept}" if not kept.startswith("'") and (kept.startswith(_FRONT) or _computes(text)) else kept


def _computes(part: str) -> bool:
    """Whether the first sign that can be seen is one that begins a formula, or a wide or small form of one."""
    seen = next((char for char in part if unicodedata.category(char)[0] not in "ZC"), "")
    return unicodedata.normalize("NFKC", seen) in _COMPUTES
