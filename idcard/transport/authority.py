"""Asking an authority over HTTP whether a document signer is one of its own.

Theory of operation. ``POST`` of a nonce and the signer's names and nothing else: no cookie, no name of a program, no
identifier of a clinic. The answer is a signed text; the wire is not what makes it true, but outside of this machine it
must be TLS all the same, so that nobody on the way learns who asks when. One try, one deadline for all of it: a visit
goes on without the answer.
"""

import http.client
import json
import ssl
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from idcard.errors import AuthorityUnreachable, MalformedData
from idcard.transport.deadline import Deadline, Wire, connect
from idcard.trust.online import Confirmation, Question

MAX_ANSWER_BYTES = 8192
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class HttpAuthority:
    """An :class:`idcard.OnlineVerifier` over HTTP.

    :param address: ``https://…``, or ``http://`` on this machine's loopback.
    :param authorities: the public keys of the authorities whose answers count, by name.
    :param timeout_s: how long all of it may take.
    :param tls: how the other side's certificate is checked, where the system's roots are not the ones.
    :raises ValueError: for another kind of address.
    """

    def __init__(
        self,
        address: str,
        authorities: Mapping[str, Ed25519PublicKey],
        *,
        timeout_s: float = 3.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        parts = urlsplit(address)
        host = parts.hostname or ""
        if parts.scheme not in ("http", "https") or not host or parts.username or parts.query or parts.fragment:
            raise ValueError("an authority's address is https://HOST/PATH")
        if parts.scheme == "http" and host not in _LOOPBACK:
            raise ValueError("outside of this machine an authority is asked over https only")
        self._host, self._port, self._path = host, parts.port, parts.path or "/"
        self._tls = (tls or ssl.create_default_context()) if parts.scheme == "https" else None
        self._authorities = dict(authorities)
        self._timeout_s = timeout_s

    def confirm(self, question: Question) -> bytes:
        """The signed answer to this question, byte for byte.

        :raises AuthorityUnreachable: if there is none in time, or it is not an answer to this question.
        """
        try:
            data = self._ask(question)
        except (OSError, http.client.HTTPException) as error:
            raise AuthorityUnreachable("the authority does not answer") from error
        try:
            answer = Confirmation.from_bytes(data, self._authorities)
        except MalformedData as error:
            raise AuthorityUnreachable("what came back is no answer of a known authority") from error
        if not answer.answers(question):
            raise AuthorityUnreachable("what came back answers another question")
        return data

    def _ask(self, question: Question) -> bytes:
        deadline = Deadline(self._timeout_s)
        wire = connect(self._host, self._connection().port, self._tls, deadline)
        try:
            return self._answer(wire, json.dumps(question.to_dict()).encode())
        finally:
            wire.hang_up()

    def _connection(self) -> http.client.HTTPConnection:
        """What speaks HTTP; it never connects by itself."""
        if self._tls is None:
            return http.client.HTTPConnection(self._host, self._port)
        return http.client.HTTPSConnection(self._host, self._port, context=self._tls)

    def _answer(self, wire: Wire, body: bytes) -> bytes:
        """The body of the answer, bounded in length; the wire bounds it in time."""
        connection = self._connection()
        connection.sock = cast(Any, wire)
        connection.putrequest("POST", self._path, skip_accept_encoding=True)
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        if response.status != http.client.OK:
            raise AuthorityUnreachable("the authority refuses to answer", status=response.status)
        data = response.read(MAX_ANSWER_BYTES + 1)
        if len(data) > MAX_ANSWER_BYTES:
            raise AuthorityUnreachable("an answer that is too long")
        return data
