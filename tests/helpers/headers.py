"""Every kind of answer of an app, through the test client, and the headers that each must bear.

The routes are the app's own: one that is new and whose parameters stand in no table fails by itself.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW")
NO_BROWSER = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": None,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Of an answer that is for programs; None where nothing is said."""
PAGE = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}
CLOSED = ("geolocation", "microphone", "usb", "serial", "hid", "payment", "display-capture")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What was asked, and what came."""

    asked: str
    response: TestResponse

    def bears(self, expected: Mapping[str, str | None]) -> None:
        """Fail, unless it bears these headers, each once."""
        for name, value in expected.items():
            found = self.response.headers.getlist(name)
            assert found == ([] if value is None else [value]), (self.asked, self.response.status_code, name, found)
        assert "Server" not in self.response.headers, self.asked
        assert "X-Powered-By" not in self.response.headers, self.asked

    def is_page(self, *, camera: bool = False, sound: bool = False) -> None:
        """Fail, unless it is guarded as pages are, whatever it holds."""
        self.bears(PAGE)
        (policy,) = self.response.headers.getlist("Content-Security-Policy")
        parts = dict(part.split(" ", 1) for part in policy.split("; "))
        media = {"media-src": "'self'"} if sound else {}
        own = ("script-src", "style-src", "img-src", "font-src", "connect-src", "form-action")
        none = dict.fromkeys(("default-src", "frame-ancestors", "base-uri"), "'none'")
        assert parts == dict.fromkeys(own, "'self'") | none | media, self.asked
        (features,) = self.response.headers.getlist("Permissions-Policy")
        allowed = dict(feature.split("=") for feature in features.split(", "))
        assert all(allowed[name] == "()" for name in CLOSED), self.asked
        assert (allowed["camera"], allowed["autoplay"]) == tuple(
            "(self)" if one else "()" for one in (camera, sound)
        ), self.asked
        self.keeps_its_cookies()

    def keeps_its_cookies(self, *, secure: bool = False) -> None:
        """Fail, where a cookie can be read by a script, or goes to another site."""
        for cookie in self.response.headers.getlist("Set-Cookie"):
            said = {part.strip().lower() for part in cookie.split(";")[1:]}
            assert {"httponly", "samesite=strict"} <= said, self.asked
            assert ("secure" in said) is secure, self.asked


@dataclass(frozen=True, kw_only=True)
class Walk:
    """All routes of an app with all methods, and what is refused before any route.

    :ivar values: what stands for a parameter: by its name, or by ``endpoint.name`` where it needs another.
    :ivar headers: sent with every request. :ivar bodies: what is sent to an endpoint, as the test client takes it.
    """

    app: Flask
    values: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    base_url: str = "http://localhost"
    bodies: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def answers(self, client: FlaskClient, *, skip: frozenset[str] = frozenset()) -> Iterator[Answer]:
        """Of every route and method, and of addresses and hosts that there are not.

        :param skip: endpoints that would end what the client is, such as logging out.
        """
        for rule in self.app.url_map.iter_rules():
            if rule.endpoint in skip:
                continue
            address = self.address(rule)
            for method in METHODS:
                yield self.ask(client, method, address, **self.bodies.get(rule.endpoint, {}))
        for address in ("/nowhere", "/%00", "/..%2f..%2fetc/passwd", "//evil.example/"):
            yield self.ask(client, "GET", address)

    def ask(self, client: FlaskClient, method: str, address: str, **more: Any) -> Answer:
        """One request."""
        headers = dict(self.headers) | dict(more.pop("headers", {}))
        said = {"method": method, "base_url": self.base_url, "headers": headers, "buffered": True} | more
        return Answer(asked=f"{method} {address}", response=client.open(address, **said))

    def too_often(self, client: FlaskClient, method: str, address: str, *, most: int = 3000, **more: Any) -> Answer:
        """The answer to asking so often that it is refused; a bucket fills again meanwhile."""
        for _ in range(most):
            answer = self.ask(client, method, address, **more)
            if answer.response.status_code == 429:
                assert int(answer.response.headers["Retry-After"]) >= 1
                return answer
        raise AssertionError(f"{method} {address} may be asked without end")

    def address(self, rule: Rule) -> str:
        """An address of this route; KeyError names the parameter that stands in no table."""
        named = {name: self._value(rule.endpoint, name) for name in rule.arguments}
        adapter = self.app.url_map.bind("localhost")
        method = next(iter((rule.methods or {"GET"}) - {"OPTIONS"}))
        return adapter.build(rule.endpoint, named, method=method)

    def _value(self, endpoint: str, name: str) -> str:
        found = self.values.get(f"{endpoint}.{name}", self.values.get(name))
        if found is None:
            raise KeyError(f"the header test knows no value for <{name}> of {endpoint}: add one to its table")
        return found


def crashing(app: Flask, endpoint: str) -> None:
    """Let an endpoint fail as no programmer thought of."""

    def fail(**_: object) -> None:
        raise RuntimeError("036058999992")

    app.view_functions[endpoint] = fail


Check = Callable[[Answer], None]


def statuses(answers: Iterator[Answer], check: Check) -> set[int]:
    """The statuses that were met, each answer checked."""
    found = set()
    for answer in answers:
        check(answer)
        found.add(answer.response.status_code)
    return found
