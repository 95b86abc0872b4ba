"""The kiosk's reader, looked at once for each line that comes: prints ``present`` or ``absent``."""

import sys

from kiosk.devices.reader import PcscDesk

desk = PcscDesk()
for line in sys.stdin:
    if line.strip() == "read":
        desk.connect().close()
        print("read", flush=True)
    else:
        print("present" if desk.wait(0.1) else "absent", flush=True)
