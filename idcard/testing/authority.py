"""A stand-in for an authority's service, in a process of its own: it says which document signers are its own.

Theory of operation. Real HTTP on loopback. It is asked by fingerprint and nonce, and answers with a signed text that it
writes by itself, without the code that reads it. What it knows is in its command line or given to :func:`serve`; faults
can be asked for: to answer late, to answer with somebody else's key, to another nonce, with nonsense or not at all::

    python -m idcard.testing.authority --key KEY.pem --genuine FINGERPRINT

It prints ``listening on PORT`` and ends with its input, so that it never outlives who started it.
"""

import argparse
import base64
import json
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

NAME = "authority.example"
FAULTS = ("", "late", "drip", "endless", "refuse", "nonsense", "other-key", "other-nonce", "hang-up")
_MAX_BODY = 1024


@dataclass(frozen=True, kw_only=True)
class Authority:
    """What the authority knows: its key, and the status of each signer by its fingerprint or another of its names.

    :param valid_for: for how long an answer counts.
    :param fault: one of :data:`FAULTS`.
    """

    key: Ed25519PrivateKey
    signers: Mapping[str, str]
    valid_for: timedelta = timedelta(minutes=10)
    fault: str = ""
    asked: list[bytes] = field(default_factory=list)

    def answer(self, signer: str, nonce: str, now: datetime, **others: str) -> bytes:
        """The signed answer about the signer of this fingerprint and its other names."""
        names = {"signer": signer} | others
        known = [self.signers[name] for name in names.values() if name in self.signers]
        key = Ed25519PrivateKey.generate() if self.fault == "other-key" else self.key
        said = names | {
            "at": now.isoformat(),
            "nonce": "ff" * 16 if self.fault == "other-nonce" else nonce,
            "status": min(known, key=["revoked", "genuine"].index, default="unknown"),
            "until": (now + self.valid_for).isoformat(),
        }
        signed = b"idcard.confirmation/1\n" + json.dumps(said, separators=(",", ":"), sort_keys=True).encode() + b"\n"
        return signed + f"{NAME} ".encode() + base64.b64encode(key.sign(signed)) + b"\n"


def serve(authority: Authority) -> ThreadingHTTPServer:
    """A server on a free port of this machine's loopback; call ``serve_forever`` on it."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), _MAX_BODY))
            authority.asked.append(body)
            try:
                question = json.loads(body)
                answer = authority.answer(
                    question["signer"],
                    question["nonce"],
                    datetime.now(UTC),
                    **{name: question[name] for name in ("issued_as", "key") if name in question},
                )
            except (ValueError, KeyError, TypeError):
                self.send_error(400)
                return
            _reply(self, authority.fault, answer)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing: who asks when is nobody's business."""

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


def _reply(handler: BaseHTTPRequestHandler, fault: str, answer: bytes) -> None:
    if fault == "hang-up":
        handler.close_connection = True
        return
    if fault == "refuse":
        handler.send_error(503)
        return
    if fault == "late":
        time.sleep(2)
    handler.send_response(200)
    handler.end_headers()
    body = {"nonsense": b"<html>", "endless": answer * 100}.get(fault, answer)
    try:
        if fault == "drip":
            for byte in body:
                handler.wfile.write(bytes([byte]))
                time.sleep(0.05)
        else:
            handler.wfile.write(body)
    except OSError:
        handler.close_connection = True


def _authority(arguments: argparse.Namespace) -> Authority:
    key = load_pem_private_key(arguments.key.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise SystemExit("the key is no Ed25519 key")
    signers = dict.fromkeys(arguments.genuine, "genuine") | dict.fromkeys(arguments.revoked, "revoked")
    return Authority(key=key, signers=signers, fault=arguments.fault)


def main() -> None:
    """Serve until the input ends."""
    parser = argparse.ArgumentParser(prog="python -m idcard.testing.authority", description=__doc__)
    parser.add_argument("--key", type=Path, required=True, help="the authority's Ed25519 private key, PEM")
    parser.add_argument("--genuine", action="append", default=[], help="fingerprint of a signer of its own")
    parser.add_argument("--revoked", action="append", default=[], help="fingerprint of a revoked signer")
    parser.add_argument("--fault", choices=FAULTS, default="", help="what goes wrong")
    server = serve(_authority(parser.parse_args()))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"listening on {server.server_port}", flush=True)
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main()
