"""Two programs that open an older and a newer store in the same moment: the newer one is noted, whoever comes first."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from idcard.errors import ConfigurationError
from idcard.trust.lock import locked
from idcard.trust.rollback import check_not_rolled_back

PROGRAM = """
import sys
from pathlib import Path
from idcard.errors import ConfigurationError
from idcard.trust.rollback import check_not_rolled_back

state, number, waits = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "waits"

def told(event, arguments):
    # Before the new file gets its name, everything was read and decided.
    if event == "os.rename" and Path(arguments[1]) == state and waits:
        print("about to write", flush=True)
        sys.stdin.readline()
    # LOCK_EX or LK_LOCK; the other numbers let go of it.
    if event in ("fcntl.flock", "msvcrt.locking") and arguments[1] in (1, 2):
        print("asks for the lock", flush=True)

sys.addaudithook(told)
try:
    check_not_rolled_back(state, sequence=number, digest=str(number))
    print("done", flush=True)
except ConfigurationError as error:
    print(error.reason, flush=True)
"""

Program = subprocess.Popen[str]
Start = Callable[..., Program]


@pytest.fixture
def start(tmp_path: Path, root: Path) -> Iterator[Start]:
    """Starts a program that opens the store of that number."""
    started: list[Program] = []

    def make(number: int, *, waits: bool = False) -> Program:
        command = [sys.executable, "-c", PROGRAM, str(tmp_path / "state"), str(number), "waits" if waits else "goes on"]
        process = subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield make
    for process in started:
        process.kill()
        process.communicate(timeout=30)


def says_until(process: Program, *lines: str) -> str:
    """Whichever of these lines the program says first."""
    assert process.stdout
    for line in process.stdout:
        if line.strip() in lines:
            return line.strip()
    raise AssertionError(f"the program ended without any of {lines}")


def go_on(process: Program) -> str:
    """Let the program write, and what came of it."""
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.flush()
    return says_until(process, "done", "rolled_back", "not_writable")


@pytest.mark.parametrize(
    ("first", "second", "ends"), [(1, 2, ("done", "done")), (2, 2, ("done", "done")), (2, 1, ("done", "rolled_back"))]
)
def test_the_newer_of_two_at_once_is_noted(
    start: Start, tmp_path: Path, first: int, second: int, ends: tuple[str, str]
) -> None:
    before = start(first, waits=True)
    says_until(before, "about to write")
    # The other one has read the same state by then, and waits; without a lock it would come to its end.
    after = start(second)
    told = says_until(after, "asks for the lock", "done", "rolled_back")
    assert told == "asks for the lock"
    assert (go_on(before), says_until(after, "done", "rolled_back")) == ends
    check_not_rolled_back(tmp_path / "state", sequence=2, digest="2")
    with pytest.raises(ConfigurationError) as caught:
        check_not_rolled_back(tmp_path / "state", sequence=1, digest="1")
    assert caught.value.reason == "rolled_back"


def test_who_was_killed_keeps_nobody_out(start: Start, tmp_path: Path) -> None:
    dies = start(1, waits=True)
    says_until(dies, "about to write")
    dies.kill()
    dies.wait(30)
    assert says_until(start(2), "done", "rolled_back") == "done"


def test_where_nothing_is_to_be_noted_nobody_waits(start: Start, tmp_path: Path) -> None:
    """So a program that may only read the state file goes on, too."""
    state = tmp_path / "state"
    check_not_rolled_back(state, sequence=2, digest="2")
    with locked(tmp_path / ".state.lock"):
        assert says_until(start(2), "asks for the lock", "done") == "done"
        assert says_until(start(1), "asks for the lock", "rolled_back") == "rolled_back"


def test_a_lock_is_free_again_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), locked(tmp_path / "lock"):
        raise RuntimeError
    with locked(tmp_path / "lock"):
        assert (tmp_path / "lock").is_file()
