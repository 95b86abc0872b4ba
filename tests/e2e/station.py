"""A card reader with a card on it, in namespaces of its own: run by the end-to-end tests, not by pytest.

Started by ``unshare`` as process 1 of new mount, network and process namespaces, so that the reader driver's port,
which has no password, is reachable from nowhere else, and so that everything started here ends with this process. PC/SC
clients outside reach the daemon by its socket ``DIR/pcscd.comm``.

The tests steer the reader through standard input, one JSON object a line: ``{"card": "honest"}`` puts that card on the
reader, ``{"card": "honest", "leave_after": 20}`` one that is gone before it answers its 21st command, and
``{"card": null}`` takes it away; ``{"daemon": "stop"}`` and ``{"daemon": "start"}`` are for the daemon itself, and take
the card away too. Each is answered by a line ``ok``. End of input ends everything.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from cards import Deck

from idcard.testing import SimulatedCard
from idcard.testing.vpcd import CardServer, serve

PORT = 0x8CAA
READER = f"""FRIENDLYNAME "Virtual PCD"
DEVICENAME /dev/null:0x{PORT:X}
LIBPATH /usr/lib/pcsc/drivers/serial/libifdvpcd.so
CHANNELID 0x{PORT:X}
"""


def run(*command: str) -> None:
    """A command that must succeed."""
    subprocess.run(command, check=True)


def prepare(directory: Path) -> None:
    """A loopback interface, and a fresh /run, which hides the machine's own daemons, with ``directory`` as pcscd's."""
    run("ip", "link", "set", "lo", "up")
    run("mount", "-t", "tmpfs", "tmpfs", "/run")
    Path("/run/pcscd").mkdir()
    run("mount", "--bind", str(directory), "/run/pcscd")
    (directory / "readers").mkdir()
    (directory / "readers" / "virtual").write_text(READER)


def start_daemon(directory: Path) -> subprocess.Popen[bytes]:
    """pcscd with the virtual reader, its socket in ``directory``."""
    command = ("pcscd", "--foreground", "--config", str(directory / "readers"))
    with (directory / "pcscd.log").open("ab") as log:
        daemon = subprocess.Popen(command, stdout=log, stderr=log)
    deadline = time.monotonic() + 15
    while not (directory / "pcscd.comm").exists():
        if daemon.poll() is not None or time.monotonic() > deadline:
            sys.exit("pcscd did not start")
        time.sleep(0.02)
    return daemon


def stop_daemon(directory: Path, daemon: subprocess.Popen[bytes]) -> None:
    """End pcscd, as a machine's administrator would."""
    daemon.terminate()
    daemon.wait(10)
    for name in ("pcscd.comm", "pcscd.pid"):
        (directory / name).unlink(missing_ok=True)


class LeavingCard:
    """A card that is taken away before it answers one more than ``commands`` commands."""

    def __init__(self, card: SimulatedCard, commands: int) -> None:
        self._card = card
        self._left = commands

    @property
    def atr(self) -> bytes:
        return self._card.atr

    def power_on(self) -> None:
        self._card.power_on()

    def power_off(self) -> None:
        self._card.power_off()

    def reset(self) -> None:
        self._card.reset()

    def transmit(self, command: bytes) -> bytes:
        self._left -= 1
        if self._left < 0:
            raise ConnectionResetError
        return self._card.transmit(command)


def main(directory: Path) -> None:
    """Serve until the end of input."""
    deck = Deck(directory)
    prepare(directory)
    daemon = start_daemon(directory)
    on_reader: CardServer | None = None
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        if on_reader is not None:
            on_reader.stop()
            on_reader = None
        if "daemon" in order:
            if order["daemon"] == "stop":
                stop_daemon(directory, daemon)
            else:
                daemon = start_daemon(directory)
        elif order["card"] is not None:
            card = deck.card(order["card"])
            after = order.get("leave_after")
            on_reader = serve(card if after is None else LeavingCard(card, after), port=PORT)
        print("ok", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    # Process 1 ends, and with it the daemon.
    os._exit(0)
