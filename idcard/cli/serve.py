"""``idcard serve``: starts the loopback service, which is an extra."""

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import idcard
from idcard.cli.shared import POLICIES, Demanded, In, PolicyName, errors_told
from idcard.cli.texts import Language, say

if TYPE_CHECKING:
    from idcard.service.server import Server


def serve(
    trust: Annotated[Path, typer.Option(metavar="DIR", help="The trust store.")],
    reader: Annotated[str | None, typer.Option(help="The reader's name; any reader with a card otherwise.")] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port on 127.0.0.1; 0 takes a free one.")] = 8765,
    token_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the token here, for your eyes only, and do not print it.")
    ] = None,
    policy: Demanded = PolicyName.VIETNAM_STRICT,
    language: In = Language.EN,
) -> None:
    """Serve this machine's other programs: readers, cards that come and go, and verdicts, as JSON on loopback."""
    with errors_told(language, False):
        server = _started(idcard.TrustStore.from_directory(trust), POLICIES[policy], reader, port)
        if token_file is None:
            typer.echo(say("token", language, token=server.token))
        else:
            _write_token(server, token_file)
        typer.echo(say("serving", language, address=server.address))
        sys.stdout.flush()
        server.run()


def _started(trust: idcard.TrustStore, policy: idcard.Policy, reader: str | None, port: int) -> "Server":
    """The service, listening; it is an extra, so it is imported on use."""
    try:
        from idcard.service.server import start
    except ImportError as error:
        raise idcard.MissingExtra("service", "idcard serve") from error
    # It tells whenever a request waits for a thread: nothing that anybody could act on.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    try:
        return start(trust, policy, reader=reader, port=port)
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
