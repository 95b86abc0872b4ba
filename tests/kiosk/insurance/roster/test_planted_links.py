"""Whoever imports may be root, in a folder that the processes' users write: no link that lies there is followed."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kiosk.insurance.roster.state import disown, log_of

pytestmark = pytest.mark.skipif(os.name != "posix", reason="only administrators make links on Windows")
NEW = "036199000001"


@pytest.fixture(params=["not theirs\n", ""], ids=["full", "empty"])
def victim(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A file that nothing may touch."""
    file = tmp_path / "victim"
    file.write_text(request.param, "utf-8")
    yield file
    assert file.read_text("utf-8") == request.param


def test_an_import_writes_through_no_link(insurer: Any, person: Callable[..., str], victim: Path) -> None:
    insurer.install(person(personal=NEW))
    state = insurer.target.state_file
    for place in (insurer.target.beside(".new"), insurer.target.beside(".stage"), state.with_name(state.name + ".new")):
        place.unlink(missing_ok=True)
        place.symlink_to(victim)
    insurer.change(person(personal=NEW, insurance="GD4363600000001"))
    assert insurer.roster().info.sequence == 2
    assert not insurer.target.roster.is_symlink()
    assert not state.is_symlink()


def test_what_was_disowned_is_logged_through_no_link(insurer: Any, person: Callable[..., str], victim: Path) -> None:
    insurer.install(person(personal=NEW), sequence=5)
    log_of(insurer.target.state_file).symlink_to(victim)
    with pytest.raises(OSError, match="symbolic links"):
        disown(insurer.target.state_file, insurer.roster().info, sequence=5, by="admin-1", at=insurer.as_of)
