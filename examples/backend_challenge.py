"""A backend that trusts no kiosk: it gives a challenge, takes evidence, and judges by itself.

The backend and the kiosk are two processes that speak HTTP on loopback::

    python examples/backend_challenge.py --simulated

The kiosk reads an invented citizen's card with the backend's challenge, and sends an evidence file that only the
backend can open. The backend checks that the chip answered *this* challenge, which no old reading can have, and that
its own trust store knows the issuer. Then the kiosk sends the same file again for a new challenge, and is refused.
"""

import argparse
import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

import idcard

MAX_BODY_BYTES = 8 << 20


VIETNAM = timezone(timedelta(hours=7))


class Backend:
    """What a hospital's server does: it keeps its challenges, each good for one answer."""

    def __init__(self, trust: idcard.TrustStore) -> None:
        self.trust = trust
        self.key = X25519PrivateKey.generate()
        self.open: dict[str, bytes] = {}

    def challenge(self) -> dict[str, str]:
        """A new challenge, and the public key to seal the evidence to."""
        challenge = os.urandom(8)
        self.open[challenge.hex()] = challenge
        return {"challenge": challenge.hex(), "seal_to": self.key.public_key().public_bytes_raw().hex()}

    def judge(self, name: str, file: bytes) -> dict[str, Any]:
        """The verdict on an evidence file that answers the challenge called ``name``."""
        challenge = self.open.pop(name, None)
        if challenge is None:
            return {"met": False, "reasons": ["no_such_challenge"]}
        try:
            evidence = idcard.EvidenceFile.from_bytes(file, open_with=self.key).evidence
        except idcard.IdCardError as error:
            return {"met": False, "reasons": [error.code]}
        # No device is believed: only what the chip itself signed counts.
        expectation = idcard.Expectation(challenge=challenge, witnesses=frozenset())
        # A backend may run anywhere; whether a card has expired is a question of the calendar where it is used.
        at = datetime.now(VIETNAM)
        verdict = idcard.verify(evidence, self.trust, at=at, expectation=expectation)
        try:
            identity = verdict.require()
        except idcard.NotVerified as error:
            return {"met": False, "reasons": [fact.reason.value for fact in error.unmet]}
        # Here the backend goes on with the identity, which never leaves this process.
        return {"met": True, "reasons": [], "birth_year": identity.birth.year}


def handler(backend: Backend) -> type[BaseHTTPRequestHandler]:
    """The backend behind HTTP."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), MAX_BODY_BYTES))
            if self.path == "/challenge":
                self._answer(backend.challenge())
            elif self.path == "/evidence":
                self._answer(backend.judge(self.headers.get("Challenge", ""), body))
            else:
                self.send_error(404)

        def _answer(self, value: dict[str, Any]) -> None:
            data = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing is logged: an address could hold more than it should."""

    return Handler


def post(port: int, path: str, body: bytes = b"", **headers: str) -> Any:
    """What the backend answers."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", path, body, headers)
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer


def kiosk(port: int, keys: idcard.AccessKey, card: idcard.Connection) -> int:
    """Reads a card for the backend; then tries to use the same reading twice."""
    given = post(port, "/challenge")
    evidence = idcard.read(keys, card, challenge=bytes.fromhex(given["challenge"]))
    seal_to = X25519PublicKey.from_public_bytes(bytes.fromhex(given["seal_to"]))
    file = idcard.EvidenceFile(evidence=evidence).to_bytes(seal_to=seal_to)
    first = post(port, "/evidence", file, Challenge=given["challenge"])
    print("Accepted. Born in", first["birth_year"]) if first["met"] else print("Refused:", *first["reasons"])
    again = post(port, "/evidence", file, Challenge=post(port, "/challenge")["challenge"])
    print("The same evidence again:", *again["reasons"])
    return 0 if first["met"] and not again["met"] else 1


def simulated_kiosk(port: int, issuer_directory: Path) -> int:
    """The kiosk's process, with an invented citizen's card."""
    from idcard.testing import Holder, Issuer  # the extra idcard[testing]

    holder = Holder(
        personal_number="036090999991",
        name="Nguyễn Văn Mẫu",
        birth=date(1990, 5, 15),
        sex="M",
        issued=date(2022, 6, 1),
        expiry=None,
    )
    card = Issuer.load(issuer_directory).issue(holder)
    card.power_on()
    return kiosk(port, idcard.Can(holder.can), card)


def simulated() -> int:
    """The backend's process; it starts the kiosk's."""
    from idcard.testing import Issuer

    issuer = Issuer.create(at=datetime(2022, 1, 1, tzinfo=UTC))
    trust = idcard.TrustStore.of([issuer.csca_certificate], accept_demonstration=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(Backend(trust)))
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        with TemporaryDirectory() as directory:
            issuer.save(Path(directory))
            program = [sys.executable, __file__, "--kiosk", str(server.server_port), directory]
            return subprocess.run(program, check=False).returncode
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def main() -> int:
    """The exit code: 0 only where the card was accepted and its replay was not."""
    parser = argparse.ArgumentParser(description="A backend that trusts no kiosk, and a kiosk.")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--simulated", action="store_true", help="both, with a simulated card; no reader needed")
    which.add_argument("--kiosk", nargs=2, metavar=("PORT", "ISSUER"), help="the kiosk alone")
    arguments = parser.parse_args()
    if arguments.simulated:
        return simulated()
    return simulated_kiosk(int(arguments.kiosk[0]), Path(arguments.kiosk[1]))


if __name__ == "__main__":
    sys.exit(main())
