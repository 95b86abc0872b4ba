"""The code that the app VNeID shows for a minute: recognised, and never read.

Theory of operation. The Ministry of Public Security's app shows a code that lives 60 seconds and that its own servers
resolve; officers scan it inside VNeID. Neither its form nor a key for it is published. So nothing in it is parsed into
an identity: it is known by when it was scanned, refused once a minute has passed, and otherwise handed to whoever is
connected to the ministry's service.

Only links to VNeID are recognised by themselves. Anything opaque that a person says is VNeID's can be wrapped by the
caller. Where the app shows the code of the card itself, that is a card's QR, unsigned, and recognised as one.

Source: letter 1101/BCA-QLHC of 11 April 2023 (60 seconds; scanned inside VNeID); Decree 69/2024/NĐ-CP.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from idcard.errors import BoundExceeded, MalformedData

LIFE: Final = timedelta(seconds=60)
"""How long a code counts after it was scanned: no code lives longer."""
_MAX_BYTES = 8192
_LINK = re.compile(rb"(?i:vneid:[^\s]|https://(?:[a-z0-9-]+\.)*vneid\.gov\.vn(?=[/?#:]|$))")


def looks_like_vneid(payload: bytes) -> bool:
    """Whether ``payload`` is a link to VNeID."""
    return _LINK.match(payload) is not None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class VneidCode:
    """A code of VNeID: its bytes, which mean something to the ministry's service only."""

    payload: bytes

    def __repr__(self) -> str:
        return f"VneidCode({len(self.payload)} bytes)"

    @classmethod
    def from_bytes(cls, payload: bytes) -> "VneidCode":
        """The code, whatever it holds.

        :raises MalformedData: if there is nothing.
        :raises BoundExceeded: if there are more than 8 KiB.
        """
        if not payload:
            raise MalformedData("is empty", where="VNeID code")
        if len(payload) > _MAX_BYTES:
            raise BoundExceeded("VNeID code: too long", where="VNeID code")
        return cls(payload=payload)
