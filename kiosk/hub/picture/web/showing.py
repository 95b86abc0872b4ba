"""What the picture's templates say things with: words, times, numbers, shares, and the levels of the heat map."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from babel.numbers import format_decimal
from flask import Flask

from kiosk.hub.event import CLINIC_TIME
from kiosk.hub.picture.words import say, say_code
from kiosk.web.common.preferences import current_preferences

LEVELS = (1, 3, 8, 20, 60)
"""From how many admissions in an hour each level of the heat map begins."""


def add_showing(app: Flask, now: Callable[[], datetime]) -> None:
    """Give the templates their words and forms."""
    app.jinja_env.globals.update(
        say=say_here,
        coded=_coded,
        number=number,
        share=share,
        clock=clock,
        moment=moment,
        ago=ago,
        level=level,
        day=day,
        told_value=told_value,
    )
    app.jinja_env.globals["now"] = now


def _language() -> str:
    return current_preferences().language


def say_here(word: str, **values: object) -> str:
    """A word in the page's language."""
    return say(_language(), word, **values)


def _coded(group: str, word: str) -> str:
    return say_code(_language(), group, word)


def told_value(name: str, value: Any) -> str:
    """A value of an event in words."""
    match value:
        case bool():
            return say_here("yes" if value else "no")
        case str():
            return _coded(name, value)
        case list() | tuple():
            return ", ".join(map(str, value))
        case _:
            return str(value)


def number(value: float) -> str:
    """A number as it is written in the page's language."""
    return str(format_decimal(round(value, 1), "#,##0.#", locale=_language()))


def share(part: float, whole: float) -> str:
    """A share in percent; a dash where there is nothing to share."""
    return f"{number(100 * part / whole)} %" if whole else "—"


def clock(at: datetime | None) -> str:
    """The time of a day at the clinics."""
    return "—" if at is None else at.astimezone(CLINIC_TIME).strftime("%H:%M")


def moment(at: datetime | None) -> str:
    """Day and time at the clinics."""
    return "—" if at is None else at.astimezone(CLINIC_TIME).strftime("%H:%M %d/%m/%Y")


def day(of: date) -> str:
    """A day."""
    return of.strftime("%d/%m/%Y")


def ago(seconds: Any) -> str:
    """How long ago something was, in its greatest unit."""
    if seconds is None:
        return "—"
    for unit, length in (("days", 86_400), ("hours", 3600)):
        if seconds >= 2 * length:
            return say_here(f"ago.{unit}", n=int(seconds // length))
    return say_here("ago.minutes", n=int(seconds // 60))


def level(n: int) -> int:
    """The level of the heat map of so many admissions in an hour, from 0 to 5."""
    return sum(n >= each for each in LEVELS)
