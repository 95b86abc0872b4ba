"""Who may ask, and how every answer leaves: hosts, origins, tokens, headers.

Theory of operation. The kiosk listens on loopback, where every program of the machine and, by tricks with names
(DNS rebinding), every web page can knock. So a request is answered only when it names this server (Host), when a
change comes from this server's own page (Origin or Sec-Fetch-Site), and when it carries the session's token (CSRF).
Other ports of the same host are "same-site" to a browser: cookies alone would tell nobody apart.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flask import Flask, Response, abort, request
from flask.sessions import SecureCookieSessionInterface
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import TooManyRequests

from kiosk.rates import Buckets, TooMuch

FORM_LIMIT = 16 * 1024
"""The greatest body of a request, in bytes, where an endpoint has no limit of its own."""

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITE = frozenset({"same-origin", "none"})

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Not "no-referrer": with that a form of our own page is sent with the origin "null".
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

PROGRAM_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Of what is said to programs: nothing of it is a page, wherever a browser may come upon it."""

_ONLY_TLS = "max-age=15552000"
"""Half a year: longer than anybody stays away from a screen of every day, and no name below this one is meant."""

_CLOSED_FEATURES = (
    "accelerometer",
    "clipboard-read",
    "display-capture",
    "geolocation",
    "gyroscope",
    "hid",
    "microphone",
    "midi",
    "payment",
    "serial",
    "usb",
)


def local_names(host: str, port: int) -> frozenset[str]:
    """The values of Host by which a browser on this machine may call a server.

    :param host: the address that the server listens on.
    """
    bracketed = f"[{host}]" if ":" in host else host
    return frozenset(f"{name}:{port}" for name in (bracketed, "127.0.0.1", "localhost", "[::1]"))


class _Cookies(SecureCookieSessionInterface):
    """Sessions whose cookie a browser sends over TLS alone, where it was given over TLS."""

    def __init__(self, public: str | None) -> None:
        self._public = public

    def get_cookie_secure(self, app: Flask) -> bool:
        """Whether this request came over TLS: only there anybody says that name."""
        return request.host == self._public


def guard(
    app: Flask,
    *,
    names: Iterable[str],
    camera: bool,
    limits: Mapping[str, int],
    sound: bool = False,
    public: str | None = None,
) -> None:
    """Put the door before an app: checks on the way in, headers on the way out.

    :param names: the accepted values of Host, with the port.
    :param camera: whether pages of this app may use the camera.
    :param limits: the endpoints that take more than a form, and the greatest body of each in bytes.
    :param sound: whether pages of this app may play sounds of this server, without being touched first.
    :param public: one more accepted value of Host, under which pages come over TLS.
    """
    accepted = frozenset(names)
    app.session_interface = _Cookies(public)
    app.config.update(
        MAX_CONTENT_LENGTH=FORM_LIMIT,
        MAX_FORM_MEMORY_SIZE=FORM_LIMIT,
        MAX_FORM_PARTS=16,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_REFRESH_EACH_REQUEST=False,
        # The token lives as long as its session, which the patient's app renews with every person: a page that
        # waits for the next patient all night must still work in the morning.
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.before_request(_checks(accepted, limits, public))
    CSRFProtect(app)
    app.after_request(_headers(camera, sound, public))


def _checks(accepted: frozenset[str], limits: Mapping[str, int], public: str | None) -> Callable[[], None]:
    origins = frozenset(f"http://{name}" for name in accepted)
    if public is not None:
        accepted, origins = accepted | {public}, origins | {f"https://{public}"}

    def check() -> None:
        # Before anything looks at the body: the check of the token does.
        request.max_content_length = limits.get(request.endpoint or "", FORM_LIMIT)
        if request.host not in accepted:
            abort(400)
        if request.method in _SAFE_METHODS:
            _refuse_embedding()
        elif not _from_own_page(origins):
            abort(403)

    return check


def _refuse_embedding() -> None:
    """Stop other sites from loading our answers; that they link to the page itself does no harm."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in _OWN_SITE and request.headers.get("Sec-Fetch-Mode") != "navigate":
        abort(403)


def _from_own_page(origins: frozenset[str]) -> bool:
    """Tell whether a change was sent by our own page; a sender that says neither is no browser of ours."""
    origin = request.headers.get("Origin")
    site = request.headers.get("Sec-Fetch-Site")
    if origin is None and site is None:
        return False
    return (origin is None or origin in origins) and (site is None or site == "same-origin")


def _headers(camera: bool, sound: bool, public: str | None) -> Callable[[Response], Response]:
    features = [f"{name}=()" for name in _CLOSED_FEATURES]
    features += [
        f"{name}={'(self)' if allowed else '()'}" for name, allowed in (("camera", camera), ("autoplay", sound))
    ]
    headers: dict[str, Any] = {**HEADERS, "Permissions-Policy": ", ".join(sorted(features))}
    if sound:
        headers["Content-Security-Policy"] += "; media-src 'self'"

    def stamp(response: Response) -> Response:
        for name, value in headers.items():
            response.headers[name] = value
        if public is not None and request.host == public:
            response.headers["Strict-Transport-Security"] = _ONLY_TLS
        return response

    return stamp


def bound_rate(app: Flask, *, per_second: float, burst: int) -> None:
    """Let each address of the network ask so many times a second in the long run, and so many times at once.

    For apps that others of the network reach: 429 with Retry-After for more, before anything is done.
    """
    buckets = Buckets(per_second, burst, time.monotonic)

    @app.before_request
    def take() -> None:
        try:
            buckets.take((request.remote_addr or "", ""))
        except TooMuch as problem:
            raise TooManyRequests(retry_after=problem.retry_s) from problem
