"""What must not be in the repository, and what must agree with what."""

import re
import tomllib
import unicodedata
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import idcard

TEXT = {
    ".py",
    ".md",
    ".toml",
    ".txt",
    ".html",
    ".css",
    ".js",
    ".yml",
    ".po",
    ".ini",
    ".sh",
    ".mako",
    ".json",
    ".csv",
    "",
}
# Written in pieces, so that this file does not find itself.
FORBIDDEN = {
    "package registry": "|".join(
        ("pypi" + r"\.org", "python" + r"hosted\.org", r"registry" + r"\.npm", "/opt/" + "pypi")
    ),
    "path of a machine": r"(?<![\w.])/(" + "|".join(("wo" + "rk/", "ro" + "ot/", "ho" + "me/", "Us" + "ers/")) + ")",
    "unfinished work": "|".join(r"\b" + word + r"\b" for word in ("TO" + "DO", "FIX" + "ME")),
    "merge conflict": "^" + "<" * 7 + r"\s|^" + ">" * 7 + r"\s",
}


@pytest.fixture(scope="session")
def texts(root: Path, tracked: tuple[Path, ...]) -> dict[Path, str]:
    """Every text file that people write."""
    return {
        path: (root / path).read_text(encoding="utf-8")
        for path in tracked
        if path.suffix in TEXT and path.parts[:2] != ("tests", "vectors")
    }


@pytest.fixture(scope="session")
def project(root: Path) -> dict[str, object]:
    return dict(tomllib.loads((root / "pyproject.toml").read_text())["project"])


@pytest.fixture(scope="session")
def pins(root: Path) -> dict[str, str]:
    """The exact versions, by normalized name."""
    lines = (root / "requirements" / "constraints.txt").read_text().splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    parsed = [re.fullmatch(r"([A-Za-z0-9._-]+)==([A-Za-z0-9.+!]+)", line) for line in wanted]
    assert all(parsed), "every line is NAME==VERSION"
    return {canonicalize_name(match[1]): match[2] for match in parsed if match}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_nothing_forbidden_is_written_down(texts: dict[Path, str], what: str) -> None:
    found = {
        f"{path}:{text.count(chr(10), 0, match.start()) + 1}"
        for path, text in texts.items()
        if (match := re.search(FORBIDDEN[what], text, re.MULTILINE))
    }
    assert not found


def test_texts_are_in_normal_form_c(texts: dict[Path, str]) -> None:
    assert not {str(path) for path, text in texts.items() if not unicodedata.is_normalized("NFC", text)}


def test_links_between_pages_lead_somewhere(root: Path, texts: dict[Path, str]) -> None:
    broken = {
        (str(path), target)
        for path, text in texts.items()
        if path.suffix == ".md"
        for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", text)
        if not (root / path.parent / target).exists()
    }
    assert not broken


def test_every_page_of_the_documentation_is_in_its_menu(root: Path, tracked: tuple[Path, ...]) -> None:
    menu = (root / "mkdocs.yml").read_text()
    pages = [
        path.relative_to("docs").as_posix() for path in tracked if path.parts[0] == "docs" and path.suffix == ".md"
    ]
    assert not [page for page in pages if page not in menu]


def test_the_version_is_said_once(project: dict[str, object]) -> None:
    assert idcard.__version__ == project["version"]


def test_changes_are_written_under_unreleased(root: Path) -> None:
    assert "## Unreleased\n" in (root / "CHANGELOG.md").read_text()


def test_direct_dependencies_are_pinned(root: Path, project: dict[str, object], pins: dict[str, str]) -> None:
    dependencies = list(project["dependencies"])  # type: ignore[call-overload]
    for extra in project["optional-dependencies"].values():  # type: ignore[attr-defined]
        dependencies += extra
    dependencies += [
        line
        for line in (root / "requirements" / "dev.txt").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    names = {canonicalize_name(Requirement(each).name) for each in dependencies} - {"idcard"}
    assert not names - set(pins)


def test_what_the_pinned_packages_need_is_pinned_too(pins: dict[str, str]) -> None:
    missing = {
        (name, needed.name)
        for name in pins
        for needed in map(Requirement, metadata.requires(name) or ())
        if (needed.marker is None or needed.marker.evaluate({"extra": ""}))
        and canonicalize_name(needed.name) not in pins
    }
    assert not missing


def test_the_pins_bring_no_address(root: Path) -> None:
    for path in (root / "requirements").iterdir():
        assert not re.search(r"^\s*-(?!-hash=sha256:)|://|@", path.read_text(), re.MULTILINE), path.name
