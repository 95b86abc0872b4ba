"""What the commands of ``kiosk hub`` share: the store that a configuration names, and errors told in one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import idcard

if TYPE_CHECKING:
    from kiosk.hub.config import HubConfig
    from kiosk.hub.store.database import HubDatabase

STORE_TROUBLE, USAGE, NOTHING = 1, 2, 3
_OWN = ("idcard", "kiosk")

ConfigFile = Annotated[Path, typer.Option("--config", metavar="FILE", help="The hub's configuration, hub.toml.")]
Clinic = Annotated[str, typer.Argument(metavar="CLINIC", help="The clinic's code.")]
Name = Annotated[str, typer.Argument(metavar="DEVICE", help="The device's name in its clinic.")]
Sign = Annotated[str, typer.Option(help="The sign of whoever does it.")]


def load_hub(path: Path) -> "HubConfig":
    """The configuration in this file."""
    from kiosk.config import load
    from kiosk.hub.config import HubConfig

    return load(HubConfig, path)


@contextmanager
def opened_store(path: Path) -> Iterator["HubDatabase"]:
    """The store that a configuration names, for a while."""
    from kiosk.hub.process import open_store

    database = open_store(load_hub(path))
    try:
        yield database
    finally:
        database.close()


def nothing(what: str) -> typer.Exit:
    """The end of a command that found nothing of that name."""
    typer.echo(f"Error: {what}", err=True)
    return typer.Exit(NOTHING)


@contextmanager
def told() -> Iterator[None]:
    """Tell an error in one line, with what to do, and exit with the code of its kind."""
    try:
        yield
    except idcard.ConfigurationError as error:
        raise _exit(error, USAGE) from error
    except idcard.IdCardError as error:
        raise _exit(error, STORE_TROUBLE if error.code == "hub_store_unavailable" else USAGE) from error
    except OSError as error:
        typer.echo(
            f"Error: a file cannot be read or written: {error.strerror}. Is the disk full, or another's?", err=True
        )
        raise typer.Exit(STORE_TROUBLE) from error
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in _OWN:
            raise
        typer.echo(f"Error: the hub needs {error.name}: pip install 'idcard[hub]'", err=True)
        raise typer.Exit(USAGE) from error


def _exit(error: idcard.IdCardError, code: int) -> typer.Exit:
    typer.echo(f"Error: {' '.join(str(error).split())}", err=True)
    return typer.Exit(code)
