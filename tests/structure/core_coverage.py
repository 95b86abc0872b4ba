"""How much of the core its own tests run through: every line and every branch counts, nothing is left out.

``python tests/structure/core_coverage.py`` runs the tests of the library's core with coverage, which takes minutes, and
fails where one of the packages has less than 98 % branch coverage, or a test failed. ``script/test --all`` does that.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("encoding", "iso7816", "lds", "crypto", "chip")
LEAST = 98.0
TESTS = (*(f"tests/idcard/{package}" for package in PACKAGES), "tests/hostile")
READING = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "tests" / "idcard").glob("test_reading*.py"))
# A file of its own: the usual one leaves out lines that only type checkers see.
SETTINGS = """[run]
branch = true
source_pkgs = idcard
[report]
exclude_lines =
"""


def measured(folder: Path) -> tuple[dict[str, float], int]:
    """The percentage of lines and branches that the tests ran through, by package; and how the tests ended."""
    settings, report = folder / "settings", folder / "report.json"
    settings.write_text(SETTINGS, encoding="utf-8")
    environment = {**os.environ, "COVERAGE_FILE": str(folder / "data")}
    options = [
        "--cov",
        f"--cov-config={settings}",
        f"--cov-report=json:{report}",
        "-o",
        f"cache_dir={folder / 'cache'}",
    ]
    command = [sys.executable, "-m", "pytest", "-q", *TESTS, *READING, *options]
    ended = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    files = json.loads(report.read_text(encoding="utf-8"))["files"]
    return {package: _percentage(files, f"idcard/{package}/") for package in PACKAGES}, ended


def _percentage(files: dict[str, dict[str, dict[str, int]]], start: str) -> float:
    counts = [file["summary"] for name, file in files.items() if Path(name).as_posix().startswith(start)]
    run = sum(each["covered_lines"] + each["covered_branches"] for each in counts)
    whole = sum(each["num_statements"] + each["num_branches"] for each in counts)
    return 100 * run / whole


def main() -> int:
    """Print the figures; 0 where all are high enough and no test failed."""
    with tempfile.TemporaryDirectory(prefix="coverage") as folder:
        figures, ended = measured(Path(folder))
    for package, figure in figures.items():
        print(f"{package}: {figure:.2f} %", "" if figure >= LEAST else f"is less than {LEAST:.0f} %")
    return ended or int(any(figure < LEAST for figure in figures.values()))


if __name__ == "__main__":
    sys.exit(main())
