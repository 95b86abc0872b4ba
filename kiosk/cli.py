"""The ``kiosk`` command: the patient's screen, the staff's screen, a look at a configuration, and the demonstration.

Exit codes: 0 ended as it was told to, or nothing wrong; 1 the store cannot be used, or a part of the demonstration
died; 2 wrong usage, configuration or installation.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

import idcard
from kiosk import (
    account_cli,
    cert_cli,
    delivery_cli,
    keys_cli,
    lost_cli,
    province_cli,
    record_cli,
    release_cli,
    report_cli,
    roster_cli,
    self_test_cli,
    speech_cli,
)
from kiosk.hub import cli as hub_cli
from kiosk.lab import cli as lab_cli
from kiosk.provision import commands as provision_cli

STORE_TROUBLE, USAGE = 1, 2
_OWN = ("idcard", "kiosk")

app = typer.Typer(
    help="A check-in kiosk for clinics.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(roster_cli.app, name="roster")
app.add_typer(record_cli.app, name="audit")
app.add_typer(account_cli.app, name="staff-account")
app.add_typer(lost_cli.app, name="lost")
app.add_typer(keys_cli.app, name="keys")
app.command()(record_cli.erase)
app.command()(record_cli.disclose)
app.command()(cert_cli.staff_cert)
app.command()(report_cli.report)
app.add_typer(delivery_cli.deliveries_app, name="deliveries")
app.add_typer(speech_cli.app, name="speech")
app.add_typer(hub_cli.app, name="hub")
app.add_typer(lab_cli.app, name="lab")
app.add_typer(province_cli.app, name="province")
app.add_typer(release_cli.app, name="release")
app.command()(delivery_cli.export)
app.command("self-test")(self_test_cli.self_test)
app.command("test-card")(self_test_cli.register)
provision_cli.add_to(app)

ConfigFile = Annotated[Path, typer.Option("--config", metavar="FILE", help="The configuration of the process.")]
EndWithStdin = Annotated[bool, typer.Option("--end-with-stdin", hidden=True, help="Stop when standard input ends.")]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command with ``arguments``, or those of the process, and exit."""
    app(args=None if arguments is None else list(arguments), prog_name="kiosk")


@app.command()
def run(config: ConfigFile, end_with_stdin: EndWithStdin = False) -> None:
    """Serve the patient's screen."""
    with _errors_told():
        from kiosk.config import PatientConfig, load
        from kiosk.patient_process import run_patient
        from kiosk.process import log_to_stderr

        log_to_stderr()
        run_patient(load(PatientConfig, config), end_with_stdin=end_with_stdin)


@app.command()
def staff(config: ConfigFile, end_with_stdin: EndWithStdin = False) -> None:
    """Serve the staff's screen."""
    with _errors_told():
        from kiosk.config import StaffConfig, load
        from kiosk.process import log_to_stderr
        from kiosk.staff_run import run_staff

        log_to_stderr()
        run_staff(load(StaffConfig, config), end_with_stdin=end_with_stdin)


@app.command()
def wallet(config: ConfigFile, end_with_stdin: EndWithStdin = False) -> None:
    """Ask phones for credentials (OpenID4VP), and show a clerk what they answer."""
    with _errors_told():
        from kiosk.config import load
        from kiosk.process import log_to_stderr
        from kiosk.wallet_config import WalletConfig
        from kiosk.wallet_process import run_wallet

        log_to_stderr()
        run_wallet(load(WalletConfig, config), end_with_stdin=end_with_stdin)


@app.command()
def calls(config: ConfigFile, end_with_stdin: EndWithStdin = False) -> None:
    """Serve the call screen: numbers and rooms for a television, spoken one after another."""
    with _errors_told():
        from kiosk.call_config import CallConfig
        from kiosk.call_process import run_calls
        from kiosk.config import load
        from kiosk.process import log_to_stderr

        log_to_stderr()
        run_calls(load(CallConfig, config), end_with_stdin=end_with_stdin)


@app.command()
def check(config: ConfigFile) -> None:
    """Say what is wrong with a configuration and with what it names; exit code 2 where anything is."""
    with _errors_told():
        from kiosk.checkup import load_process, problems_of
        from kiosk.config import ProcessConfig
        from kiosk.keys_terminal import open_keys
        from kiosk.process import log_to_stderr

        log_to_stderr()
        settings = load_process(config)
        if isinstance(settings, ProcessConfig):
            open_keys(settings)
        problems = problems_of(settings)
        for problem in problems:
            _tell(problem)
    if problems:
        raise typer.Exit(USAGE)
    typer.echo(f"{config}: nothing is wrong.")


@app.command()
def demo(
    reader: Annotated[str, typer.Option(help="simulated, hn212 (a twin of one), pcsc or pcsc:NAME.")] = "simulated",
    camera: Annotated[str, typer.Option(help="simulated: codes shown at the bench; browser: a real camera.")] = (
        "simulated"
    ),
    scanner: Annotated[str, typer.Option(help="simulated: pressed at the bench; none, wedge or serial:PORT.")] = (
        "simulated"
    ),
    port_base: Annotated[int, typer.Option(min=1024, max=65525, help="The first of eleven ports.")] = 8000,
    directory: Annotated[Path, typer.Option("--dir", help="Where the demonstration keeps its data.")] = Path(
        "var/demo"
    ),
) -> None:
    """Start everything on this machine, with invented people and virtual cards."""
    command = [sys.executable, "-m", "kiosk.demo", "--reader", reader, "--camera", camera]
    command += ["--scanner", scanner]
    raise typer.Exit(_passed_on([*command, "--port-base", str(port_base), "--dir", str(directory)]))


gateway = typer.Typer(help="The payer's gateway.", no_args_is_help=True)
app.add_typer(gateway, name="gateway")


@gateway.callback()
def _gateway() -> None:
    """The payer's gateway."""


@gateway.command("stand-in")
def stand_in(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where it listens on this machine; 0 picks one.")] = 8004,
    script: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What it answers; without one, a sample of every result.")
    ] = None,
    end_with_stdin: EndWithStdin = False,
) -> None:
    """Rehearse without the payer: a gateway in a process of its own, with invented people and scripted answers."""
    with _errors_told():
        from kiosk.insurance.stand_in.process import run_stand_in
        from kiosk.process import log_to_stderr

        log_to_stderr()
        run_stand_in(port, script, end_with_stdin=end_with_stdin)


def _passed_on(command: list[str]) -> int:
    """The exit code of another command, which hears what this process is told."""
    if os.name == "posix":
        sys.stdout.flush()
        os.execv(command[0], command)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return subprocess.run(command, check=False).returncode


@contextmanager
def _errors_told() -> Iterator[None]:
    """Tell an error in one line, with what to do, and exit with the code of its kind."""
    try:
        yield
    except (idcard.ConfigurationError, idcard.MissingExtra) as error:
        _tell(error)
        raise typer.Exit(USAGE) from error
    except idcard.IdCardError as error:
        typer.echo(f"Error: {error} Is the disk full, or the file damaged? Then start again.", err=True)
        raise typer.Exit(STORE_TROUBLE) from error
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in _OWN:
            raise
        typer.echo(f"Error: the kiosk needs {error.name}: pip install 'idcard[kiosk]'", err=True)
        raise typer.Exit(USAGE) from error


def _tell(error: idcard.IdCardError) -> None:
    typer.echo(f"Error: {' '.join(str(error).split())}", err=True)
