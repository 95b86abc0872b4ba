"""Files that other people made are unchanged, and none is missing from the list."""

import hashlib
import tomllib
from typing import Any

from kiosk.web.common.factory import WEB

STATIC = WEB / "static"
OWN = {".css", ".js", ".svg", ".toml"}


def listed() -> list[dict[str, Any]]:
    return list(tomllib.loads((STATIC / "VENDORED.toml").read_text(encoding="utf-8"))["file"])


def test_every_file_has_the_hash_it_came_with() -> None:
    for file in listed():
        assert hashlib.sha256((STATIC / file["path"]).read_bytes()).hexdigest() == file["sha256"], file["path"]


def test_every_file_says_where_it_comes_from() -> None:
    for file in listed():
        assert set(file) == {"path", "package", "version", "licence", "sha256"}
        assert all(file.values())


def test_every_foreign_file_is_listed_and_every_licence_is_beside() -> None:
    present = {
        path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file() and path.suffix not in OWN
    }
    assert present == {file["path"] for file in listed()}
    assert (STATIC / "fonts" / "BeVietnamPro-LICENSE.txt").read_text(encoding="utf-8").count("SIL OPEN FONT LICENSE")


def test_every_font_that_the_page_names_is_there() -> None:
    names = {file["path"].split("/")[-1] for file in listed() if file["path"].endswith(".woff2")}
    css = (STATIC / "css" / "fonts.css").read_text(encoding="utf-8")
    assert all(f'url("../fonts/{name}")' in css for name in names)
    assert css.count("url(") == len(names)
