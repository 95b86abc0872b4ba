"""What may be installed: by version, by SHA-256, and under which licence."""

import re
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

LISTS = ("build", "run", "dev")
_HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


@pytest.fixture(scope="module", autouse=True)
def _script(root: Path) -> None:
    if str(root / "script") not in sys.path:
        sys.path.append(str(root / "script"))


def _listed(root: Path, which: str) -> dict[str, str]:
    import licences

    found: dict[str, str] = licences.listed(root / "requirements" / f"locked-{which}.txt")
    return found


@pytest.mark.parametrize("which", LISTS)
def test_a_list_names_packages_and_hashes_and_nothing_else(root: Path, which: str) -> None:
    head, *lines = (root / "requirements" / f"locked-{which}.txt").read_text("utf-8").splitlines()
    assert head.startswith("#")
    assert all(re.match(r"^[a-z0-9][a-z0-9._-]*==\S+( ; .+)? \\$", line) or _HASH.match(line) for line in lines)
    packages = [number for number, line in enumerate(lines) if "==" in line and not line.startswith(" ")]
    assert packages
    assert all(_HASH.match(lines[number + 1]) for number in packages), "every package has a hash"


@pytest.mark.parametrize("which", LISTS)
def test_a_list_has_the_pinned_versions(root: Path, which: str) -> None:
    pins = dict(
        line.split("==")
        for line in (root / "requirements" / "constraints.txt").read_text("utf-8").splitlines()
        if "==" in line and not line.startswith("#")
    )
    pinned = {str(canonicalize_name(name)): version for name, version in pins.items()}
    elsewhere = {"colorama", "tzdata"}
    assert {
        (name, version) for name, version in _listed(root, which).items() if name not in elsewhere or name in pinned
    } <= pinned.items()


def test_what_is_pinned_is_in_the_list(root: Path) -> None:
    lines = (root / "requirements" / "constraints.txt").read_text("utf-8").splitlines()
    pinned = {str(canonicalize_name(line.split("==")[0])) for line in lines if "==" in line and line[0] != "#"}
    assert pinned <= _listed(root, "dev").keys()


def test_this_environment_is_the_list(root: Path) -> None:
    wanted = _listed(root, "dev")
    there = {str(canonicalize_name(found.name)): found.version for found in metadata.distributions()}
    assert {(name, there[name]) for name in wanted.keys() & there.keys()} <= wanted.items()


def test_everything_shipped_has_a_licence_that_was_looked_at(root: Path) -> None:
    import licences

    found = list(licences.rows(root, root / "requirements" / "locked-run.txt"))
    assert len(found) > 50
    assert not [row for row in found if row[2] != "elsewhere" and not licences.is_allowed(row[2])]


@pytest.mark.parametrize(
    ("said", "allowed"),
    [
        ("MIT", True),
        ("GPL-3.0-only OR MIT", True),
        ("MIT AND GPL-3.0-only", False),
        ("AGPL-3.0-only", False),
        (None, False),
    ],
)
def test_what_is_allowed(said: str | None, allowed: bool) -> None:
    import licences

    assert licences.is_allowed(said) is allowed


def test_the_bill_of_materials_leaves_out_what_only_tests_need(root: Path) -> None:
    import sbom

    files = {"shipped": ["a" * 64]}
    bill = {
        "metadata": {"component": {"bom-ref": "root"}},
        "components": [
            {"bom-ref": "1", "name": "Shipped", "externalReferences": []},
            {"bom-ref": "2", "name": "only-tests"},
        ],
        "dependencies": [{"ref": "root", "dependsOn": ["1", "2"]}, {"ref": "2"}],
    }
    row = {"package": "htmx.org", "version": "2", "path": "js/htmx.js", "licence": "0BSD", "sha256": "b" * 64}
    made = sbom.shipped(bill, files, [row])
    assert [each["name"] for each in made["components"]] == ["Shipped", "js/htmx.js"]
    assert made["dependencies"] == [{"ref": "root", "dependsOn": ["1"]}]
    assert made["components"][0]["properties"][0]["value"] == "a" * 64
