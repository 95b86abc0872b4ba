"""``kiosk speech``: make clips for a clinic's own words, list what is to be read aloud, see what is missing.

Exit codes: 0 done, nothing missing; 1 clips are missing; 2 wrong usage, configuration or installation.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import idcard

if TYPE_CHECKING:
    from kiosk.domain.route import Clinic

MISSING, USAGE = 1, 2

app = typer.Typer(help="What the kiosk says aloud.", no_args_is_help=True)

ConfigFile = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="The patient's configuration, for the clinic's words.")
]


@app.command()
def make(
    folder: Annotated[Path, typer.Argument(help="Where the clips are put; the setting speech_clips names it.")],
    config: ConfigFile = None,
) -> None:
    """Make clips by machine, with espeak-ng: placeholders until somebody has read the words."""
    from kiosk.audio.making import make_clips

    try:
        count = make_clips(folder, _wanted(config))
    except idcard.ConfigurationError as error:
        typer.echo(f"{error}", err=True)
        raise typer.Exit(USAGE) from error
    typer.echo(f"{folder}: {count} clips.")


@app.command()
def script(config: ConfigFile = None) -> None:
    """List what a human voice is to read: one line a clip, its file's name and its words."""
    for language, clips in _wanted(config).items():
        for clip, words in sorted(clips.items()):
            typer.echo(f"{language}/{clip}.opus\t{words}")


@app.command()
def check(
    folder: Annotated[Path | None, typer.Argument(help="A folder of clips beside those that ship.")] = None,
    config: ConfigFile = None,
) -> None:
    """Say which clips are missing, or say other words than the screens; exit code 1 where any is."""
    from kiosk.audio.clips import SHIPPED, Clips, manifest_of

    clips, said = Clips(folder), {language: dict(words) for language, words in manifest_of(SHIPPED).items()}
    for language, words in manifest_of(folder).items() if folder is not None else ():
        said.setdefault(language, {}).update(words)
    wrong = [
        f"{language}/{clip}.opus\t{words}"
        for language, wanted in _wanted(config).items()
        for clip, words in sorted(wanted.items())
        if not clips.has(language, clip) or said.get(language, {}).get(clip) != words
    ]
    for line in wrong:
        typer.echo(line)
    if wrong:
        raise typer.Exit(MISSING)
    typer.echo("Nothing is missing.")


def _wanted(config: Path | None) -> dict[str, dict[str, str]]:
    from kiosk.audio.words import LANGUAGES, wanted

    clinic = _clinic(config)
    return {language: wanted(language, clinic) for language in LANGUAGES}


def _clinic(config: Path | None) -> "Clinic | None":
    if config is None:
        return None
    from kiosk.config import PatientConfig, load

    try:
        return load(PatientConfig, config).clinic
    except idcard.ConfigurationError as error:
        typer.echo(f"{error}", err=True)
        raise typer.Exit(USAGE) from error
