"""What certificates and signed data share: algorithm identifiers, and names in a form to compare.

Source: RFC 5280, "Basic Certificate Fields" and "Processing Rules for Internationalized Names".
"""

from dataclasses import dataclass
from functools import lru_cache

from idcard.encoding.ber import SEQUENCE, SET, Node, door, load
from idcard.errors import MalformedData

NameKey = tuple[frozenset[tuple[str, str]], ...]
_MAX_NAME_BYTES = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class AlgorithmIdentifier:
    """An algorithm: its object identifier, and its parameters in their original encoding (None where absent)."""

    oid: str
    parameters: bytes | None = None

    @classmethod
    def of(cls, node: Node) -> "AlgorithmIdentifier":
        """The value of a parsed AlgorithmIdentifier."""
        fields = node.children(SEQUENCE)
        if len(fields) > 2:
            raise MalformedData("an algorithm with more than parameters", where="AlgorithmIdentifier")
        return cls(oid=fields[0].oid(), parameters=fields[1].raw if len(fields) == 2 else None)


@lru_cache(maxsize=1024)
def name_key(der: bytes) -> NameKey:
    """An encoded name in a form to compare: types of strings, letter case and runs of blanks do not count.

    :raises MalformedData: if it is not well formed.
    """
    return tuple(frozenset((kind, " ".join(text.split()).casefold()) for kind, text in rdn) for rdn in name_parts(der))


def name_parts(der: bytes) -> tuple[tuple[tuple[str, str], ...], ...]:
    """The attributes of an encoded name, as they stand: kind and text, which is in hexadecimal where it is no text.

    :raises MalformedData: if it is not well formed.
    """
    with door("Name"):
        name = load(der, "Name", limit=_MAX_NAME_BYTES)
        return tuple(tuple(_attribute(one) for one in rdn.children(SET)) for rdn in name.children(SEQUENCE))


def _attribute(node: Node) -> tuple[str, str]:
    kind, value = node.children(SEQUENCE)
    text = value.text()
    return kind.oid(), value.raw.hex() if text is None else text
