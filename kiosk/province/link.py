"""HTTP to the hub: bounded requests over TLS 1.3 that show this device's certificate, and never wait for ever.

A certificate lives for days and is renewed meanwhile: each connection is made with the one that lies there then.
"""

import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

import httpx

from idcard import ConfigurationError, IdCardError
from kiosk.insurance.cutoff import CutOff, within
from kiosk.insurance.wire import silence_http_logs
from kiosk.province.identity import Identity

ANSWER_LIMIT: Final = 1 << 20
"""The greatest answer to a request, in bytes; files of releases are bounded by who reads them."""
PACKED_LIMIT: Final = 1 << 26
_HEADERS: Final = {"User-Agent": "kiosk", "Accept-Encoding": "identity"}


class HubUnreachable(IdCardError):
    """The hub did not answer, or not in time; nothing is known of what it did."""

    code = "hub_unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the hub answered: status, headers (lower-case names), body."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Where(Protocol):
    """Which hub, and how many seconds one request may take."""

    @property
    def hub(self) -> str:
        """Its address, without a path."""

    @property
    def seconds(self) -> float:
        """The bound of a request."""


class HubLink:
    """Connections to one hub; safe to use from several threads.

    :param identity: whose certificate is shown; it is read anew after it changed.
    :param bare: whether none is shown, because it is none yet or none any more.
    """

    def __init__(self, settings: Where, identity: Identity, *, bare: bool = False) -> None:
        silence_http_logs()
        self._bare = bare
        self._hub = settings.hub
        self._seconds = settings.seconds
        self._identity = identity
        self._client, self._made_of = self._new_client()

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def post(self, path: str, content: bytes, headers: Mapping[str, str]) -> Reply:
        """What the hub says to these bytes.

        :raises HubUnreachable: where it does not answer in time.
        """
        return self._asked("POST", path, content, headers, limit=ANSWER_LIMIT)

    def get(self, path: str) -> tuple[int, Iterator[bytes]]:
        """Status and body of what is released under this path: see :class:`kiosk.releases.fetching.Gets`.

        :raises OSError: where the hub does not answer in time.
        """
        try:
            reply = self._asked("GET", path, b"", {}, limit=PACKED_LIMIT)
        except HubUnreachable as error:
            raise OSError("the hub is not reached") from error
        return reply.status, iter((reply.body,))

    def _asked(self, method: str, path: str, content: bytes, headers: Mapping[str, str], *, limit: int) -> Reply:
        client = self._present()
        try:
            return within(
                self._seconds, lambda: _answer(client, method, self._hub + path, content, headers, limit), name="hub"
            )
        except (CutOff, httpx.HTTPError, httpx.StreamError, OSError, RuntimeError) as error:
            # RuntimeError: the client was closed because a certificate was renewed meanwhile.
            raise HubUnreachable("The province's hub cannot be reached.") from error

    def _present(self) -> httpx.Client:
        """The client with the certificate that lies there now."""
        if self._made_of != _marks(self._identity):
            former = self._client
            self._client, self._made_of = self._new_client()
            former.close()
        return self._client

    def _new_client(self) -> tuple[httpx.Client, object]:
        marks = _marks(self._identity)
        client = httpx.Client(
            verify=_context(self._identity, bare=self._bare) if self._hub.startswith("https:") else False,
            timeout=self._seconds,
            # The address is the configuration's, and no environment variable sends events through a proxy.
            trust_env=False,
            follow_redirects=False,
            headers=_HEADERS,
        )
        return client, marks


def heard_from_anybody(where: Where, path: str) -> Reply:
    """What whoever answers there says: for what is public, and judged by other means than the connection.

    :raises HubUnreachable: where nobody answers in time.
    """
    silence_http_logs()
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_3

    def ask() -> Reply:
        with httpx.Client(
            verify=context, timeout=where.seconds, trust_env=False, follow_redirects=False, headers=_HEADERS
        ) as client:
            return _answer(client, "GET", where.hub + path, b"", {}, ANSWER_LIMIT)

    try:
        return within(where.seconds, ask, name="hub")
    except (CutOff, httpx.HTTPError, httpx.StreamError, OSError) as error:
        raise HubUnreachable("The province's hub cannot be reached.") from error


def _answer(
    client: httpx.Client, method: str, url: str, content: bytes, headers: Mapping[str, str], limit: int
) -> Reply:
    with client.stream(method, url, content=content or None, headers=dict(headers)) as response:
        if response.headers.get("content-encoding", "identity") != "identity":
            # It was not asked for, and a kilobyte of it may unpack to a gigabyte before anybody counts.
            raise httpx.StreamError("packed")
        body = bytearray()
        for part in response.iter_raw():
            body += part
            if len(body) > limit:
                raise httpx.StreamError("too long")
        return Reply(status=response.status_code, headers=dict(response.headers.items()), body=bytes(body))


def _context(identity: Identity, *, bare: bool) -> ssl.SSLContext:
    """TLS 1.3 and nothing older, with this device's certificate where it has one and may show it.

    :raises ConfigurationError: where certificate and key cannot be used.
    """
    authority, certificate = identity.authority, identity.certificate
    try:
        context = ssl.create_default_context(cafile=authority and str(authority))
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        if certificate is not None and not bare:
            context.load_cert_chain(certificate)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"The certificates in {identity.folder.name} cannot be used.",
            reason="damaged",
            remedy="Enrol this machine again at the province.",
        ) from error
    return context


def _marks(identity: Identity) -> object:
    """What changes when the certificates do."""
    return tuple(_mark(path) for path in (identity.certificate, identity.authority))


def _mark(path: Path | None) -> object:
    try:
        found = None if path is None else path.stat()
    except OSError:
        return None
    return found and (found.st_mtime_ns, found.st_size, found.st_ino)
