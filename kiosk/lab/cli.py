"""``kiosk lab``: a province on one machine, against the real hub; and how large a hub must be.

Exit codes: 0 all is accounted for; 1 the store cannot be used; 2 wrong usage, or a part does not come up; 3 something
was lost or doubled.
"""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import idcard

if TYPE_CHECKING:
    from kiosk.lab.run import Outcome, State, Wanted

USAGE, STORE_TROUBLE, NOT_WHOLE = 2, 1, 3
ALL = "all"

app = typer.Typer(help="A province of simulated clinics on this machine, against the real hub.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@app.command("run")
def run_lab(
    clinics: Annotated[int, typer.Option(min=1, max=5000, help="How many clinics.")] = 12,
    minutes: Annotated[float, typer.Option(min=0.01, max=1440, help="How long, in real minutes.")] = 1.0,
    seed: Annotated[int, typer.Option(help="What everything is drawn from.")] = 1,
    speed: Annotated[float, typer.Option(min=1, max=3600, help="How many times as fast the day passes.")] = 60.0,
    store: Annotated[str, typer.Option(help="sqlite or postgres.")] = "sqlite",
    visits: Annotated[
        int | None, typer.Option(min=1, help="People on the whole day; else forty to each clinic on average.")
    ] = None,
    faults: Annotated[str, typer.Option(help="cut,loss,duplicates,reordering,slow; or all.")] = "",
    kill: Annotated[str, typer.Option(help="hub,database,kiosks; or all. By SIGKILL, again and again.")] = "",
    workers: Annotated[int, typer.Option(min=1, max=32, help="Processes that run the clinics.")] = 2,
    real: Annotated[
        int | None, typer.Option(min=0, help="So many clinics have a real clinic's store and sender; else up to 24.")
    ] = None,
    keep: Annotated[Path | None, typer.Option(metavar="DIR", help="Leave everything in this empty folder.")] = None,
    as_json: AsJson = False,
) -> None:
    """Let clinics work, lines fail and processes die; account for every admission: exit code 3 where one is lost."""
    with _told():
        from kiosk.lab.faults import Fault
        from kiosk.lab.run import Kill, Wanted

        wanted = Wanted(
            clinics=clinics,
            minutes=minutes,
            seed=seed,
            speed=speed,
            store=_one_of(store),
            visits=visits,
            faults=frozenset(map(Fault, _words("--faults", faults, list(Fault)))),
            kills=frozenset(map(Kill, _words("--kill", kill, list(Kill)))),
            workers=workers,
            real=real,
        )
        with _folder(keep) as folder:
            outcome = _watched(wanted, folder, silent=as_json)
    if as_json:
        typer.echo(json.dumps(outcome.plain(), indent=2))
    else:
        _tell(outcome)
    if not outcome.account.is_whole:
        raise typer.Exit(NOT_WHOLE)


@app.command()
def plan(
    seed: Annotated[int, typer.Option(help="What the days are drawn from.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Print how much a hub has to take for one province, for 34, and for the country, and how many it takes."""
    with _told():
        from kiosk.lab.plan import SCALES, load_of

        loads = [load_of(scale, seed) for scale in SCALES]
        if as_json:
            typer.echo(json.dumps({load.scale.name: load.numbers() for load in loads}, indent=2))
        else:
            from kiosk.lab.tables import print_loads

            print_loads(loads)


def _one_of(store: str) -> str:
    from kiosk.lab.hub import STORES

    if store not in STORES:
        raise typer.BadParameter("--store is sqlite or postgres")
    return store


def _words(option: str, text: str, known: list[str]) -> list[str]:
    if text == ALL:
        return [str(each) for each in known]
    words = [word.strip() for word in text.split(",") if word.strip()]
    if unknown := sorted(set(words) - {str(each) for each in known}):
        raise typer.BadParameter(f"{option}: {unknown[0]} is none of {', '.join(known)}")
    return words


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        yield keep
        return
    # Removed by whoever made it: PostgreSQL's own files belong to another user.
    folder = Path(tempfile.mkdtemp(prefix="kiosk-lab-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _watched(wanted: "Wanted", folder: Path, *, silent: bool) -> "Outcome":
    from kiosk.lab.run import run
    from kiosk.lab.tables import progress

    with progress(silent=silent) as watch:
        watcher: Callable[[State], None] = watch
        return run(wanted, folder, watcher)


def _tell(outcome: "Outcome") -> None:
    from kiosk.lab.tables import print_outcome

    print_outcome(outcome)


@contextmanager
def _told() -> Iterator[None]:
    """Tell an error in one line, with what to do, and exit with the code of its kind."""
    try:
        yield
    except idcard.IdCardError as error:
        typer.echo(f"Error: {' '.join(str(error).split())}", err=True)
        raise typer.Exit(USAGE if isinstance(error, idcard.ConfigurationError) else STORE_TROUBLE) from error
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("idcard", "kiosk"):
            raise
        typer.echo(f"Error: the laboratory needs {error.name}: pip install 'idcard[hub]'", err=True)
        raise typer.Exit(USAGE) from error
