"""MkDocs hook: docstrings name things with Sphinx's roles, which the documentation shows as plain code."""

import re
from typing import Any

_ROLE = re.compile(r":(?:attr|class|data|exc|func|meth|mod|py:\w+):<code>~?(?:[\w.]+\.)?(\w+(?:\(\))?)</code>")


def on_page_content(html: str, **_: Any) -> str:
    """The page's HTML without roles: ``:class:`~idcard.Verdict``` becomes ``Verdict``."""
    return _ROLE.sub(r"<code>\1</code>", html)
