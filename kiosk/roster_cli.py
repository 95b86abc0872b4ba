"""``kiosk roster``: import the insurer's file, look at the roster, see whether it is whole.

Exit codes: 0 done; 1 refused, or not whole; 2 wrong usage or configuration.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import idcard
from kiosk.roster_words import Language, say

if TYPE_CHECKING:
    from kiosk.config import PatientConfig
    from kiosk.insurance.roster import RosterInfo
    from kiosk.insurance.roster.importing import Own, Report, Target
    from kiosk.insurance.roster.stage import Reject

REFUSED, USAGE = 1, 2

app = typer.Typer(help="Import and look at the insurance roster.", no_args_is_help=True)

ConfigFile = Annotated[Path, typer.Option("--config", metavar="FILE", help="The patient's configuration.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
In = Annotated[Language, typer.Option("--lang", help="The language of messages.")]


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter("a moment is written 2026-11-23T06:00:00+07:00") from error
    return moment if moment.tzinfo is not None else moment.astimezone()


def _who(text: str) -> str:
    if not re.fullmatch(r"[0-9A-Za-z._@-]{1,64}", text):
        raise typer.BadParameter("letters, digits and . _ - @, 64 at most")
    return text


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The insurer's CSV file.")],
    config: ConfigFile,
    manifest: Annotated[Path | None, typer.Option(help="Its manifest, where it does not lie beside it.")] = None,
    rejects: Annotated[Path | None, typer.Option(help="Where refused lines are listed; beside FILE otherwise.")] = None,
    names_of: Annotated[
        list[str] | None, typer.Option(metavar="CLINIC", help="Also keep names of people registered there.")
    ] = None,
    no_names: Annotated[bool, typer.Option("--no-names", help="Keep nobody's name.")] = False,
    max_rejected: Annotated[float, typer.Option(min=0, max=1, help="Which part of the lines may be refused.")] = 0.01,
    as_json: AsJson = False,
    language: In = Language.EN,
) -> None:
    """Put the insurer's roster in place of the present one, or change the present one by a delta."""
    listed = rejects or file.with_name(file.name + ".rejects.csv")
    with _errors_told(language, as_json):
        from kiosk.insurance.roster.importing import import_roster
        from kiosk.roster_progress import Bar

        target = _target(config, None if no_names else frozenset(names_of or ()))
        with Bar(language, silent=as_json) as bar:
            report = import_roster(
                file,
                target,
                manifest=manifest,
                max_rejected=max_rejected,
                progress=bar.show,
                on_rejects=lambda found: _list(listed, found),
            )
    if as_json:
        _print({"installed": not report.already_there, "resumed_at": report.resumed_at} | _told(report))
    else:
        _tell(report, listed, language)


@app.command()
def info(config: ConfigFile, as_json: AsJson = False, language: In = Language.EN) -> None:
    """Say which roster lies there, how many people it has, and how many of them are linked."""
    with _errors_told(language, as_json):
        target = _target(config, None)
        from kiosk.insurance.roster import Roster

        found = Roster(target.roster, tags=target.tags, state=target.state).info
    facts = _facts(found) | {"size_mb": round(target.roster.stat().st_size / 1e6, 1)}
    if as_json:
        _print(facts)
        return
    for name, value in facts.items():
        typer.echo(f"{say(f'info.{name}', language)}: {f'{value:.1%}' if name == 'linked_share' else value}")


@app.command()
def verify(config: ConfigFile, as_json: AsJson = False, language: In = Language.EN) -> None:
    """See whether the roster is whole: every page, row, link and count; exit code 1 where it is not."""
    with _errors_told(language, as_json):
        target = _target(config, None)
        from kiosk.insurance.roster import Roster
        from kiosk.insurance.roster.file import RosterFile
        from kiosk.insurance.roster.verifying import findings

        version = Roster(target.roster, tags=target.tags, state=target.state).version
        wrong = findings(RosterFile(target.roster, tags=target.tags))
    if as_json:
        _print({"whole": not wrong, "version": version, "findings": [finding.value for finding in wrong]})
    else:
        told = [say(f"finding.{finding}", language) for finding in wrong]
        for line in told or [say("whole", language, version=version)]:
            typer.echo(line)
    if wrong:
        raise typer.Exit(REFUSED)


@app.command("manifest")
def manifest_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The CSV file.")],
    version: Annotated[str, typer.Option(help="The name of this delivery, for example its date.")],
    sequence: Annotated[int, typer.Option(min=1, help="A number higher than the delivery's before.")],
    as_of: Annotated[datetime, typer.Option(parser=_moment, metavar="MOMENT", help="When the rows were true.")],
    base: Annotated[str | None, typer.Option(help="The version that a delta changes.")] = None,
    sign: Annotated[Path | None, typer.Option(metavar="KEY", help="The publisher's private key, as PEM.")] = None,
    language: In = Language.EN,
) -> None:
    """Write the manifest of a file: for whoever delivers it, and for rehearsals."""
    with _errors_told(language, as_json=False):
        from kiosk.insurance.roster.delivery import describe

        written, rows = describe(file, version=version, sequence=sequence, as_of=as_of, base=base, key=sign)
    typer.echo(say("manifest", language, file=written, rows=rows))


@app.command()
def disown(
    config: ConfigFile,
    sequence: Annotated[int, typer.Option(min=1, help="The number of the newest roster, as kiosk roster info has it.")],
    by: Annotated[str, typer.Option(parser=_who, metavar="WHO", help="Who does this; it is written down.")],
    as_json: AsJson = False,
    language: In = Language.EN,
) -> None:
    """Say that the newest roster should not have been taken: the next whole one may have a lower number."""
    with _errors_told(language, as_json):
        from kiosk.insurance.roster.file import RosterFile
        from kiosk.insurance.roster.state import disown as disown_newest
        from kiosk.insurance.roster.state import log_of

        target = _target(config, None)
        present = RosterFile(target.roster, tags=target.tags).info if target.roster.is_file() else None
        found = disown_newest(target.state_file, present, sequence=sequence, by=by, at=datetime.now(UTC))
    log = log_of(target.state_file)
    if as_json:
        _print({"disowned": found.sequence, "version": found.version, "log": str(log)})
    else:
        typer.echo(say("disowned", language, version=found.version, sequence=found.sequence, file=log))


def _target(path: Path, names_of: "frozenset[str] | None") -> "Target":
    """The roster of a configuration; names are kept of its own clinic's people, and of those in ``names_of``."""
    from kiosk.config import PatientConfig, load
    from kiosk.insurance.roster.importing import Target
    from kiosk.insurance.roster.manifest import load_publisher_key
    from kiosk.keys import PersonTags, load_secret
    from kiosk.keys_terminal import open_keys

    config = load(PatientConfig, path)
    open_keys(config)
    return Target(
        roster=config.roster,
        tags=PersonTags(load_secret(config.roster_key)),
        state=config.roster_state,
        own=None if names_of is None else _own(config, names_of),
        publisher=None if config.roster_publisher is None else load_publisher_key(config.roster_publisher),
    )


def _own(config: "PatientConfig", names_of: frozenset[str]) -> "Own":
    from kiosk.insurance.roster.importing import Own
    from kiosk.keys import load_clinic_public_key

    return Own(clinics=names_of | {config.clinic.code}, public_key=load_clinic_public_key(config.clinic_public_key))


def _list(path: Path, rejects: "list[Reject]") -> None:
    """Write the refused lines: their numbers, columns and reasons, and nothing of what they held."""
    text = "line,column,reason\n" + "".join(f"{line},{column},{reason}\n" for line, column, reason in rejects)
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise typer.BadParameter(f"{path} cannot be written") from error


def _facts(found: "RosterInfo") -> dict[str, Any]:
    names = ("version", "sequence", "rows", "personal", "linked", "dead", "names")
    return {name: getattr(found, name) for name in names} | {
        "as_of": found.as_of.isoformat(),
        "linked_share": round(found.linked_share, 6),
    }


def _told(report: "Report") -> dict[str, Any]:
    return {"lines": report.lines, "rejects": len(report.rejects), "roster": _facts(report.info)}


def _tell(report: "Report", listed: Path, language: Language) -> None:
    if report.resumed_at > 1:
        typer.echo(say("resumed", language, line=report.resumed_at))
    word = "already_there" if report.already_there else "installed"
    typer.echo(say(word, language, version=report.info.version))
    if report.rejects:
        typer.echo(say("rejects", language, count=len(report.rejects), file=listed))


@contextmanager
def _errors_told(language: Language, as_json: bool) -> Iterator[None]:
    """Tell an error in one line, with what to do, and exit with the code of its kind."""
    try:
        yield
    except idcard.IdCardError as error:
        told = say(f"refused.{error.facts['reason']}", language) if error.code == "roster_refused" else str(error)
        if as_json:
            _print({"error": {"code": error.code, "message": told, "facts": dict(error.facts)}})
        else:
            typer.echo(f"{'Error' if language is Language.EN else 'Lỗi'}: {' '.join(told.split())}", err=True)
        raise typer.Exit(USAGE if isinstance(error, idcard.ConfigurationError) else REFUSED) from error
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("idcard", "kiosk"):
            raise
        typer.echo(f"Error: the kiosk needs {error.name}: pip install 'idcard[kiosk]'", err=True)
        raise typer.Exit(USAGE) from error


def _print(value: dict[str, Any]) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
