"""What a hand-held scanner sends, made into whole codes: by quiet time and completeness, never by Enter.

Theory of operation. A scanner sends a code's text in bursts, and ends it with Enter, or not, or puts one in the
middle. So Enter and its like count for nothing. A text is taken when nothing more came for a while: a short while where
it is complete, a longer one where its format does not show its end. The beginning of a card's text is kept for the
rest, and forgotten after seconds. Texts come as UTF-8 from a scanner that is set up well; from others as code page
1252, or as UTF-8 that was taken for that code page once, and both are put right where they can be.
"""

import re

COMPLETE_QUIET_S = 0.08
OTHER_QUIET_S = 0.15
FORGET_S = 3.0
MAX_BYTES = 8192
SAME_SCAN_S = 5.0
"""A scanner repeats itself as long as its trigger is held."""

_NOISE = b"\r\n\t\x00\x02\x03\x04"
_CARD = re.compile(r"\d{12}\|")
_CARD_FIELDS, _ISSUED = 7, 6
_DATE = re.compile(r"\d{8}")
_INSURANCE = re.compile(r"([A-Z]{2}[1-5]\d{12}|\d{10})\|")
# The bytes that code page 1252 leaves free, taken as the control characters that Windows makes of them.
_FREE = {code: chr(code) for code in (0x81, 0x8D, 0x8F, 0x90, 0x9D)}
_BYTE_OF = {bytes([code]).decode("cp1252") if code not in _FREE else _FREE[code]: code for code in range(256)}
_TEXT_OF = {code: text for text, code in _BYTE_OF.items()}


def scanned_text(sent: bytes) -> str:
    """The text that a scanner meant, without Enter, byte order mark and frame characters."""
    # Before decoding: an Enter in the middle may part the bytes of one letter.
    sent = sent.translate(None, _NOISE)
    try:
        text = _mended(sent.decode("utf-8"))
    except UnicodeDecodeError:
        text = "".join(_TEXT_OF[code] for code in sent)
    return text.replace("\ufeff", "")


def _mended(text: str) -> str:
    """The text, or what it was before its UTF-8 was taken for code page 1252 ("Nguyá»…n")."""
    if text.isascii():
        return text
    try:
        return bytes(_BYTE_OF[character] for character in text).decode("utf-8")
    except (KeyError, UnicodeDecodeError):
        return text


def is_complete(text: str) -> bool:
    """Whether nothing can be missing at the end: seven fields of a card, or the ``$`` of an insurance card."""
    if _INSURANCE.match(text):
        return text.endswith("$")
    fields = text.split("|")
    return _CARD.match(text) is not None and len(fields) >= _CARD_FIELDS and bool(_DATE.fullmatch(fields[_ISSUED]))


def is_cut_short(text: str) -> bool:
    """Whether this is the beginning of a card's text whose end must still come."""
    return (_CARD.match(text) is not None or _INSURANCE.match(text) is not None) and not is_complete(text)


class Framing:
    """Makes codes of what comes from a scanner. Times are seconds of one clock that never goes back."""

    def __init__(self) -> None:
        self._sent = b""
        self._last = 0.0
        self._overflown = False

    def feed(self, sent: bytes, now: float) -> None:
        """Take what came at ``now``. More than a code can hold is dropped up to the next quiet."""
        if not sent:
            return
        self._last = now
        if self._overflown or len(self._sent) + len(sent) > MAX_BYTES:
            self._sent, self._overflown = b"", True
        else:
            self._sent += sent

    def due(self, now: float) -> str | None:
        """A text that is whole at ``now``, once; None otherwise."""
        quiet = now - self._last
        if self._overflown and quiet >= OTHER_QUIET_S:
            self._overflown = False
        if not self._sent or quiet < COMPLETE_QUIET_S:
            return None
        text = scanned_text(self._sent)
        if not text or quiet >= FORGET_S:
            self._sent = b""
            return None
        if is_complete(text) or (quiet >= OTHER_QUIET_S and not is_cut_short(text)):
            self._sent = b""
            return text
        return None
