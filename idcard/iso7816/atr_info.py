"""EF.ATR/INFO: what the card says of itself before anybody has opened it.

Source: ISO/IEC 7816-4, "EF.ATR/INFO", "Extended length information", "Card capabilities"; BSI TR-03110-3.
"""

from dataclasses import dataclass, field

from idcard.encoding import tlv
from idcard.errors import MalformedData
from idcard.iso7816.lengths import CardCapabilities

_CAPABILITIES, _LENGTHS, _INTEGER = 0x47, 0x7F66, 0x02
_MAX_LENGTH_BYTES = 4
_SERVICES, _BUFFERS = 0x43, 0xE0
_ABOUT_ALL_CARDS = (_SERVICES, _CAPABILITIES, _LENGTHS, _BUFFERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class AtrInfo:
    """What EF.ATR/INFO holds.

    ``max_command`` and ``max_response`` are the longest whole APDUs in bytes, None where the card does not say; ``raw``
    are all data objects, by their tag.
    """

    capabilities: CardCapabilities | None = None
    max_command: int | None = None
    max_response: int | None = None
    objects: tuple[tlv.Tlv, ...] = field(default=(), repr=False)

    @classmethod
    def from_bytes(cls, data: bytes) -> "AtrInfo":
        """The file's data objects, as far as they are whole; filling behind them is left out.

        :raises MalformedData: if it does not start with a data object, or one of them is wrong inside.
        """
        nodes = tlv.parse_run(data, where="EF.ATR/INFO")
        if not nodes:
            raise MalformedData("holds no data object", where="EF.ATR/INFO")
        capabilities, lengths = tlv.find(nodes, _CAPABILITIES), tlv.find(nodes, _LENGTHS)
        command, response = (None, None) if lengths is None else _lengths(lengths)
        return cls(
            capabilities=None if capabilities is None else CardCapabilities.from_bytes(capabilities.value),
            max_command=command,
            max_response=response,
            objects=nodes,
        )


def masked(data: bytes) -> bytes:
    """``data`` from the start of EF.ATR/INFO as somebody else may see it, in its length.

    Zeros stand for the values of all data objects but those that say what the card can do, for others may number a
    single card: the issuer's data (45), pre-issuing data (46), an issuer's own. So they do for what is not whole.
    """
    shown, at = bytearray(len(data)), 0
    for node in tlv.parse_run(data, where="EF.ATR/INFO"):
        _, length, header = tlv.read_header(data, at, where="EF.ATR/INFO")
        end = at + header + (length if node.tag in _ABOUT_ALL_CARDS else 0)
        shown[at:end] = data[at:end]
        at += header + length
    return bytes(shown)


def _lengths(node: tlv.Tlv) -> tuple[int, int]:
    numbers = [each.value for each in node.children("EF.ATR/INFO") if each.tag == _INTEGER]
    if len(numbers) != 2 or not all(1 <= len(number) <= _MAX_LENGTH_BYTES for number in numbers):
        raise MalformedData("extended length information without two numbers", where="EF.ATR/INFO")
    command, response = (int.from_bytes(number) for number in numbers)
    return command, response
