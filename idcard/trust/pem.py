"""PEM: DER in Base64 between two lines that name its kind, with any text around them.

Theory of operation. What stands between the blocks does not count. A block that does not end before the next one begins
makes the whole unreadable: whoever reads certificates to trust must not take the first half of a file for all of it.
Each is looked through once, however many begin and never end.

Source: RFC 7468, "Textual Encodings of PKIX, PKCS, and CMS Structures".
"""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from idcard.errors import MalformedData

_BEGIN, _END, _DASHES = b"-----BEGIN ", b"-----END ", b"-----"
_MAX_LINE: Final = 128
_WHERE: Final = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One block: its kind (``b"CERTIFICATE"``), and the text between the lines that name it."""

    kind: bytes
    text: bytes

    @property
    def der(self) -> bytes:
        """What the text says.

        :raises MalformedData: if it is no Base64.
        """
        try:
            return base64.b64decode(b"".join(self.text.split()), validate=True)
        except binascii.Error as error:
            raise MalformedData("holds PEM that is no base64", where=_WHERE) from error


def is_pem(data: bytes) -> bool:
    """Whether a block begins anywhere in ``data``."""
    return _BEGIN in data


def blocks(data: bytes) -> Iterator[Block]:
    """Each block in ``data``.

    :raises MalformedData: if one does not end before the next begins.
    """
    at = data.find(_BEGIN)
    while at >= 0:
        kind, _, rest = data[at + len(_BEGIN) : at + _MAX_LINE].partition(_DASHES)
        begin = at + len(_BEGIN) + len(kind) + len(_DASHES)
        end = data.find(_DASHES, begin)
        mark = _END + kind + _DASHES
        if end < 0 or data[end : end + len(mark)] != mark or not rest[:1].isspace():
            raise MalformedData("holds PEM that is cut short", where=_WHERE)
        yield Block(kind=kind, text=data[begin:end])
        at = data.find(_BEGIN, end + len(mark))
