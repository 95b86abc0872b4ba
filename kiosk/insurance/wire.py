"""HTTP to the payer's gateway: one POST, bounded in time and size, whose address nobody ever sees.

The gateway's addresses carry the account, a hash of its password and the token. So the library's own logs are silenced,
and none of its errors is passed on: they hold the request.
"""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from kiosk.insurance.cutoff import CutOff, within
from kiosk.insurance.gateway_errors import DownReason, GatewayDown
from kiosk.tls import LeastTls, client_context

LARGEST_ANSWER = 1024 * 1024
"""The greatest body that is read, in bytes."""

_JSON = frozenset({"application/json", "text/json"})
_SERVER_ERROR = 500
_OK, _UNAUTHORISED = 200, 401


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Answered:
    """What came back: ``unauthorised``, or the fields of the answer."""

    unauthorised: bool
    fields: Mapping[str, Any]


def silence_http_logs() -> None:
    """Let no logger of the HTTP library say anything, whatever the level of the logs is: they write addresses."""
    for name in ("httpx", "httpcore"):
        logger = logging.getLogger(name)
        logger.propagate = False
        logger.disabled = True
        logger.setLevel(logging.CRITICAL + 1)
        logger.addFilter(lambda record: False)
        if not logger.handlers:
            # Else the handler of last resort would write what is not propagated.
            logger.addHandler(logging.NullHandler())


class Wire:
    """Connections to one gateway; safe to use from several threads.

    :param authority: the certificate authorities to trust, or None for those that are usual.
    :param connect_s: how long to wait for a connection, in seconds. :param least_tls: the oldest version of TLS.
    """

    def __init__(
        self, url: str, *, authority: str | None = None, connect_s: float = 3.0, least_tls: LeastTls = "1.2"
    ) -> None:
        silence_http_logs()
        self._url = url.rstrip("/")
        self._connect_s = connect_s
        self._verify = client_context(authority, least=least_tls)
        self._client = self._new_client()

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def post(
        self,
        path: str,
        *,
        query: Mapping[str, str],
        body: Mapping[str, str],
        as_json: bool,
        seconds: float,
        headers: Mapping[str, str] | None = None,
    ) -> Answered:
        """The answer to one request.

        :param headers: sent beside the usual ones.
        :param seconds: how long all of it may take.
        :raises GatewayDown: for anything but a whole JSON object, or a refusal of the token, in that time.
        """
        client = self._client

        def build() -> httpx.Request:
            return client.build_request(
                "POST",
                self._url + path,
                params=dict(query),
                headers=dict(headers or {}),
                timeout=httpx.Timeout(seconds, connect=min(seconds, self._connect_s)),
                data=None if as_json else dict(body),
                json=dict(body) if as_json else None,
            )

        try:
            return within(seconds, lambda: self._exchange(client, build), name="gateway")
        except CutOff:
            self._replace(client)
            raise GatewayDown(DownReason.TOO_SLOW) from None

    def _exchange(self, client: httpx.Client, build: Callable[[], httpx.Request]) -> Answered:
        try:
            response = client.send(build(), stream=True)
            try:
                return _answered(response)
            finally:
                response.close()
        except httpx.TimeoutException as error:
            raise GatewayDown(DownReason.TOO_SLOW, kind=type(error).__name__) from None
        except (httpx.ConnectError, httpx.UnsupportedProtocol) as error:
            raise GatewayDown(DownReason.UNREACHABLE, kind=type(error).__name__) from None
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError, RuntimeError) as error:
            # RuntimeError: the client was closed because another call on it was too slow.
            raise GatewayDown(DownReason.DROPPED, kind=type(error).__name__) from None

    def _new_client(self) -> httpx.Client:
        return httpx.Client(
            verify=self._verify,
            # The address is the account's, and no environment variable sends a password hash through a proxy.
            trust_env=False,
            follow_redirects=False,
            headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "kiosk"},
        )

    def _replace(self, client: httpx.Client) -> None:
        """Hang up on a gateway that is too slow, so that the thread that still waits for it ends."""
        if client is self._client:
            self._client = self._new_client()
        client.close()


def _answered(response: httpx.Response) -> Answered:
    if response.status_code == _UNAUTHORISED:
        return Answered(unauthorised=True, fields={})
    if response.status_code >= _SERVER_ERROR:
        raise GatewayDown(DownReason.SERVER_ERROR, kind=str(response.status_code))
    if response.status_code != _OK or not _is_plain_json(response.headers):
        raise GatewayDown(DownReason.MALFORMED, kind=str(response.status_code))
    return Answered(unauthorised=False, fields=_object(_bounded(response)))


def _is_plain_json(headers: httpx.Headers) -> bool:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in _JSON and headers.get("content-encoding", "identity") == "identity"


def _bounded(response: httpx.Response) -> bytes:
    content = bytearray()
    for chunk in response.iter_raw():
        content += chunk
        if len(content) > LARGEST_ANSWER:
            raise GatewayDown(DownReason.TOO_LARGE)
    return bytes(content)


def _object(content: bytes) -> Mapping[str, Any]:
    """The JSON object in these bytes; numbers too long to compute with, and endless nesting, are no answer either."""
    try:
        found = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise GatewayDown(DownReason.MALFORMED, kind=type(error).__name__) from None
    if not isinstance(found, dict):
        raise GatewayDown(DownReason.MALFORMED, kind=type(found).__name__)
    return found
