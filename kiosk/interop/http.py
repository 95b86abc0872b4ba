"""HTTP to a hospital's systems: one bounded POST of bytes, over TLS unless the receiver is on this machine.

Addresses come from the configuration and carry no account, no query and nobody's name or number. Redirects are not
followed, and no more of an answer is read than its first line and headers.
"""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from kiosk.config import LOOPBACK
from kiosk.insurance.cutoff import CutOff, within
from kiosk.insurance.wire import silence_http_logs
from kiosk.interop.sink import Delivered, Down, Failed, GivenUp, Outcome
from kiosk.tls import LeastTls, client_context

_AGAIN_LATER = frozenset({408, 425, 429, 502, 503, 504})
_OUR_ACCOUNT_OR_ADDRESS = frozenset({401, 403, 404, 405})


def checked_url(url: str) -> str:
    """The address, once it is seen to be one that may be called; ValueError otherwise."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("an address such as https://his.example/kiosk, without a query")
    if parts.username or parts.password:
        raise ValueError("no account in an address")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError("plain http is for this machine only")
    return url


class Poster:
    """Connections to one address; for one thread.

    :param authority: the certificate authorities to trust, or None for the usual ones.
    :param seconds: how long one request may take. :param least_tls: the oldest version of TLS that is spoken.
    """

    def __init__(
        self, url: str, *, authority: Path | None = None, seconds: float = 10.0, least_tls: LeastTls = "1.2"
    ) -> None:
        silence_http_logs()
        self._url = checked_url(url)
        self._seconds = seconds
        self._verify = client_context(authority, least=least_tls)
        self._client = self._new_client()

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def post(self, content: bytes, headers: Mapping[str, str]) -> Outcome:
        """What came of sending these bytes, as the answer's status says it."""
        client = self._client
        try:
            status = within(self._seconds, lambda: self._status(client, content, headers), name="post")
        except CutOff:
            self._client = self._new_client()
            client.close()
            return Failed(reason="too_slow")
        except (httpx.ConnectError, httpx.ConnectTimeout):
            return Down(reason="unreachable")
        except httpx.TimeoutException:
            return Failed(reason="too_slow")
        except (httpx.HTTPError, httpx.StreamError, OSError, RuntimeError):
            # RuntimeError: the client was closed because an earlier call on it was too slow.
            return Failed(reason="dropped")
        return outcome_of(status)

    def _status(self, client: httpx.Client, content: bytes, headers: Mapping[str, str]) -> int:
        with client.stream("POST", self._url, content=content, headers=dict(headers)) as response:
            return response.status_code

    def _new_client(self) -> httpx.Client:
        return httpx.Client(
            verify=self._verify,
            timeout=self._seconds,
            # The address is the configuration's, and no environment variable sends patients through a proxy.
            trust_env=False,
            follow_redirects=False,
            # No body of an answer is read; one that came packed would not be unpacked either.
            headers={"User-Agent": "kiosk", "Accept-Encoding": "identity"},
        )


def outcome_of(status: int) -> Outcome:
    """What an HTTP status means for a delivery."""
    if 200 <= status < 300:
        return Delivered(receipt=f"http_{status}")
    if status in _AGAIN_LATER or status in _OUR_ACCOUNT_OR_ADDRESS or status < 400:
        return Down(reason=f"http_{status}")
    return Failed(reason=f"http_{status}") if status >= 500 else GivenUp(reason=f"http_{status}")
