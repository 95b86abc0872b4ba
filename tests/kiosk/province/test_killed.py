"""What sends is killed at any moment, and started again: every admission is counted once, and no number twice."""

import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

PROGRAM = """
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from kiosk.keys import VisitOpener, load_clinic_private_key
from kiosk.province.identity import Identity
from kiosk.province.link import HubLink
from kiosk.province.parts import device_of, sender_of
from kiosk.province.settings import ProvinceSettings
from kiosk.store.database import Database

folder, clinic, hub = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
settings = ProvinceSettings(hub=hub, identity=folder / "identity", person_key=folder / "person.key")
sender = sender_of(
    settings,
    device_of(settings, clinic=clinic, desk="desk-1"),
    database=Database.open(folder / "store.db"),
    store=folder / "store.db",
    opener=VisitOpener(load_clinic_private_key(folder / "clinic.key")),
    link=HubLink(settings, Identity(settings.identity)),
    chance=lambda: 0.0,
)
now = datetime.fromisoformat(sys.argv[4])
print("ready", flush=True)
sys.stdin.readline()
while True:
    sender.step(now)
    time.sleep(0.01)
"""


def test_a_kill_at_any_moment_neither_loses_nor_doubles(clinic_sends: Any, tmp_path: Path) -> None:
    chance = random.Random(8)
    private = clinic_sends.desk.private
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "clinic.key").write_bytes(pem)
    made: dict[int, bytes] = {}
    # Started side by side: loading takes longest.
    for process in [started(clinic_sends, tmp_path) for _ in range(2)]:
        with process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdout.readline()
            process.stdin.write(b"go\n")
            process.stdin.flush()
            for _ in range(4):
                clinic_sends.admit()
            time.sleep(chance.uniform(0, 0.12))
            process.kill()
        for row in clinic_sends.events():
            assert made.setdefault(row.seq, row.envelope) == row.envelope
    clinic_sends.settle()
    numbers = [row.seq for row in clinic_sends.events()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert clinic_sends.exactly_once()


def started(clinic: Any, folder: Path) -> "subprocess.Popen[bytes]":
    hub = f"http://127.0.0.1:{clinic.wire.server_port}"
    now = clinic.desk.clock.now().isoformat()
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder), clinic.code, hub, now],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
