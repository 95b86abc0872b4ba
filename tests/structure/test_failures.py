"""Every error has a stable code, and docs/failures.md says what to do about each, in both languages."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import idcard
from kiosk.domain.codes import Code

PACKAGES = [Path(__file__).parents[2] / name for name in ("idcard", "kiosk")]
DESK_CODES = [f"E{number:02}" for number in range(1, 19)]
# The same ticket again is no failure, so no error carries the code.
NO_FAILURE = {"E12"}


@pytest.fixture(scope="session")
def sections(root: Path) -> Mapping[str, str]:
    """The sections of the catalogue by their code."""
    text = (root / "docs" / "failures.md").read_text(encoding="utf-8")
    parts = re.split(r"^### `?(\w+)`?.*$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def stated_code(node: ast.ClassDef) -> str | None:
    """What a class says with ``code = "…"``, with or without a type."""
    for statement in node.body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id="code")], value=ast.Constant(value=str(code)))
                | ast.AnnAssign(target=ast.Name(id="code"), value=ast.Constant(value=str(code)))
            ):
                return code
    return None


def error_codes() -> Iterator[str]:
    """The code of every error in both packages, whether it was imported or not."""
    for package in PACKAGES:
        for path in sorted(package.rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef) and (code := stated_code(node)) is not None:
                    yield code


CODES = list(error_codes())


def test_the_codes_are_found() -> None:
    assert {idcard.IdCardError.code, idcard.CardRemoved.code, idcard.NotVerified.code} <= set(CODES)


def test_no_two_errors_share_a_code() -> None:
    assert len(set(CODES)) == len(CODES)


@pytest.mark.parametrize("code", CODES)
def test_every_error_code_is_in_the_catalogue(sections: Mapping[str, str], code: str) -> None:
    assert code in sections


@pytest.mark.parametrize("code", DESK_CODES)
def test_every_desk_code_is_in_the_catalogue(sections: Mapping[str, str], code: str) -> None:
    assert code in sections


def test_the_catalogue_holds_no_code_that_does_not_exist(sections: Mapping[str, str]) -> None:
    assert set(sections) == set(CODES) | set(DESK_CODES)


def test_every_section_says_what_to_do_in_both_languages(sections: Mapping[str, str]) -> None:
    silent = {
        code
        for code, text in sections.items()
        if code not in ("idcard", "configuration") and not ("**Do:**" in text and "**Cần làm:**" in text)
    }
    assert not silent


def test_reserved_desk_codes_are_those_that_nothing_raises(sections: Mapping[str, str]) -> None:
    raised = {code.value for code in Code}
    reserved = {code for code in DESK_CODES if "*Reserved.*" in sections[code]}
    assert reserved == set(DESK_CODES) - raised - NO_FAILURE


def stated_reasons(tree: ast.Module) -> Iterator[str]:
    """``ConfigurationError(…, reason="…")``, and the last argument of a module's own ``_problem(…)``."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        stated = [word.value for word in node.keywords if word.arg == "reason"]
        if node.func.id in ("ConfigurationError", "_problem"):
            stated += node.args[2:] if node.func.id == "_problem" else []
            yield from (each.value for each in stated if isinstance(each, ast.Constant) and isinstance(each.value, str))


def test_every_configuration_reason_is_in_the_catalogue(sections: Mapping[str, str]) -> None:
    sources = [path for package in PACKAGES for path in package.rglob("*.py")]
    used = {reason for path in sources for reason in stated_reasons(ast.parse(path.read_text(encoding="utf-8")))}
    assert {"never_set_up", "damaged", "wrong_setting"} <= used
    assert not {reason for reason in used if f"`{reason}`" not in sections["configuration"]}
