"""The ``idcard`` command: lists readers, reads a card, and says what is proved.

Exit codes: 0 the policy is met, or a code was read; 1 it is not, or none was; 2 wrong usage, configuration or
installation; 3 trouble with the reader, the card, the picture or the file; 130 stopped by the user. Results go to
standard output, everything else to standard error.
"""

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

import idcard
from idcard.cli import beside_chip, diag, evidence, qr, serve, trusted
from idcard.cli import trust as trust_store
from idcard.cli.keys import take_keys
from idcard.cli.page import ReportPage, write_page
from idcard.cli.remembered import Remembered, default_file
from idcard.cli.report import read_and_judge, show
from idcard.cli.scan import lines as scan_lines
from idcard.cli.scan import scan_camera, scan_file
from idcard.cli.scan import to_json as scan_to_json
from idcard.cli.shared import (
    CARD_TROUBLE,
    NOT_MET,
    POLICIES,
    AsJson,
    At,
    Demanded,
    In,
    PolicyName,
    errors_told,
    here_and_now,
    print_json,
)
from idcard.cli.steps import Steps
from idcard.cli.texts import Language, say
from idcard.report import to_json

_SECRETS = ("--mrz", "--can", "--card-qr")
_MAY_STAND_ALONE = (*_SECRETS, "--camera")

app = typer.Typer(
    help="Read chip identity cards and say what is proved.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(qr.app, name="qr")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command with ``arguments``, or those of the process, and exit."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show Vietnamese shows "?"; that is no reason to fail.
            stream.reconfigure(errors="replace")
    app(args=with_dashes(sys.argv[1:] if arguments is None else arguments), prog_name="idcard")


def with_dashes(arguments: Sequence[str]) -> list[str]:
    """The arguments with ``-`` behind an option that may stand alone.

    ``--can`` alone means "ask me", ``--camera`` alone the first camera.
    """
    followed = zip(arguments, [*arguments[1:], "--"], strict=False)
    return [
        part
        for argument, following in followed
        for part in ((argument, "-") if argument in _MAY_STAND_ALONE and following.startswith("--") else (argument,))
    ]


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"idcard {idcard.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Read chip identity cards and say what is proved."""


@app.command()
def readers(as_json: AsJson = False, language: In = Language.EN) -> None:
    """List the readers; exit code 3 where there is none."""
    with errors_told(language, as_json):
        names = idcard.readers()
    if as_json:
        print_json({"readers": list(names)})
    for name in () if as_json else names:
        typer.echo(name)
    if not names:
        typer.echo(say("no_reader", language), err=True)
        raise typer.Exit(CARD_TROUBLE)


@app.command()
def read(
    reader: Annotated[str | None, typer.Option(help="The reader's name; the first with a card otherwise.")] = None,
    mrz: Annotated[str | None, typer.Option(help="The MRZ's lines, or NUMBER,YYMMDD,YYMMDD; - asks.")] = None,
    can: Annotated[str | None, typer.Option(help="The six digits of the card access number; - asks.")] = None,
    card_qr: Annotated[
        str | None, typer.Option(metavar="TEXT|FILE", help="The card's QR: its text, a file, an image; - asks.")
    ] = None,
    trust: trusted.Trust = None,
    state: trusted.State = None,
    pins: trusted.PinsFile = None,
    pin_keys: trusted.PinKeysFile = None,
    authority: trusted.AuthorityUrl = None,
    authority_keys: trusted.AuthorityKeys = None,
    policy: Demanded = PolicyName.VIETNAM_STRICT,
    at: At = None,
    challenge: evidence.Challenge = None,
    save: evidence.Save = None,
    keep: evidence.HowMuch = evidence.Keep.VERDICT,
    sign: evidence.Sign = None,
    encrypt_to: evidence.EncryptTo = None,
    page: ReportPage = None,
    remember: Annotated[
        bool, typer.Option("--remember/--no-remember", help="Keep what is learnt of types of cards, and of no person.")
    ] = True,
    as_json: AsJson = False,
    language: In = Language.EN,
) -> None:
    """Read the card on a reader and judge it; exit code 0 only where the policy is met.

    Give exactly one of --mrz, --can and --card-qr. Without a value, or with -, it is asked for, or taken from standard
    input, so that it does not stay in the shell's history.
    """
    with errors_told(language, as_json):
        saving = evidence.Saving.of(save, keep, sign, encrypt_to)
        known = trusted.Trusted.of(trust, state, pins, pin_keys, authority, authority_keys)
        keys = take_keys(mrz, can, card_qr, language)
        remembered = Remembered(default_file() if remember else None)
        now, types = at or here_and_now(), remembered.profiles
        with Steps(Console(stderr=True), language) as steps:
            report = read_and_judge(keys, reader, known, POLICIES[policy], now, steps, challenge, types)
        remembered.keep()
        saving.save(report)
        write_page(page, report, language)
        beside = beside_chip.compared(keys, report.evidence)
    if as_json:
        print_json(to_json(report) | beside_chip.to_json(beside))
    else:
        show(report, Console(highlight=False), language)
        beside_chip.show(beside, Console(highlight=False), language)
    if not report.met:
        raise typer.Exit(NOT_MET)


app.command()(diag.diag)
app.command()(evidence.verify)
app.command()(serve.serve)
app.add_typer(trust_store.app, name="trust")


@app.command()
def scan(
    picture: Annotated[Path | None, typer.Argument(metavar="FILE", help="A picture; - is standard input.")] = None,
    camera: Annotated[
        str | None, typer.Option(metavar="DEVICE", help="Look through this camera, or the first one, instead.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=0.1, max=3600, help="How long to look through a camera.")] = 30,
    as_json: AsJson = False,
    language: In = Language.EN,
) -> None:
    """Read the codes in a picture or before a camera; exit code 1 where there is none.

    QR, Data Matrix, Aztec and PDF417 are read. What a code says is not proved by reading it.
    """
    if (picture is None) == (camera is None):
        raise typer.BadParameter("give either a FILE or --camera")
    with errors_told(language, as_json):
        if picture is not None:
            found = scan_file(picture)
        else:
            found = scan_camera(camera or "-", seconds, lambda advice: _advise(advice, language))
    if as_json:
        print_json(scan_to_json(found))
    for line in () if as_json else scan_lines(found, language):
        typer.echo(line)
    if not found:
        if found.advice is not None:
            _advise(found.advice, language)
        typer.echo(say("scan.nothing", language), err=True)
        raise typer.Exit(NOT_MET)


def _advise(advice: idcard.Advice, language: Language) -> None:
    typer.echo(say(f"advice.{advice}", language), err=True)
