"""What a code's bytes are: the format is named without trusting it, then parsed strictly.

This module knows no format itself. It is given the recognisers it should use, in order, so that national formats can
live in the layer of their nation.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from idcard.errors import BoundExceeded

MAX_PAYLOAD = 8192
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recogniser:
    """One format: its name, how its payloads begin, and how they are parsed.

    ``parse`` is None for a format that can be named but not read. It raises :class:`idcard.errors.IdCardError` for a
    payload that looks like the format and does not follow it. Several formats may look alike from outside: then
    ``inside`` opens the payload once and says which it is, or None where it is none of them, and ``parsers`` says how
    each of them is parsed.
    """

    format: str
    looks_like: Callable[[bytes], bool]
    parse: Callable[[bytes], object] | None = None
    inside: Callable[[bytes], str | None] | None = None
    parsers: Mapping[str, Callable[[bytes], object]] = field(default_factory=dict)

    def name(self, payload: bytes) -> str | None:
        """The name of the payload's format, or None where this recogniser does not know it."""
        if not self.looks_like(payload):
            return None
        return self.format if self.inside is None else self.inside(payload)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Recognised:
    """A payload with the name of its format, :data:`UNKNOWN` where nothing fits.

    ``document`` is what the format's parser made of it; None where the format can only be named.
    """

    format: str
    payload: bytes
    document: object | None

    def __repr__(self) -> str:
        return f"Recognised({self.format}, {len(self.payload)} bytes)"


def recognise(payload: bytes, recognisers: Sequence[Recogniser]) -> Recognised:
    """What ``payload`` is, as the first of ``recognisers`` that knows it says.

    :raises BoundExceeded: if the payload is larger than any symbol can hold (8 KiB).
    :raises IdCardError: whatever the format's parser raises.
    """
    if len(payload) > MAX_PAYLOAD:
        raise BoundExceeded("QR payload: too long", where="QR payload", length=len(payload))
    for recogniser in recognisers:
        name = recogniser.name(payload)
        if name is not None:
            parse = recogniser.parsers.get(name, recogniser.parse)
            document = parse(payload) if parse else None
            return Recognised(format=name, payload=payload, document=document)
    return Recognised(format=UNKNOWN, payload=payload, document=None)
