"""Command and response APDUs as values.

Source: ISO/IEC 7816-4, "Command-response pairs" (the four cases, short and extended length fields).
"""

from dataclasses import dataclass

from idcard.errors import MalformedData

MAX_SHORT_LE = 256
MAX_EXTENDED_LE = 65536
RESPONSE = "response APDU"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandApdu:
    """A command: four header bytes, data (0 to 65,535 bytes) and how many bytes are expected back.

    ``le`` is a number of bytes, 1 to 65,536 (256 is the short form's 00), or None where nothing is expected.
    ``extended`` forces the extended form; otherwise it is used only where the short form cannot say it.
    """

    cla: int = 0x00
    ins: int
    p1: int = 0x00
    p2: int = 0x00
    data: bytes = b""
    le: int | None = None
    extended: bool = False

    @property
    def header(self) -> bytes:
        """CLA INS P1 P2."""
        return bytes([self.cla, self.ins, self.p1, self.p2])

    def to_bytes(self) -> bytes:
        """The command as it goes over the wire."""
        if self.extended or len(self.data) > 255 or (self.le or 0) > MAX_SHORT_LE:
            return self.header + self._extended_body()
        lc = bytes([len(self.data)]) if self.data else b""
        return self.header + lc + self.data + (b"" if self.le is None else bytes([self.le & 0xFF]))

    def _extended_body(self) -> bytes:
        lc = b"\x00" + len(self.data).to_bytes(2) + self.data if self.data else b""
        if self.le is None:
            return lc
        le = (self.le & 0xFFFF).to_bytes(2)
        return lc + (le if self.data else b"\x00" + le)

    @classmethod
    def from_bytes(cls, raw: bytes) -> "CommandApdu":
        """The command that ``raw`` is.

        :raises MalformedData: if the length fields do not fit the number of bytes.
        """
        if len(raw) < 4:
            raise MalformedData("fewer than four bytes", where="command APDU")
        data, le, extended = _parse_body(raw[4:])
        return cls(cla=raw[0], ins=raw[1], p1=raw[2], p2=raw[3], data=data, le=le, extended=extended)

    def __repr__(self) -> str:
        return f"CommandApdu({self.header.hex()}, {len(self.data)} bytes, le={self.le})"


def _parse_body(body: bytes) -> tuple[bytes, int | None, bool]:
    if not body:
        return b"", None, False
    if len(body) == 1:
        return b"", body[0] or MAX_SHORT_LE, False
    if body[0] != 0:
        return (*_split(body, 1, body[0], 1), False)
    if len(body) == 3:
        return b"", int.from_bytes(body[1:]) or MAX_EXTENDED_LE, True
    return (*_split(body, 3, int.from_bytes(body[1:3]), 2), True)


def _split(body: bytes, start: int, lc: int, le_size: int) -> tuple[bytes, int | None]:
    data, rest = body[start : start + lc], body[start + lc :]
    if len(data) != lc or lc == 0 or len(rest) not in (0, le_size):
        raise MalformedData("the length fields do not fit", where="command APDU")
    if not rest:
        return data, None
    return data, int.from_bytes(rest) or (MAX_SHORT_LE if le_size == 1 else MAX_EXTENDED_LE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseApdu:
    """A response: data (0 to 65,536 bytes) and the status word, 0 to 0xFFFF."""

    data: bytes = b""
    sw: int

    @property
    def ok(self) -> bool:
        """Whether the status word is exactly 9000."""
        return self.sw == 0x9000

    def to_bytes(self) -> bytes:
        """The response as it comes over the wire."""
        return self.data + self.sw.to_bytes(2)

    @classmethod
    def from_bytes(cls, raw: bytes) -> "ResponseApdu":
        """The response that ``raw`` is.

        :raises MalformedData: if there is no status word.
        """
        if len(raw) < 2:
            raise MalformedData("fewer than two bytes", where=RESPONSE)
        return cls(data=bytes(raw[:-2]), sw=int.from_bytes(raw[-2:]))

    def __repr__(self) -> str:
        return f"ResponseApdu({len(self.data)} bytes, sw={self.sw:04X})"
