"""``idcard serve``: starts the loopback service, which is an extra."""

import logging
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

import idcard
from idcard.cli import trusted
from idcard.cli.private_keys import key_in, private
from idcard.cli.shared import POLICIES, AsJson, Demanded, In, PolicyName, errors_told, print_json
from idcard.cli.texts import Language, say

if TYPE_CHECKING:
    from idcard.service.server import Server

Sign = Annotated[
    Path | None, typer.Option("--sign", metavar="KEY", help="Sign evidence files with this Ed25519 key (PEM).")
]
EncryptTo = Annotated[
    Path | None, typer.Option(metavar="KEY", help="Seal evidence files to this X25519 public key (PEM).")
]
OpenWith = Annotated[
    Path | None,
    typer.Option(metavar="KEY", help="The X25519 private key that opens evidence files given to it (PEM)."),
]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class EvidenceKeys:
    """The service's keys for evidence files, read before anything listens."""

    sign_with: Ed25519PrivateKey | None
    seal_to: X25519PublicKey | None
    open_with: X25519PrivateKey | None

    @classmethod
    def of(cls, sign: Path | None, encrypt_to: Path | None, open_with: Path | None) -> "EvidenceKeys":
        """The keys in these files.

        :raises typer.BadParameter: if one holds no key of its kind.
        """
        return cls(
            sign_with=key_in(sign, private, Ed25519PrivateKey, "--sign"),
            seal_to=key_in(encrypt_to, load_pem_public_key, X25519PublicKey, "--encrypt-to"),
            open_with=key_in(open_with, private, X25519PrivateKey, "--open-with"),
        )


def serve(
    trust: Annotated[Path, typer.Option(metavar="DIR", help="The trust store.")],
    state: trusted.State = None,
    pins: trusted.PinsFile = None,
    pin_keys: trusted.PinKeysFile = None,
    authority: trusted.AuthorityUrl = None,
    authority_keys: trusted.AuthorityKeys = None,
    reader: Annotated[str | None, typer.Option(help="The reader's name; any reader with a card otherwise.")] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port on 127.0.0.1; 0 takes a free one.")] = 8765,
    token_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the token here, for your eyes only, and do not print it.")
    ] = None,
    sign: Sign = None,
    encrypt_to: EncryptTo = None,
    open_with: OpenWith = None,
    policy: Demanded = PolicyName.VIETNAM_STRICT,
    as_json: AsJson = False,
    language: In = Language.EN,
) -> None:
    """Serve this machine's other programs: readers, cards that come and go, and verdicts, as JSON on loopback."""
    with errors_told(language, as_json):
        keys = EvidenceKeys.of(sign, encrypt_to, open_with)
        store = trusted.store_in(trust, state)
        beside = trusted.Trusted.of(None, state, pins, pin_keys, authority, authority_keys)
        server = _started(store, beside, POLICIES[policy], keys, reader, port)
        if token_file is not None:
            _write_token(server, token_file)
        _tell(server, token_file, language, as_json=as_json)
        sys.stdout.flush()
        _run_until_told(server)


def _run_until_told(server: "Server") -> None:
    """Serve until Ctrl-C or SIGTERM; a shell that started this in the background had Ctrl-C ignored."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.stop())
    server.run()


def _tell(server: "Server", token_file: Path | None, language: Language, *, as_json: bool) -> None:
    """Where it listens and, where it was not written into a file, the token."""
    if as_json:
        token = {"token": server.token} if token_file is None else {"token_file": str(token_file)}
        # One line, so that a program that reads lines has it while the service runs.
        print_json({"address": server.address, **token}, indent=None)
        return
    if token_file is None:
        typer.echo(say("token", language, token=server.token))
    typer.echo(say("serving", language, address=server.address))


def _started(
    store: idcard.TrustStore,
    beside: trusted.Trusted,
    policy: idcard.Policy,
    keys: EvidenceKeys,
    reader: str | None,
    port: int,
) -> "Server":
    """The service, listening; it is an extra, so it is imported on use."""
    try:
        from idcard.service.server import Judging, start
    except ImportError as error:
        raise idcard.MissingExtra("service", "idcard serve") from error
    # It tells whenever a request waits for a thread: nothing that anybody could act on.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    judging = Judging(
        trust=store,
        policy=policy,
        vouchers=beside.vouchers,
        online=beside.online,
        sign_with=keys.sign_with,
        seal_to=keys.seal_to,
        open_with=keys.open_with,
    )
    try:
        return start(judging, reader=reader, port=port)
    except OSError as error:
        remedy = "Choose another one with --port."
        raise idcard.ConfigurationError("The port is taken.", reason="port_taken", remedy=remedy) from error


def _write_token(server: "Server", path: Path) -> None:
    try:
        server.write_token(path)
    except OSError as error:
        remedy = "Choose another one with --token-file."
        message = "The token file cannot be written."
        raise idcard.ConfigurationError(message, reason="not_writable", remedy=remedy) from error
