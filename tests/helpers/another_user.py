"""What another user of this machine can do, tried as that user where these tests may become one."""

import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534
CAN_BECOME = hasattr(os, "fork") and os.geteuid() == 0


def another_can(work: Callable[[], object]) -> bool:
    """Whether another user's process gets this done without an OSError; root alone can ask.

    The process is a child of this one, with another user's and group's number and no group beside.
    """
    child = os.fork()
    if child == 0:
        status = 2
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            work()
            status = 0
        except OSError:
            status = 1
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, 1), f"the other user's process ended with {status}"
    return status == 0


def is_for_its_owner(path: Path) -> bool:
    """Whether nobody else can read it: tried where that can be done, else by what the file system says."""
    if CAN_BECOME:
        return not another_can(path.read_bytes)
    return stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO) == 0


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder into which everybody may look: what is in it must guard itself."""
    with tempfile.TemporaryDirectory(prefix="kiosk-open-") as name:
        Path(name).chmod(0o755)
        yield Path(name)
