"""The patient's process asks the staff's process about cover: loopback, a bearer token, numbers in the body only."""

import http.client

from kiosk.domain.cover_basis import Asked, Online, OnlineAnswer
from kiosk.insurance.cover_message import LARGEST, PATH, MalformedMessage, answer_of, question_bytes
from kiosk.insurance.sources import NoOnlineAnswer
from kiosk.loopback import post


class StaffLink:
    """The staff process of this machine, as whom to ask; safe to use from several threads.

    :param token: 32 bytes that both processes have.
    :param timeout_s: how long to wait for each part of an answer, in seconds; the visit's cut-off comes first.
    """

    def __init__(self, host: str, port: int, *, token: bytes, timeout_s: float = 10.0) -> None:
        self._host = host
        self._port = port
        self._token = token
        self._timeout_s = timeout_s

    def __repr__(self) -> str:
        return f"StaffLink(port={self._port})"

    def ask(self, asked: Asked) -> OnlineAnswer:
        """What the payer says about this person; NoOnlineAnswer where nothing usable came."""
        try:
            question = question_bytes(asked)
        except ValueError:
            # Pydantic's error would quote the name.
            raise NoOnlineAnswer(Online.UNASKABLE) from None
        try:
            return answer_of(self._post(question))
        except (OSError, http.client.HTTPException, MalformedMessage):
            raise NoOnlineAnswer(Online.UNREACHABLE) from None

    def _post(self, body: bytes) -> bytes:
        status, content = post(
            self._host,
            self._port,
            PATH,
            body,
            kind="application/json",
            token=self._token,
            timeout_s=self._timeout_s,
            most=LARGEST + 1,
        )
        if status != http.client.OK or len(content) > LARGEST:
            raise MalformedMessage("no answer about cover")
        return content
