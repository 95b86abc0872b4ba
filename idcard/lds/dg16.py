"""DG16: whom to notify if something happens to the holder.

Source: ICAO Doc 9303-10, "Data Group 16: person(s) to notify".
"""

from dataclasses import dataclass
from datetime import date

from idcard.encoding import tlv
from idcard.errors import MalformedData
from idcard.lds.details import day_of, text_of
from idcard.lds.layout import File

_COUNT, _FIRST_PERSON, _LAST_PERSON = 0x02, 0xA1, 0xAF
_RECORDED, _NAME, _TELEPHONE, _ADDRESS = 0x5F50, 0x5F51, 0x5F52, 0x5F53


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PersonToNotify:
    """Somebody to notify: name as written (surname, ``<<``, given names), telephone, parts of the address."""

    name: str | None
    telephone: str | None
    address: tuple[str, ...]
    recorded: date | None

    def __repr__(self) -> str:
        return "PersonToNotify(…)"


def parse_dg16(data: bytes) -> tuple[PersonToNotify, ...]:
    """The persons in DG16, in their order.

    :raises MalformedData: if it does not follow the format.
    """
    nodes = tlv.parse_one(data, File.DG16.tag, where="DG16").children("DG16")
    tlv.require(nodes, _COUNT, where="DG16")
    return tuple(_person(node) for node in nodes if _FIRST_PERSON <= node.tag <= _LAST_PERSON)


def _person(node: tlv.Tlv) -> PersonToNotify:
    fields = {field.tag: field.value for field in node.children("DG16")}
    if not fields:
        raise MalformedData("a person without a field", where="DG16")
    address = text_of(fields.get(_ADDRESS, b""), "DG16")
    return PersonToNotify(
        name=text_of(fields.get(_NAME, b""), "DG16") or None,
        telephone=text_of(fields.get(_TELEPHONE, b""), "DG16") or None,
        address=tuple(part.strip() for part in address.split("<") if part.strip()),
        recorded=day_of(fields.get(_RECORDED, b""), "DG16"),
    )
