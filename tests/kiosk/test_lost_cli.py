"""``kiosk lost``: numbers come on standard input, and none comes out again."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from kiosk.cli import app
from kiosk.demo.provision import Options, provision

ONE, OTHER = "036190999904", "036185999901"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return provision(tmp_path_factory.mktemp("lost") / "demo", Options()).config("staff")


def run(config: Path, *arguments: str, said: str = "") -> Result:
    return CliRunner().invoke(app, ["lost", *arguments, "--config", str(config)], input=said)


def test_numbers_go_in_and_out_and_are_never_printed(config: Path) -> None:
    assert run(config, "add", said=f"{ONE}\n\n{OTHER[:3]} {OTHER[3:]}\n").stdout == "Added: 2\n"
    assert run(config, "add", "--lang", "vi", said=f"{ONE}\n").stdout == "Đã ghi: 0\n"
    listed = json.loads(run(config, "list", "--json").stdout)
    assert (listed["count"], {entry["by"] for entry in listed["entries"]}) == (2, {"command"})
    shown = run(config, "list")
    assert not {ONE, OTHER} & set(shown.stdout.split())
    assert run(config, "remove", said=f"{ONE}\n").stdout == "Removed: 1\n"
    assert run(config, "list").stdout.startswith("On the list: 1\n")


def test_a_line_that_is_no_number_changes_nothing(config: Path) -> None:
    before = json.loads(run(config, "list", "--json").stdout)["count"]
    refused = run(config, "add", said="036190999905\n12345\n")
    assert (refused.exit_code, refused.stdout) == (3, "")
    assert "Line 2" in refused.stderr
    assert "12345" not in refused.stderr
    assert json.loads(run(config, "list", "--json").stdout)["count"] == before


def test_without_the_rosters_key_there_is_no_list(config: Path, tmp_path: Path) -> None:
    lines = [line for line in config.read_text("utf-8").splitlines() if not line.startswith("roster")]
    other = config.with_name("staff-without-roster.toml")
    other.write_text("\n".join(lines), "utf-8")
    assert run(other, "list").exit_code == 3
