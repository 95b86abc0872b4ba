"""What a hand-held scanner sends, made into whole codes: by quiet time and completeness, never by Enter.

Theory of operation. A scanner sends a code's text in bursts, and ends it with Enter, or not, or puts one in the
middle. So Enter and its like count for nothing. A text is taken when nothing more came for a while: a short while where
it is complete, a longer one where its format does not show its end.

The beginning of a card's text waits half a second for its rest, and no longer: whoever scans again, or scans another
card, takes longer than that, and the halves of two people's cards must never make one. What came in one go can hold
more than one code all the same (a scanner that repeats itself, a half and a whole): where the beginning of another
code stands inside, the text is cut there, and the newest whole part counts. A beginning that others' digits run into
is spoilt: its number cannot be known.

Texts come as UTF-8 from a scanner that is set up well; from others as code page 1252, or as UTF-8 that was taken for
that code page once, and both are put right where they can be. Spaces around a card's text go, and so does the prefix by
which some scanners name the symbol (``]Q1``).

``web/static/js/framing.js`` has the same rules for scanners that type; ``tests/kiosk/scans.json`` has the cases of
both.
"""

import re

COMPLETE_QUIET_S = 0.08
OTHER_QUIET_S = 0.15
JOIN_S = 0.5
"""How long a beginning waits for more of itself."""
FORGET_S = 3.0
"""How long a text may take that comes with pauses, from its first byte."""
MAX_BYTES = 8192
SAME_SCAN_S = 5.0
"""A scanner repeats itself as long as its trigger is held."""

_PAUSE = b"\x1f"
"""Stands where a text came with a pause."""
_NOISE = b"\r\n\t\x00\x02\x03\x04"
_CARD = re.compile(r"[0-9]{12}\|")
_CARD_FIELDS, _ISSUED = 7, 6
_DATE = re.compile(r"[0-9]{8}")
_INSURANCE = re.compile(r"([A-Z]{2}[1-5][0-9]{12}|[0-9]{10})\|")
# Which symbol it was, by ISO/IEC 15424: at the beginning, or where a second code begins.
_AIM = re.compile(r"^\][A-Za-z][0-9A-Za-z]|\][A-Za-z][0-9A-Za-z](?=[0-9]{12}\||[0-9]{10}\||[A-Z]{2}[1-5][0-9]{12}\|)")
# So much of a beginning as is no part of another card: number, old number, name, birth; number, name, birth, sex.
_BEGINNING = (
    r"(?:[0-9]{12}\|[^|]*\|[^|0-9]+\|[0-9]{4,8}\|"
    r"|(?:[A-Z]{2}[1-5][0-9]{12}|[0-9]{10})\|(?:[0-9A-Fa-f]{2})+\|(?:[0-9]{2}/[0-9]{2}/)?[0-9]{4}\|[12]\|"
    r"|(?:HC1|IDC1):)"
)
_INSIDE = re.compile(_BEGINNING)
_AFTER_A_PAUSE = re.compile(_PAUSE + rb"(?=(?:\][A-Za-z][0-9A-Za-z])?" + _BEGINNING.encode() + rb")")
_CLEAR = re.compile(r"(?:(?<=\|[0-9]{8})|(?<![0-9]))(?=[0-9]{12})|(?=[A-Z])|(?<![0-9A-Za-z])(?=[0-9]{10}\|)")
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
    return _bare(text.replace("\ufeff", ""))


def _bare(text: str) -> str:
    """The text without what names its symbol; where it is a card's, without spaces around it."""
    text = _AIM.sub("", text)
    trimmed = text.strip(" ")
    return trimmed if _is_card_like(trimmed) else text


def _is_card_like(text: str) -> bool:
    return _CARD.match(text) is not None or _INSURANCE.match(text) is not None


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
    return _is_card_like(text) and not is_complete(text)


def lacks_only_its_date(text: str) -> bool:
    """Whether this is a card whose day of issue is left empty, or one that was cut right before it: time tells."""
    fields = text.split("|")
    return (
        _CARD.match(text) is not None
        and len(fields) >= _CARD_FIELDS
        and fields[_ISSUED] == ""
        and not any(_DATE.fullmatch(field) for field in fields[_CARD_FIELDS:])
    )


def parts(text: str) -> list[str]:
    """The codes in what came in one go, each from its beginning; empty where a beginning is spoilt."""
    if not _is_card_like(text):
        return [text]
    starts = [0, *(found.start() for found in _INSIDE.finditer(text) if found.start() > 0)]
    ends = [*starts[1:], len(text)]
    clear = [start == 0 or _CLEAR.match(text, start) is not None for start in starts]
    return [_bare(text[start:end]) if ok else "" for start, end, ok in zip(starts, ends, clear, strict=True)]


class Framing:
    """Makes codes of what comes from a scanner. Times are seconds of one clock that never goes back."""

    def __init__(self) -> None:
        self._sent = b""
        self._first = 0.0
        self._last = 0.0
        self._overflown = False

    def feed(self, sent: bytes, now: float) -> None:
        """Take what came at ``now``. More than a code can hold is dropped up to the next quiet."""
        if not sent:
            return
        pause = now - self._last
        self._last = now
        if pause >= OTHER_QUIET_S:
            self._overflown = False
            if pause >= JOIN_S or now - self._first >= FORGET_S:
                self._sent = b""
        if self._overflown or len(self._sent) + len(sent) > MAX_BYTES:
            self._sent, self._overflown = b"", True
            return
        if not self._sent:
            self._first = now
        elif pause >= OTHER_QUIET_S:
            self._sent += _PAUSE
        self._sent += sent.translate(None, _NOISE + _PAUSE)

    def due(self, now: float) -> str | None:
        """A text that is whole at ``now``, once; None otherwise."""
        quiet = now - self._last
        if not self._sent or quiet < COMPLETE_QUIET_S:
            return None
        text = _whole_in(parts(scanned_text(_since_last_beginning(self._sent))), quiet)
        if text or quiet >= JOIN_S:
            self._sent = b""
        return text or None


def _since_last_beginning(sent: bytes) -> bytes:
    """What was sent since a code began after a pause, and without the marks of pauses."""
    return _AFTER_A_PAUSE.split(sent)[-1].replace(_PAUSE, b"")


def _whole_in(found: list[str], quiet: float) -> str | None:
    """The newest whole code, where the quiet has lasted long enough for it."""
    newest = found[-1]
    if is_complete(newest) or (quiet >= OTHER_QUIET_S and newest and not is_cut_short(newest)):
        return newest
    if quiet < JOIN_S:
        return None
    return newest if lacks_only_its_date(newest) else next(filter(is_complete, reversed(found)), None)
