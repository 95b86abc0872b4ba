"""The kiosk's reader over a card whose driver hangs for a while: prints what each look and each try brings."""

import time

from idcard import IdCardError
from kiosk.devices.reader import PcscDesk

GET_CHALLENGE = b"\x00\x84\x00\x00\x08"


def tried() -> str:
    """What one command brings, and how long that takes."""
    started = time.monotonic()
    try:
        connection = desk.connect()
        try:
            connection.transmit(GET_CHALLENGE)
            return "answered"
        finally:
            connection.close()
    except IdCardError as error:
        return error.code if time.monotonic() - started < 3 else "late"


def looked() -> str:
    """What one look brings."""
    try:
        return "present" if desk.wait(0.1) else "absent"
    except IdCardError as error:
        return error.code


desk = PcscDesk(first_pause_s=0.1, longest_pause_s=0.2, patience_s=0.5)
print(looked(), tried(), looked(), flush=True)
deadline = time.monotonic() + 15
while looked() != "present" and time.monotonic() < deadline:
    time.sleep(0.05)
print(tried(), looked(), flush=True)
