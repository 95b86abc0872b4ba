"""Whoever is killed while changing a store leaves the old one or the new one, and can do it again."""

import multiprocessing
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from idcard.errors import ConfigurationError
from idcard.trust.archive import FILE
from idcard.trust.draft import editing
from idcard.trust.importing import add_file
from idcard.trust.settings import SETTINGS, Settings
from idcard.trust.store import TrustStore

AT = datetime(2026, 11, 23, tzinfo=UTC)
FORK = multiprocessing.get_context("fork")


def fill(directory: Path, *files: bytes) -> Path:
    with editing(directory, at=AT) as draft:
        for number, data in enumerate(files):
            add_file(draft, data, name=f"file {number}", at=AT)
    return directory


def killed_at_step(step: int, directory: Path, data: bytes) -> None:
    """A process that dies before its ``step``-th operation on the directory's files: opening, renaming, removing."""
    left = step

    def count(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if event in ("open", "os.rename", "os.remove", "os.mkdir") and str(arguments[0]).startswith(str(directory)):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    fill(directory, data)


def dies_at(step: int, directory: Path, data: bytes) -> bool:
    """Whether there was such a step to die at."""
    process = FORK.Process(target=killed_at_step, args=(step, directory, data))
    process.start()
    process.join(60)
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


def anchors(directory: Path) -> set[str] | None:
    """The fingerprints of the anchors; None where the store says that it was never set up."""
    try:
        return {one.fingerprint for one in TrustStore.from_directory(directory).anchors}
    except ConfigurationError as error:
        return None if error.reason == "never_set_up" else {error.reason}


@pytest.mark.serial
def test_a_kill_at_any_step_of_the_first_import(pki: Any, tmp_path: Path) -> None:
    one = pki.csca("AA")
    found = []
    for step in range(1, 100):
        directory = tmp_path / f"store {step}"
        died = dies_at(step, directory, one.der)
        found.append(anchors(directory))
        # The same file again: now the store is there, with all that belongs to it.
        fill(directory, one.der)
        assert anchors(directory) == {one.fingerprint}
        assert Settings.read(directory).format == 2
        if not died:
            break
    new = {one.fingerprint}
    turn = found.index(new)
    assert found == [None] * turn + [new] * (len(found) - turn)
    assert min(turn, len(found) - turn) > 3


@pytest.mark.serial
def test_a_kill_at_any_step_of_a_later_import(pki: Any, tmp_path: Path) -> None:
    one, two = pki.csca("AA"), pki.csca("BB")
    old, new = {one.fingerprint}, {one.fingerprint, two.fingerprint}
    found = []
    for step in range(1, 100):
        directory = fill(tmp_path / f"store {step}", one.der)
        died = dies_at(step, directory, two.der)
        found.append(anchors(directory))
        assert anchors(fill(directory, two.der)) == new
        if not died:
            break
    turn = found.index(new)
    assert found == [old] * turn + [new] * (len(found) - turn)
    assert min(turn, len(found) - turn) > 2


def test_a_store_whose_settings_were_never_written_is_mended(pki: Any, tmp_path: Path) -> None:
    """So did earlier releases leave it where they were killed between the two files."""
    one = pki.csca("AA")
    (fill(tmp_path, one.der) / SETTINGS).unlink()
    assert anchors(tmp_path) is None
    assert anchors(fill(tmp_path, one.der)) == {one.fingerprint}


def test_nothing_is_added_to_a_store_that_lost_its_imports(pki: Any, tmp_path: Path) -> None:
    """It would become a smaller store that looks like a whole one."""
    (fill(tmp_path, pki.csca("AA").der) / FILE).unlink()
    with pytest.raises(ConfigurationError) as caught:
        fill(tmp_path, pki.csca("BB").der)
    assert caught.value.reason == "damaged"


IMPORT = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from idcard.trust.draft import editing
from idcard.trust.importing import add_file
at = datetime(2026, 11, 23, tzinfo=UTC)
while True:
    for name in sys.argv[2:]:
        with editing(Path(sys.argv[1]), at=at) as draft:
            found = add_file(draft, Path(name).read_bytes(), name=name, at=at).findings[0]
            if found.outcome == "known":
                draft.remove(found.fingerprint)
        print("written", flush=True)
"""


@pytest.mark.serial
@pytest.mark.parametrize("delay_ms", [0, 1, 2, 5])
def test_a_kill_in_the_middle_leaves_the_old_store_or_the_new_one(
    pki: Any, tmp_path: Path, root: Path, delay_ms: int
) -> None:
    keeps, comes = pki.csca("AA"), pki.csca("BB")
    store = fill(tmp_path / "store", keeps.der)
    file = tmp_path / "b.cer"
    file.write_bytes(comes.der)
    for _ in range(3):
        program = [sys.executable, "-c", IMPORT, str(store), str(file)]
        with subprocess.Popen(program, cwd=root, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(1 + delay_ms):
                process.stdout.readline()
            process.send_signal(signal.SIGKILL)
        found = {one.fingerprint for one in TrustStore.from_directory(store).anchors}
        assert found in ({keeps.fingerprint}, {keeps.fingerprint, comes.fingerprint})


def killed_before_the_rename(store: str, file: str) -> None:
    """A process that dies when everything is written and nothing has its name yet."""
    Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[method-assign, assignment]
    fill(Path(store), Path(file).read_bytes())


@pytest.mark.serial
def test_a_kill_before_the_rename_leaves_the_old_store(pki: Any, tmp_path: Path) -> None:
    old, new = pki.csca("AA"), pki.csca("BB")
    store, file = fill(tmp_path / "store", old.der), tmp_path / "b.cer"
    file.write_bytes(new.der)
    before = TrustStore.from_directory(store).version
    process = multiprocessing.get_context("fork").Process(target=killed_before_the_rename, args=(str(store), str(file)))
    process.start()
    process.join(30)
    assert process.exitcode == -signal.SIGKILL
    assert TrustStore.from_directory(store).version == before
    # What was left aside disturbs nobody, and the next import works.
    assert len(TrustStore.from_directory(fill(store, new.der)).anchors) == 2


def test_nothing_is_written_where_nothing_was_taken(tmp_path: Path) -> None:
    fill(tmp_path)
    assert anchors(tmp_path) is None
    assert not list(tmp_path.glob("[!.]*"))
