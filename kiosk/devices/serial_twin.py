"""The simulated twin of a serial scanner: the other end of a pseudo-terminal, with its faults on demand. POSIX only."""

import os
import pty
import time
import tty
from collections.abc import Iterable
from pathlib import Path


class SerialTwin:
    """A scanner whose port is a link to a pseudo-terminal.

    :param port: where the link is made, for :class:`~kiosk.devices.scanner.SerialScanner` to open.
    """

    def __init__(self, port: Path) -> None:
        self._port = port
        self._ends: tuple[int, int] | None = None
        self.plug()

    def plug(self) -> None:
        """Plug it in; its device is a new one each time, as it is with USB."""
        if self._ends is None:
            self._ends = pty.openpty()
            tty.setraw(self._ends[1])
            self._port.symlink_to(os.ttyname(self._ends[1]))

    def unplug(self) -> None:
        """Pull it out."""
        if self._ends is not None:
            self._port.unlink()
            for end in self._ends:
                os.close(end)
            self._ends = None

    def send(self, parts: Iterable[bytes], *, pause_s: float = 0.0) -> None:
        """Send a code in those parts, with a pause after each.

        :raises OSError: while it is unplugged.
        """
        for part in parts:
            if self._ends is None:
                raise OSError("the scanner is unplugged")
            os.write(self._ends[0], part)
            time.sleep(pause_s)
