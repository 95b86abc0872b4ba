"""MkDocs hooks: docstrings name things with Sphinx's roles, which the documentation shows as plain code; the matrix of
ASVS becomes tables.
"""

import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

_ROLE = re.compile(r":(?:attr|class|data|exc|func|meth|mod|py:\w+):<code>~?(?:[\w.]+\.)?(\w+(?:\(\))?)</code>")
_MATRIX = "<!-- asvs -->"
_CHAPTERS = (
    *("Encoding and cleaning", "Validation and business logic", "Web front end", "Interfaces", "Files"),
    *("Authentication", "Sessions", "Authorization", "Self-contained tokens", "OAuth and OpenID Connect"),
    *("Cryptography", "Communication", "Configuration", "Data protection", "Architecture and coding"),
    *("Logs and errors", "WebRTC"),
)


def on_page_content(html: str, **_: Any) -> str:
    """The page's HTML without roles: ``:class:`~idcard.Verdict``` becomes ``Verdict``."""
    return _ROLE.sub(r"<code>\1</code>", html)


def on_page_markdown(markdown: str, *, config: Any, **_: Any) -> str:
    """The page with the matrix where it asks for it."""
    if _MATRIX not in markdown:
        return markdown
    rows = tomllib.loads((Path(config["docs_dir"]) / "security" / "asvs.toml").read_text("utf-8"))
    return markdown.replace(_MATRIX, "\n".join(_tables(rows)))


def _tables(rows: dict[str, Any]) -> list[str]:
    lines = ["| | Met | Not here | Gaps |", "| --- | --- | --- | --- |"]
    chapters = [
        (number, title, {id: row for id, row in rows.items() if id.split(".")[0] == str(number)})
        for number, title in enumerate(_CHAPTERS, 1)
    ]
    for number, title, own in [*chapters, (0, "All", rows)]:
        many = Counter(_kind(row) for row in own.values())
        name = f"V{number} {title}" if number else title
        lines.append(f"| {name} | {many['met']} | {many['no']} | {many['gap']} |")
    for number, title, own in chapters:
        lines += [
            "",
            f"## V{number} {title}",
            "",
            "| | Level | Asks | Here | Shown by |",
            "| --- | --- | --- | --- | --- |",
        ]
        lines += [
            f"| {id} | {row['level']} | {row['asks']} | {_here(row)} | {_shown(row)} |" for id, row in own.items()
        ]
    return lines


def _kind(row: dict[str, Any]) -> str:
    return next(kind for kind in ("met", "no", "gap") if kind in row)


def _here(row: dict[str, Any]) -> str:
    words = {"met": "", "no": "*not here*: ", "gap": f"**gap, {row.get('bad')}**: "}
    return words[_kind(row)] + str(row[_kind(row)])


def _shown(row: dict[str, Any]) -> str:
    pages = [f"[{page}]({page})" for page in row.get("pages", ())]
    return "<br>".join([*(f"`{test}`" for test in row.get("tests", ())), *pages])
