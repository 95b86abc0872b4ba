"""EF.COM: which version of the structure, and which data groups are said to be there. Nothing in it is signed.

Source: ICAO Doc 9303-10, "EF.COM".
"""

from dataclasses import dataclass

from idcard.encoding import tlv
from idcard.errors import MalformedData
from idcard.lds.layout import File

_LDS_VERSION, _UNICODE_VERSION, _TAG_LIST = 0x5F01, 0x5F36, 0x5C


@dataclass(frozen=True, slots=True, kw_only=True)
class Com:
    """The versions (``"0107"``, ``"040000"``) and the numbers of the data groups that are listed, in their order."""

    lds_version: str
    unicode_version: str
    data_groups: tuple[int, ...]

    @classmethod
    def from_bytes(cls, data: bytes) -> "Com":
        """EF.COM's content.

        :raises MalformedData: if it is not EF.COM, or lists a tag that no data group has.
        """
        nodes = tlv.parse_one(data, File.COM.tag, where="EF.COM").children("EF.COM")
        tags = tlv.require(nodes, _TAG_LIST, where="EF.COM").value
        return cls(
            lds_version=_text(nodes, _LDS_VERSION),
            unicode_version=_text(nodes, _UNICODE_VERSION),
            data_groups=tuple(_number(tag) for tag in tags),
        )


def _text(nodes: tuple[tlv.Tlv, ...], tag: int) -> str:
    return tlv.require(nodes, tag, where="EF.COM").value.decode("ascii", errors="replace")


def _number(tag: int) -> int:
    file = File.of_tag(tag)
    if file is None or file.data_group is None:
        raise MalformedData(f"lists the unknown tag {tag:02X}", where="EF.COM")
    return file.data_group
