"""Watches the reader until it is ended, and prints ``present``, ``absent`` or ``missing`` whenever that changes."""

import time

import idcard

watch, last = idcard.ReaderWatch(), ""
while True:
    try:
        now = "present" if watch.wait(0.5) else "absent"
    except idcard.ReaderMissing:
        now = "missing"
        time.sleep(0.1)
    if now != last:
        print(last := now, flush=True)
