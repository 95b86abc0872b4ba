"""The words of the pages in the language that was asked for: catalogues in ``kiosk/locales``, symbolic ids."""

from pathlib import Path
from typing import Any

from flask import Flask
from flask_babel import Babel, force_locale, gettext

from kiosk.web.common.preferences import LANGUAGES, current_preferences

LOCALES = Path(__file__).resolve().parents[2] / "locales"
"""Where the catalogues lie: ``<language>/LC_MESSAGES/messages.{po,mo}``."""


def add_words(app: Flask) -> None:
    """Give an app its catalogues, and its templates ``lang``, ``preferences``, ``word_in`` and ``local``."""
    Babel(
        app,
        default_locale=LANGUAGES[0],
        default_translation_directories=str(LOCALES),
        default_timezone="Asia/Ho_Chi_Minh",
        locale_selector=lambda: current_preferences().language,
    )
    app.context_processor(_context)


def word_in(language: str, message: str, **values: Any) -> str:
    """A word in a given language, whatever the page's: for notices that must be read by everybody."""
    with force_locale(language):
        return str(gettext(message, **values))


def local(thing: Any, field: str) -> str:
    """A field that is kept in both languages (``name_vi``, ``name_en``), in the page's language."""
    return str(getattr(thing, f"{field}_{current_preferences().language}"))


def _context() -> dict[str, Any]:
    preferences = current_preferences()
    return {"lang": preferences.language, "preferences": preferences, "word_in": word_in, "local": local}
