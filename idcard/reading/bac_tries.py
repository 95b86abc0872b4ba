"""How many tries a chip has left for BAC, as it said itself: the last one is the caller's to allow.

Theory of operation. The few chips that count say so where EXTERNAL AUTHENTICATE comes without data. Not all of them say
it of a wrong key, too: so what was said once is counted down. A command that a chip did not understand was aborted
before it did anything (status words 67xx to 6Fxx); any other answer may have cost the application its selection.

Source: ISO/IEC 7816-4, "Status bytes" and "EXTERNAL AUTHENTICATE".
"""

from idcard.errors import AccessBlocked, LastTryLeft, WrongAccessKey
from idcard.iso7816.status import StatusWord, tries_left

_CHECKING_ERRORS = range(0x67, 0x70)


def leaves_application(sw: int) -> bool:
    """Whether a chip that answered the question with ``sw`` may have left the application."""
    return tries_left(sw) is None and sw >> 8 not in _CHECKING_ERRORS


def require_one_to_spare(left: int | None) -> None:
    """Let nobody use the last try unasked; None is a chip that does not count.

    :raises AccessBlocked: if the chip takes no more tries.
    :raises LastTryLeft: if one try is left.
    """
    if left in (0, 1):
        raise (LastTryLeft if left else AccessBlocked)(sw=0x63C0 | left)


def require_another_try(wrong: WrongAccessKey, left: int | None, *, allow_last: bool) -> None:
    """Go on to the next key only where the chip does not count its tries, or the last one is allowed.

    :raises AccessBlocked: if the chip takes no more tries.
    :raises LastTryLeft: if one try is left.
    """
    sw = wrong.facts.get("sw")
    told = sw if isinstance(sw, int) else None
    if left == 0:
        raise AccessBlocked(sw=told) from wrong
    if left == 1 and not allow_last:
        raise LastTryLeft(sw=told) from wrong


def left_after(wrong: WrongAccessKey, before: int | None) -> int | None:
    """How many tries are left after a wrong key: what the chip says or, where it does not, one fewer than before."""
    if wrong.facts.get("sw") == StatusWord.AUTHENTICATION_BLOCKED:
        return 0
    if wrong.tries_left is not None or before is None:
        return wrong.tries_left
    return max(before - 1, 0)
