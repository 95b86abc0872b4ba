"""A receiver of signed webhooks: the dozen lines that a hospital needs, and a rehearsal of them.

::

    python examples/webhook_receiver.py --simulated

    python examples/webhook_receiver.py SECRET_FILE [PORT]

The first posts four events to itself: a good one, the same again, one that was altered, and an old one. The second
serves until it is stopped; it uses the standard library only, so it can be copied as it is.
"""

import hashlib
import hmac
import http.client
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

LARGEST = 1024 * 1024
WINDOW_S = 300


class Receiver(BaseHTTPRequestHandler):
    """Takes an event that is signed, young and new; it answers a known one as if it were new."""

    secret = b""
    known: set[str] = set()  # noqa: RUF012 - kept for as long as the process runs; a hospital keeps it in its database

    def do_POST(self) -> None:
        """Answer 204 for an event that counts, 400 for anything else."""
        body = self.rfile.read(min(int(self.headers.get("Content-Length", "0")), LARGEST))
        timestamp, said = self.headers.get("x-timestamp", ""), self.headers.get("x-sign", "")
        good = "v1=" + hmac.new(self.secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        young = timestamp.isdigit() and abs(time.time() - int(timestamp)) <= WINDOW_S
        if not (hmac.compare_digest(said.encode(), good.encode()) and young):
            self.send_error(400)
            return
        event = self.headers.get("x-event-id", "")
        print("event", "known" if event in self.known else "new", flush=True)
        self.known.add(event)
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def main(arguments: list[str]) -> int:
    """The exit code: 0 where the rehearsal went as it must, or the server was told to stop."""
    if arguments == ["--simulated"]:
        return rehearsal()
    if not 1 <= len(arguments) <= 2:
        print("usage: webhook_receiver.py --simulated | SECRET_FILE [PORT]", file=sys.stderr)
        return 2
    Receiver.secret = bytes.fromhex(Path(arguments[0]).read_text("ascii").strip())
    server = ThreadingHTTPServer(("127.0.0.1", int(arguments[1]) if arguments[1:] else 0), Receiver)
    print(f"listening on {server.server_port}", flush=True)
    server.serve_forever()
    return 0


def rehearsal() -> int:
    """What becomes of a good event, the same again, an altered one and an old one."""
    Receiver.secret = bytes(range(32))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    body, now = b'{"type":"kiosk.visit.registered"}', int(time.time())
    good = post(server.server_port, body, now, signed(body, now))
    again = post(server.server_port, body, now, signed(body, now))
    altered = post(server.server_port, body + b" ", now, signed(body, now))
    old = post(server.server_port, body, now - 2 * WINDOW_S, signed(body, now - 2 * WINDOW_S))
    server.shutdown()
    server.server_close()
    print(f"good: {good}, again: {again}, altered: {altered}, old: {old}")
    return 0 if [good, again, altered, old] == [204, 204, 400, 400] else 1


def signed(body: bytes, timestamp: int) -> str:
    """The signature as the kiosk makes it."""
    return "v1=" + hmac.new(Receiver.secret, f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def post(port: int, body: bytes, timestamp: int, signature: str) -> int:
    """The status of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"x-event-id": "e1", "x-timestamp": str(timestamp), "x-sign": signature}
    connection.request("POST", "/", body, headers)
    status = connection.getresponse().status
    connection.close()
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
