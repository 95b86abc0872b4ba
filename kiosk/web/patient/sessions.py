"""One session for each visit, the same in every answer that shows that visit."""

import hmac
import secrets

from flask import current_app, session

_TOKEN = "csrf_token"
"""Where Flask-WTF keeps what a page's token is held against."""
_BROWSER = "browser"
"""A random word of this browser: no other program's token is good for its session."""


def begin_session(visit: str) -> None:
    """Put the session of this visit in the place of any other.

    A tap and the news that it makes are answered at the same time. Were each to begin a random session, the page could
    show the token of one while the browser keeps the cookie of the other, and the next person's first tap were refused.
    So both follow from the visit and the browser, by the app's key.
    """
    browser = session.get(_BROWSER) or secrets.token_hex(8)
    secret = _secret(browser, visit)
    if session.get(_TOKEN) != secret:
        session.clear()
        session.update({_BROWSER: browser, _TOKEN: secret})


def _secret(browser: str, visit: str) -> str:
    key = current_app.secret_key
    if not isinstance(key, bytes):
        raise TypeError("the patient's app signs its session with bytes")
    return hmac.new(key, f"session {browser} {visit}".encode(), "sha256").hexdigest()
