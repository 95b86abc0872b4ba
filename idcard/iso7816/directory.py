"""EF.DIR: which applications are on a card.

Source: ISO/IEC 7816-4, "EF.DIR"; ISO/IEC 7816-5; ICAO Doc 9303-10, "EF.DIR".
"""

from dataclasses import dataclass

from idcard.encoding import tlv
from idcard.errors import MalformedData

_TEMPLATE, _IDENTIFIER, _LABEL = 0x61, 0x4F, 0x50


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """An application: its identifier (5 to 16 bytes) and what the card calls it, or None."""

    identifier: bytes
    label: str | None = None


def parse_directory(data: bytes) -> tuple[Application, ...]:
    """All applications of EF.DIR, in its order; filling behind the last is left out.

    A template that does not come whole ends the list: the file says nowhere how long it is.

    :raises MalformedData: if there is none, or one without an identifier.
    """
    nodes = tlv.parse_run(data, where="EF.DIR")
    found = tuple(_application(node) for node in nodes if node.tag == _TEMPLATE)
    if not found:
        raise MalformedData("names no application", where="EF.DIR")
    return found


def _shown(label: str) -> str:
    """``label`` with a mark for what does not print: a card's words must not command a terminal."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in label)


def _application(node: tlv.Tlv) -> Application:
    fields = node.children("EF.DIR")
    label = tlv.find(fields, _LABEL)
    return Application(
        identifier=tlv.require(fields, _IDENTIFIER, where="EF.DIR").value,
        label=None if label is None else _shown(label.value.decode("utf-8", errors="replace")),
    )
