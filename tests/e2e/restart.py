"""The kiosk's reader while its daemon is killed and started again: run by test_kiosk_reader.py, not by pytest.

Started by ``unshare`` like station.py, and alone with its daemon. Prints one line for each thing that the kiosk saw.
"""

import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from station import PORT, prepare, start_daemon

from idcard import Can, ReaderMissing, read
from idcard.testing import Holder, Issuer
from idcard.testing.vpcd import serve
from kiosk.devices.reader import PcscDesk

HOLDER = Holder(
    personal_number="036199000123",
    name="Trần Thị Mẫu",
    birth=date(1999, 3, 4),
    sex="F",
    issued=date(2022, 5, 1),
    expiry=date(2039, 3, 4),
)


def until(condition: Callable[[], bool]) -> None:
    """Wait for what must come."""
    deadline = time.monotonic() + 20
    while not condition():
        if time.monotonic() > deadline:
            sys.exit("it did not come")


def main(directory: Path) -> None:
    """One card before, and one after the daemon's death."""
    prepare(directory)
    card = Issuer.create(at=datetime(2021, 1, 1, tzinfo=UTC)).issue(HOLDER)
    desk = PcscDesk(first_pause_s=0.1, longest_pause_s=0.2)

    def present() -> bool:
        try:
            return desk.wait(0.2)
        except ReaderMissing:
            return False

    def missing() -> bool:
        try:
            desk.wait(0.2)
        except ReaderMissing:
            return True
        return False

    until(missing)
    print("missing", flush=True)
    for _ in range(2):
        process = start_daemon(directory)
        until(lambda: not missing())
        print("found", flush=True)
        server = serve(card, port=PORT)
        until(present)
        connection = desk.connect()
        evidence = read(Can(HOLDER.can), connection)
        connection.close()
        print(f"read {len(evidence.files)} files", flush=True)
        server.stop()
        until(lambda: not present())
        process.kill()
        process.wait()
        until(missing)
        print("missing", flush=True)
    desk.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    os._exit(0)
