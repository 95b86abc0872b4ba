"""Coverage of the core is a figure of everything in it: no comment leaves anything out, and the gate is there."""

import re
import runpy
from pathlib import Path

import pytest

GATE = runpy.run_path(str(Path(__file__).with_name("core_coverage.py")))
LEAST, PACKAGES, TESTS = GATE["LEAST"], GATE["PACKAGES"], GATE["TESTS"]

EXCLUSION = re.compile(r"#.*\b(pragma|no\s*cover|no\s*branch|coverage\s*:)", re.IGNORECASE)


@pytest.mark.parametrize("package", PACKAGES)
def test_no_comment_leaves_a_line_out(root: Path, package: str) -> None:
    files = sorted((root / "idcard" / package).rglob("*.py"))
    assert files
    for file in files:
        assert not EXCLUSION.search(file.read_text(encoding="utf-8")), file.name


def test_a_comment_that_leaves_out_would_be_found() -> None:
    assert EXCLUSION.search("x = 1  # pragma: no cover")
    assert EXCLUSION.search("if y:  # Pragma: NO BRANCH")


def test_the_long_run_measures_it(root: Path) -> None:
    assert LEAST == 98.0
    assert "tests/structure/core_coverage.py" in (root / "script" / "test").read_text(encoding="utf-8")
    assert all((root / path).is_dir() for path in TESTS)
