"""A trust store that was brought back from a backup is refused by every command, without anybody asking for it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import idcard
from idcard.cli.trusted import state_of

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def vectors(root: Path) -> Path:
    return root / "tests" / "vectors" / "trust"


@pytest.fixture
def store(run: Run, tmp_path: Path, vectors: Path) -> Path:
    """A store that is older than the one that was there before."""
    store, backup = tmp_path / "store", tmp_path / "backup"
    assert run("trust", "add", vectors / "csca_vietnam_passport_2022.cer", "--trust", store)[0] == 0
    shutil.copytree(store, backup)
    assert run("trust", "add", vectors / "csca_austria_2019.cer", "--trust", store)[0] == 0
    shutil.rmtree(store)
    backup.rename(store)
    return store


@pytest.fixture
def file(tmp_path: Path) -> Path:
    idcard.save_evidence(tmp_path / "file", idcard.Evidence(files={}))
    return tmp_path / "file"


def refusal(out: str) -> Any:
    error = json.loads(out)["error"]
    assert error["facts"]["reason"] == "rolled_back"
    return error["message"]


@pytest.mark.parametrize(
    "command", [("list",), ("show", "6b5f"), ("check",), ("export", "--to", "x"), ("remove", "6b5f")]
)
def test_it_is_refused_by_what_keeps_the_store(run: Run, store: Path, command: tuple[str, ...]) -> None:
    code, out, _ = run("trust", *command, "--trust", store, "--json")
    assert (code, str(state_of(store, None)) in refusal(out)) == (2, True)


def test_nothing_is_added_to_it(run: Run, store: Path, vectors: Path) -> None:
    before = (store / "imported.store").read_bytes()
    code, out, _ = run("trust", "add", vectors / "csca_austria_2019.cer", "--trust", store, "--json")
    assert (code, bool(refusal(out))) == (2, True)
    assert (store / "imported.store").read_bytes() == before


def test_it_is_refused_by_verify_read_and_serve(run: Run, store: Path, file: Path) -> None:
    for command in (("verify", file), ("read", "--can", "999991")):
        code, out, _ = run(*command, "--trust", store, "--json")
        assert (code, bool(refusal(out))) == (2, True)
    code, out, err = run("serve", "--trust", store, "--port", "0")
    assert (code, out, "rolled back" in err) == (2, "", True)


def test_a_state_file_of_ones_own(run: Run, store: Path, file: Path, tmp_path: Path) -> None:
    state = tmp_path / "elsewhere"
    assert run("verify", file, "--trust", store, "--state", state)[0] == 1
    assert json.loads(state.read_text())["sequence"] == 1
    assert run("verify", file, "--trust", store)[0] == 2


def test_where_an_older_store_is_meant_the_state_file_is_removed(run: Run, store: Path) -> None:
    state_of(store, None).unlink()
    assert run("trust", "list", "--trust", store)[0] == 0


@pytest.mark.parametrize("state", ["no/where", "."])
def test_a_state_file_that_cannot_be_is_told(run: Run, store: Path, file: Path, tmp_path: Path, state: str) -> None:
    code, out, err = run("verify", file, "--trust", store, "--state", tmp_path / state)
    assert (code, out, "Traceback" in err, "[configuration]" in err) == (2, "", False, True)


def test_a_state_folder_that_cannot_be_made_is_told(
    run: Run, store: Path, file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(file))
    code, _, err = run("verify", file, "--trust", store)
    assert (code, "--state" in err) == (2, True)


def test_the_default_place_is_the_users_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "not/absolute")
    monkeypatch.setenv("HOME", str(tmp_path))
    one, other = state_of(tmp_path / "a" / "trust", None), state_of(tmp_path / "b" / "trust", None)
    assert one.parent == tmp_path / ".local" / "state" / "idcard"
    assert one != other
    assert one.name.startswith("trust-")
    assert state_of(tmp_path / "a" / ".." / "a" / "trust", None) == one
