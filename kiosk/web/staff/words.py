"""The words of the staff's page that are put together: reasons, ages, assurance."""

from flask import Flask
from flask_babel import format_decimal, gettext

from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import Code, VisitReason
from kiosk.domain.holder import NOT_MADE, HolderSeen
from kiosk.domain.staff import SUSPICIOUS
from kiosk.services.desk import NoticeRow, VisitRow
from kiosk.web.staff.second import REASONS

_UNSEEN = (HolderSeen.NOT_SEEN, NOT_MADE)
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def add_staff_words(app: Flask) -> None:
    """Give an app's templates the filters ``age``, ``reason`` and the function ``reasons_of``."""
    app.jinja_env.filters.update(age=age_words, reason=reason_words, seconds=seconds_words)
    app.jinja_env.globals.update(reasons_of=reasons_of, Assurance=Assurance, needs_act=needs_act)
    app.jinja_env.globals.update(override_reasons=REASONS, second_why=second_why)


def age_words(seconds: int) -> str:
    """How long something waits, as coarsely as a clerk needs it."""
    if seconds < _MINUTE:
        return str(gettext("staff.age.now"))
    if seconds < _HOUR:
        return str(gettext("staff.age.minutes", n=seconds // _MINUTE))
    if seconds < _DAY:
        return str(gettext("staff.age.hours", h=seconds // _HOUR, m=seconds % _HOUR // _MINUTE))
    return str(gettext("staff.age.days", n=seconds // _DAY))


def seconds_words(seconds: float) -> str:
    """Seconds with one digit behind the point, as the language of the page writes it."""
    return str(format_decimal(seconds, "0.0"))


def reason_words(reason: str) -> str:
    """A reason in words: ``fact.reason`` of a verdict, a reason of the insurance, an error's code.

    One that has no words is shown as it is: staff must see it, and can look it up.
    """
    fact, dot, why = reason.rpartition(".")
    if dot:
        return f"{_said(f'fact.{fact}') or fact}: {_said(f'reason.{why}') or why}"
    return _said(f"reason.{reason}") or _said(f"error.{reason}") or reason


def reasons_of(code: Code | None, reasons: tuple[str, ...]) -> list[str]:
    """The reasons in words, without those that only say the code again."""
    said_already = set() if code is None else {code.value, code.message.value}
    return [reason_words(reason) for reason in reasons if reason not in said_already]


def second_why(row: VisitRow | None) -> list[str]:
    """Why a second person must agree, in words, as far as the ticket itself says: a chip that does not prove itself, a
    card that was reported lost, a holder who is another or was not seen.
    """
    if row is None:
        return []
    found = [reason_words(reason) for reason in row.reasons if reason in SUSPICIOUS]
    if row.code is Code.NOT_GENUINE:
        found.insert(0, str(gettext("notice.E05.title")))
    if VisitReason.HOLDER_CHECK in row.reasons and row.holder_check in _UNSEEN:
        found.append(str(gettext(f"staff.holder.{row.holder_check}")))
    return found


def needs_act(notice: NoticeRow) -> bool:
    """Whether somebody must get up at once."""
    return not notice.back_at and notice.code in {Code.EMERGENCY, Code.NOT_GENUINE, Code.STORE_FAULT, Code.READER_LOST}


def _said(message: str) -> str:
    """The word, or nothing where the catalogue has none."""
    found = str(gettext(message))
    return "" if found == message else found
