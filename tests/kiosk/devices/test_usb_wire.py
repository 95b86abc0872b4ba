"""A printer on USB: the real pyusb over a bus of its own, which writes, tells its state, and can be unplugged."""

import array
import errno
import io
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
import usb.backend
import usb.core
from PIL import Image

from kiosk.devices.printer import EscPosPrinter
from kiosk.devices.printer_twin import PrinterFault, PrinterHead
from kiosk.devices.wires import UsbWire
from kiosk.domain.printing import Condition, Printed, PrintResult

VENDOR, PRODUCT = 0x04B8, 0x0E15
OUT, IN = 0x01, 0x82
PRINTER, KEYBOARD = 7, 3


class Bus(usb.backend.IBackend):  # type: ignore[misc]
    """A bus with one device on it, as pyusb asks its backends.

    :param takes: how many bytes the device takes at a time. :param breaks_after: after how many it is pulled out.
    """

    def __init__(
        self,
        *,
        kind: int = PRINTER,
        ends: tuple[int, ...] = (OUT, IN),
        takes: int = 64,
        breaks_after: int | None = None,
    ) -> None:
        super().__init__()
        self.kind, self.ends, self.takes, self.breaks_after = kind, ends, takes, breaks_after
        self.heard, self.to_say, self.deeds = bytearray(), b"", list[str]()
        self.plugged, self.driver = True, True
        self.answer: Callable[[bytes], bytes] = lambda asked: b""

    def enumerate_devices(self) -> Any:
        return iter(["the device"] if self.plugged else [])

    def get_device_descriptor(self, dev: Any) -> Any:
        return SimpleNamespace(
            bLength=18, bDescriptorType=1, bcdUSB=0x0200, bDeviceClass=0, bDeviceSubClass=0, bDeviceProtocol=0,
            bMaxPacketSize0=64, idVendor=VENDOR, idProduct=PRODUCT, bcdDevice=0x0100, iManufacturer=0, iProduct=0,
            iSerialNumber=0, bNumConfigurations=1, address=1, bus=1, port_number=1, port_numbers=(1,), speed=3,
        )  # fmt: skip

    def get_configuration_descriptor(self, dev: Any, config: int) -> Any:
        if config:
            raise IndexError
        return SimpleNamespace(
            bLength=9, bDescriptorType=2, wTotalLength=32, bNumInterfaces=1, bConfigurationValue=1, iConfiguration=0,
            bmAttributes=0x80, bMaxPower=50, extra_descriptors=[],
        )  # fmt: skip

    def get_interface_descriptor(self, dev: Any, intf: int, alt: int, config: int) -> Any:
        if intf or alt:
            raise IndexError
        return SimpleNamespace(
            bLength=9, bDescriptorType=4, bInterfaceNumber=0, bAlternateSetting=0, bNumEndpoints=len(self.ends),
            bInterfaceClass=self.kind, bInterfaceSubClass=1, bInterfaceProtocol=2, iInterface=0, extra_descriptors=[],
        )  # fmt: skip

    def get_endpoint_descriptor(self, dev: Any, ep: int, intf: int, alt: int, config: int) -> Any:
        return SimpleNamespace(
            bLength=7, bDescriptorType=5, bEndpointAddress=self.ends[ep], bmAttributes=2, wMaxPacketSize=64,
            bInterval=0, bRefresh=0, bSynchAddress=0, extra_descriptors=[],
        )  # fmt: skip

    def open_device(self, dev: Any) -> str:
        return "open"

    def close_device(self, dev_handle: Any) -> None:
        self.deeds.append("closed")

    def get_configuration(self, dev_handle: Any) -> int:
        return 1

    def claim_interface(self, dev_handle: Any, intf: int) -> None:
        self.deeds.append("claimed")

    def release_interface(self, dev_handle: Any, intf: int) -> None:
        self.deeds.append("released")

    def is_kernel_driver_active(self, dev_handle: Any, intf: int) -> bool:
        return self.driver

    def detach_kernel_driver(self, dev_handle: Any, intf: int) -> None:
        self.driver = False
        self.deeds.append("detached")

    def bulk_write(self, dev_handle: Any, ep: int, intf: int, data: Any, timeout: int) -> int:
        assert ep == OUT
        taken = bytes(data)[: self.takes]
        if self.breaks_after is not None and len(self.heard) + len(taken) > self.breaks_after:
            self.plugged = False
        self._there()
        self.heard += taken
        self.to_say += self.answer(taken)
        return len(taken)

    def bulk_read(self, dev_handle: Any, ep: int, intf: int, buff: Any, timeout: int) -> int:
        assert ep == IN
        self._there()
        if not self.to_say:
            raise usb.core.USBTimeoutError("nothing came", errno=errno.ETIMEDOUT)
        said, self.to_say = self.to_say[: len(buff)], self.to_say[len(buff) :]
        buff[: len(said)] = array.array("B", said)
        return len(said)

    def _there(self) -> None:
        if not self.plugged:
            raise usb.core.USBError("no such device", errno=errno.ENODEV)


def wire(bus: Bus) -> UsbWire:
    return UsbWire(VENDOR, PRODUCT, backend=bus)


def test_all_of_a_job_is_given_in_as_many_turns_as_the_printer_takes() -> None:
    bus = Bus(takes=7)
    line = wire(bus)
    line.send(bytes(range(100)))
    line.close()
    assert bytes(bus.heard) == bytes(range(100))
    assert bus.deeds == ["detached", "claimed", "released", "closed"], "the system's own driver let go of it first"


def test_what_the_printer_says_is_heard_and_silence_is_nothing() -> None:
    bus = Bus()
    bus.answer = lambda asked: b"\x12"
    line = wire(bus)
    assert line.receive(0.01) == b""
    line.send(b"\x10\x04\x01")
    assert (line.receive(0.01), line.receive(0.01)) == (b"\x12", b"")
    deaf = wire(Bus(ends=(OUT,)))
    assert deaf.receive(0.01) == b"", "a printer with one end tells nothing"


def test_what_is_pulled_out_in_mid_job_breaks_the_line() -> None:
    bus = Bus(takes=10, breaks_after=25)
    line = wire(bus)
    with pytest.raises(OSError, match="no such device"):
        line.send(bytes(40))
    assert len(bus.heard) == 20
    with pytest.raises(OSError, match="no such device"):
        line.receive(0.01)
    with pytest.raises(OSError, match="plugged in"):
        wire(bus)


def test_what_is_no_printer_or_takes_nothing_is_refused() -> None:
    with pytest.raises(OSError, match="no printer"):
        wire(Bus(kind=KEYBOARD))
    with pytest.raises(OSError, match="takes nothing"):
        wire(Bus(ends=(IN,)))


def picture() -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize((576, 600)).convert("1").save(out, "PNG")
    return out.getvalue()


def test_a_ticket_on_usb_is_printed_and_paper_that_is_out_is_told() -> None:
    """The twin's own head at the far end of the bus."""
    bus, head = Bus(takes=512), PrinterHead(slow_s=0)
    bus.answer = head.feed
    printer = EscPosPrinter(partial(wire, bus), answer_s=0.2, ticket_s=2.0)
    assert printer.print(picture()) == PrintResult(Printed.PRINTED, Condition.READY)
    assert head.count == 1
    head.fault = PrinterFault.PAPER_OUT
    assert printer.condition() is Condition.PAPER_OUT
    assert printer.print(picture()) == PrintResult(Printed.REFUSED, Condition.PAPER_OUT)
    assert head.count == 1


def test_a_printer_pulled_out_amid_a_ticket_leaves_it_unsure_and_is_missing_then() -> None:
    bus, head = Bus(takes=512, breaks_after=10_000), PrinterHead(slow_s=0)
    bus.answer = head.feed
    printer = EscPosPrinter(partial(wire, bus), answer_s=0.2, ticket_s=2.0)
    assert printer.print(picture()) == PrintResult(Printed.UNSURE, Condition.OFFLINE)
    assert head.count == 0
    assert len(bus.heard) > 9_000, "it had begun"
    assert printer.condition() is Condition.OFFLINE
    assert printer.print(picture()) == PrintResult(Printed.REFUSED, Condition.OFFLINE)
