"""One request to another process of this machine: a bearer token, and the origin that its door takes changes from."""

import http.client
from contextlib import closing


def post(
    host: str, port: int, path: str, body: bytes | bytearray, *, kind: str, token: bytes, timeout_s: float, most: int
) -> tuple[int, bytes]:
    """The status and, up to ``most`` bytes, the content of the answer.

    :param kind: the media type of the body. :param token: 32 bytes that both processes have.
    :param timeout_s: how long to wait for each part of an answer, in seconds.
    :raises OSError: or :class:`http.client.HTTPException`, where nobody answers.
    """
    at = f"[{host}]" if ":" in host else host
    headers = {
        "Authorization": f"Bearer {token.hex()}",
        "Content-Type": kind,
        # The staff process takes changes from its own origin only.
        "Origin": f"http://{at}:{port}",
    }
    with closing(http.client.HTTPConnection(host, port, timeout=timeout_s)) as connection:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read(most)
