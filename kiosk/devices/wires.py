"""Ways to a printer: a network socket, a device file, USB. Each sends bytes, and hears what comes back."""

import contextlib
import os
import socket
import time
from pathlib import Path
from typing import Any, Protocol

PRINTER_PORT = 9100
"""Where network printers listen for raw bytes."""
_CHUNK = 512
_PRINTER_CLASS = 7
"""The class of printers among USB devices."""


class Wire(Protocol):
    """One conversation with a printer; everything raises OSError where it breaks."""

    def send(self, data: bytes) -> None:
        """Give all of it to the printer."""

    def receive(self, timeout_s: float) -> bytes:
        """What came within the time-out, or nothing."""

    def close(self) -> None:
        """Hang up."""


class NetworkWire:
    """A raw socket, as printers with a network plug have it.

    :param patience_s: how long the printer may take to accept the call, or the next bytes.
    """

    def __init__(self, host: str, port: int = PRINTER_PORT, *, patience_s: float = 5.0) -> None:
        self._patience_s = patience_s
        self._socket = socket.create_connection((host, port), timeout=patience_s)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data: bytes) -> None:
        """Give all of it to the printer."""
        self._socket.settimeout(self._patience_s)
        self._socket.sendall(data)

    def receive(self, timeout_s: float) -> bytes:
        """What came within the time-out, or nothing."""
        self._socket.settimeout(max(timeout_s, 0.001))
        try:
            heard = self._socket.recv(_CHUNK)
        except TimeoutError:
            return b""
        if not heard:
            raise ConnectionResetError("the printer hung up")
        return heard

    def close(self) -> None:
        """Hang up; what was sent still arrives, for nothing unread is left to reset the line."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
            self.receive(0.05)
        self._socket.close()


class FileWire:
    """The file of a printer's driver, such as ``/dev/usb/lp0``; one that cannot be read tells nothing."""

    def __init__(self, path: Path, *, patience_s: float = 5.0) -> None:
        self._patience_s = patience_s
        # A driver without a reader must not hold this process: what would wait, is tried again until it is too late.
        flags = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOCTTY", 0)
        self._readable = True
        try:
            self._file = os.open(path, os.O_RDWR | flags)
        except PermissionError:
            self._file = os.open(path, os.O_WRONLY | flags)
            self._readable = False

    def send(self, data: bytes) -> None:
        """Give all of it to the driver."""
        deadline = time.monotonic() + self._patience_s
        while data:
            try:
                data = data[os.write(self._file, data) :]
                deadline = time.monotonic() + self._patience_s
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def receive(self, timeout_s: float) -> bytes:
        """What came within the time-out, or nothing."""
        deadline = time.monotonic() + timeout_s
        while self._readable:
            with contextlib.suppress(BlockingIOError):
                if heard := os.read(self._file, _CHUNK):
                    return heard
            if time.monotonic() >= deadline:
                break
            time.sleep(0.005)
        return b""

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)


class UsbWire:
    """A printer on USB, by its vendor and product.

    By pyusb, over libusb: the same on Linux and Windows (there with the WinUSB driver).

    :param backend: the bus; None for the machine's own.
    """

    def __init__(self, vendor: int, product: int, *, patience_s: float = 5.0, backend: Any = None) -> None:
        # Only here: who has a network printer needs no libusb.
        import usb.core
        import usb.util

        self._core, self._util, self._patience_ms = usb.core, usb.util, round(1000 * patience_s)
        try:
            self._device = usb.core.find(idVendor=vendor, idProduct=product, backend=backend)
        except usb.core.NoBackendError as error:
            raise OSError("libusb is not installed") from error
        if self._device is None:
            raise OSError("no such device is plugged in")
        self._claim()

    def _claim(self) -> None:
        """The printer's interface with its two ends; the system's own driver lets go of it."""
        interface = self._util.find_descriptor(self._device.get_active_configuration(), bInterfaceClass=_PRINTER_CLASS)
        if interface is None:
            raise OSError("that device is no printer")
        number = interface.bInterfaceNumber
        with contextlib.suppress(NotImplementedError):
            if self._device.is_kernel_driver_active(number):
                self._device.detach_kernel_driver(number)
        self._util.claim_interface(self._device, number)
        way = self._util.endpoint_direction
        self._out = self._end(interface, lambda end: way(end.bEndpointAddress) == self._util.ENDPOINT_OUT)
        self._in = self._end(interface, lambda end: way(end.bEndpointAddress) == self._util.ENDPOINT_IN)
        if self._out is None:
            raise OSError("that printer takes nothing")

    def _end(self, interface: Any, fits: Any) -> Any:
        return self._util.find_descriptor(interface, custom_match=fits)

    def send(self, data: bytes) -> None:
        """Give all of it to the printer."""
        while data:
            data = data[self._out.write(data, self._patience_ms) :]

    def receive(self, timeout_s: float) -> bytes:
        """What came within the time-out, or nothing."""
        if self._in is None:
            return b""
        try:
            return bytes(self._in.read(_CHUNK, max(1, round(1000 * timeout_s))))
        except self._core.USBTimeoutError:
            return b""

    def close(self) -> None:
        """Let go of the device."""
        self._util.dispose_resources(self._device)


def check_usb() -> bool:
    """Whether printers on USB can be looked for."""
    try:
        import usb.backend.libusb1
    except ImportError:
        return False
    return usb.backend.libusb1.get_backend() is not None
