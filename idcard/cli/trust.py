"""``idcard trust``: what an operator does with a trust store.

Exit codes are those of :mod:`idcard.cli`; 1 means here that something was refused, or needs attention.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from ssl import DER_cert_to_PEM_cert
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from idcard.cli import pins
from idcard.cli.shared import NOT_MET, AsJson, At, In, errors_told, here_and_now, print_json, printable
from idcard.cli.texts import Language
from idcard.cli.trust_files import NothingForTheStore, bytes_of, looks_like
from idcard.cli.trust_view import attention, described, entries_of
from idcard.cli.trust_words import say_trust
from idcard.cli.trusted import State, not_rolled_back, state_of, store_in
from idcard.errors import MalformedData
from idcard.trust.archive import Archive, Kind, replace_file
from idcard.trust.certificates import Certificate
from idcard.trust.contents import Contents, items
from idcard.trust.draft import Draft, editing
from idcard.trust.importing import Report, add_file
from idcard.trust.store import TrustStore

_SHA256 = re.compile(r"[0-9a-f]{64}")

app = typer.Typer(help="Keep the trust store: whose signatures count.", no_args_is_help=True)
app.add_typer(pins.app, name="pins")

Store = Annotated[Path, typer.Option("--trust", metavar="DIR", help="The trust store.")]
Fingerprint = Annotated[str, typer.Argument(help="The SHA-256 of an entry, or how it begins.")]
Demonstration = Annotated[
    bool, typer.Option("--accept-demonstration", help="Also take demonstration certificates, which prove nothing.")
]


def _roots(given: list[str]) -> tuple[list[Certificate], list[str]]:
    """The roots that were given as files, and those by fingerprint."""
    prints = [text.lower().replace(":", "") for text in given]
    files = [Path(text) for text, one in zip(given, prints, strict=True) if not _SHA256.fullmatch(one)]
    found = [item for file in files for part in Contents.of(bytes_of(file)).parts for item in items(part)]
    roots = [item for item in found if isinstance(item, Certificate)]
    if len(roots) != len(found):
        raise typer.BadParameter("--root takes certificates, or their SHA-256")
    return roots, [one for one in prints if _SHA256.fullmatch(one)]


def _checked(file: Path, sha256: str | None) -> bytes:
    data = bytes_of(file)
    wanted = None if sha256 is None else sha256.lower().replace(":", "")
    if wanted is not None and hashlib.sha256(data).hexdigest() != wanted:
        raise typer.BadParameter(f"{file} does not have the SHA-256 that was given")
    return data


@app.command()
def add(
    files: Annotated[list[Path], typer.Argument(help="Certificates, master lists, CRLs, deviation lists, LDIF.")],
    trust: Store,
    root: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE|SHA256", help="Whom a master list must lead to: a certificate, or its SHA-256."),
    ] = None,
    sha256: Annotated[str | None, typer.Option(help="What the SHA-256 of the one file must be.")] = None,
    as_anchor: Annotated[bool, typer.Option("--as-anchor", help="Trust CSCA certificates not self-signed.")] = False,
    accept_demonstration: Demonstration = False,
    state: State = None,
    as_json: AsJson = False,
    language: In = Language.EN,
) -> None:
    """Import files into the store, all of them or none; exit code 1 where something in them was refused."""
    if sha256 is not None and len(files) != 1:
        raise typer.BadParameter("--sha256 is of one file")
    now = datetime.now(UTC)
    reports: list[Report] = []
    with errors_told(language, as_json):
        roots, fingerprints = _roots(root or [])
        contents = [(file, _checked(file, sha256)) for file in files]
        with editing(trust, at=now) as draft:
            not_rolled_back(trust, state, draft.sequence, draft.previous)
            for file, data in contents:
                with _unknown_told(file, data):
                    report = add_file(
                        draft,
                        data,
                        name=file.name,
                        at=now,
                        roots=roots,
                        root_fingerprints=fingerprints,
                        as_anchor=as_anchor,
                        accept_demonstration=accept_demonstration,
                    )
                reports.append(report)
        _remember(trust, state)
    if as_json:
        print_json({"files": [_report_to_json(report) for report in reports]})
    else:
        _tell_reports(reports, language)
    if any(report.refused for report in reports):
        raise typer.Exit(NOT_MET)


@contextmanager
def _unknown_told(file: Path, data: bytes) -> Iterator[None]:
    """Say what a file looks like that is nothing for the store."""
    try:
        yield
    except MalformedData as error:
        raise NothingForTheStore(looks_like(data, str(error)), where=file.name) from error


def _remember(trust: Path, state: Path | None) -> None:
    """Note in the state file how new the store has become."""
    archive = Archive.read(trust)
    not_rolled_back(trust, state, archive.sequence, archive.digest)


def _report_to_json(report: Report) -> dict[str, Any]:
    names = ("fingerprint", "kind", "outcome", "reason", "subject", "signed", "days")
    return {
        "name": report.name,
        "sha256": report.sha256,
        "root": report.root,
        "signed_at": None if report.signed_at is None else report.signed_at.isoformat(),
        "findings": [{name: getattr(finding, name) for name in names} for finding in report.findings],
    }


def _tell_reports(reports: list[Report], language: Language) -> None:
    for report in reports:
        counts = {outcome: report.count(outcome) for outcome in ("added", "known", "refused")}
        typer.echo(say_trust("summary", language, name=report.name, **counts))
        typer.echo(say_trust("sha256", language, sha256=report.sha256))
        if report.root is not None:
            typer.echo(say_trust("signed_list", language, signed_at=report.signed_at, root=report.root))
        signed = Counter(finding.signed for finding in report.findings if finding.signed is not None)
        if signed:
            told = ", ".join(f"{count} {say_trust(how, language)}" for how, count in signed.most_common())
            typer.echo(say_trust("judged", language, counts=told))
        for finding in report.refused:
            what = say_trust(finding.kind or "unknown", language)
            reason = say_trust(finding.reason or "", language)
            typer.echo(say_trust("refused", language, what=what, subject=finding.subject or "", reason=reason))
        for finding in report.remarks:
            what = say_trust(finding.kind or "unknown", language)
            reason = say_trust(finding.reason or "", language, days=finding.days)
            typer.echo(say_trust("remarked", language, what=what, subject=finding.subject or "", reason=reason))


@app.command("list")
def list_(
    trust: Store,
    kind: Annotated[Kind | None, typer.Option(help="Only entries of this kind.")] = None,
    country: Annotated[str | None, typer.Option(help="Only entries of this country, for example VN.")] = None,
    state: State = None,
    as_json: AsJson = False,
    language: In = Language.EN,
) -> None:
    """List what the store holds, with origins and dates."""
    with errors_told(language, as_json):
        store = store_in(trust, state, accept_demonstration=True)
        rows = [
            row
            for row in entries_of(store)
            if kind in (None, row["kind"]) and (country is None or row["country"] == country.upper())
        ]
    if as_json:
        print_json({"sequence": store.sequence, "version": store.version, "entries": rows})
        return
    if not rows:
        typer.echo(say_trust("empty", language))
        return
    first, *others = (say_trust(f"column.{name}", language) for name in _COLUMNS)
    table = Table(Column(first, no_wrap=True, min_width=_SHOWN_OF_A_FINGERPRINT), *others, box=None)
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in _cells(row, language)))
    Console(highlight=False, soft_wrap=True).print(table)
    typer.echo(say_trust("more", language))


_SHOWN_OF_A_FINGERPRINT = 16
_COLUMNS = ("fingerprint", "kind", "subject", "until", "added", "source")


def _cells(row: dict[str, Any], language: Language) -> list[str]:
    sources = row["sources"]
    until = row.get("not_after") or row.get("next_update") or ""
    return [
        row["fingerprint"][:_SHOWN_OF_A_FINGERPRINT],
        say_trust(row["kind"], language),
        row["subject"] or "",
        until[:10],
        sources[0]["added"][:10] if sources else "",
        sources[0]["name"] if sources else say_trust("by_hand", language),
    ]


def _found(draft: Draft, fingerprint: str) -> str:
    try:
        return draft.find(fingerprint).fingerprint
    except LookupError as error:
        raise typer.BadParameter(str(error)) from error


@app.command()
def show(
    fingerprint: Fingerprint, trust: Store, state: State = None, as_json: AsJson = False, language: In = Language.EN
) -> None:
    """Show everything about one imported entry."""
    with errors_told(language, as_json):
        store = store_in(trust, state, accept_demonstration=True)
        draft = Draft.of(store.archive)
        entry = draft.entries[_found(draft, fingerprint)]
        row = described(entry, draft.sources)
    if as_json:
        print_json(row)
        return
    for name, value in row.items():
        if name != "sources" and value not in (None, "", []):
            typer.echo(f"{say_trust(f'field.{name}', language)}: {_shown(name, value, language)}")
    for source in row["sources"]:
        said = f"{source['name']} ({source['kind']}), {source['added']}"
        typer.echo(f"{say_trust('column.source', language)}: {printable(said)}")


def _shown(name: str, value: Any, language: Language) -> str:
    """The value for people: what is one of our own words in their language, what a file says printable."""
    if name in ("kind", "signed", "remarks"):
        return ", ".join(say_trust(one, language) for one in (value if isinstance(value, list) else [value]))
    return printable(", ".join(map(str, value)) if isinstance(value, list) else value)


@app.command()
def remove(
    fingerprint: Fingerprint, trust: Store, state: State = None, as_json: AsJson = False, language: In = Language.EN
) -> None:
    """Remove one imported entry; files in the folder csca are removed by hand."""
    with errors_told(language, as_json):
        with editing(trust, at=datetime.now(UTC)) as draft:
            not_rolled_back(trust, state, draft.sequence, draft.previous)
            entry = draft.remove(_found(draft, fingerprint))
            row = described(entry, draft.sources)
        _remember(trust, state)
    if as_json:
        print_json({"removed": row})
        return
    typer.echo(say_trust("removed", language, what=say_trust(row["kind"], language), subject=row["subject"] or ""))


@app.command()
def check(
    trust: Store,
    state: State = None,
    at: At = None,
    as_json: AsJson = False,
    language: In = Language.EN,
) -> None:
    """Check the store: whole, not rolled back, every signature judged anew, ages; exit code 1 for attention."""
    moment = at or here_and_now()
    with errors_told(language, as_json):
        store = store_in(trust, state, accept_demonstration=True)
        findings, remarked = attention(store, moment)
    age = store.age(moment)
    if as_json:
        told = {"sequence": store.sequence, "version": store.version, "remarked": remarked, "attention": findings}
        told["state"] = str(state_of(trust, state))
        print_json(told | {"age_days": None if age is None else age.days})
    else:
        _tell_check(store, findings, remarked, None if age is None else age.days, language)
        typer.echo(say_trust("check.state", language, file=state_of(trust, state)))
    if findings:
        raise typer.Exit(NOT_MET)


def _tell_check(
    store: TrustStore, findings: list[dict[str, Any]], remarked: int, days: int | None, language: Language
) -> None:
    typer.echo(say_trust("check.good", language))
    typer.echo(say_trust("check.version", language, sequence=store.sequence, version=store.version[:16]))
    if store.no_anchor_declared is not None:
        typer.echo(say_trust("check.no_anchor", language, day=store.no_anchor_declared))
    if days is not None:
        listed = any(source.signed_at is not None for source in store.archive.sources)
        typer.echo(say_trust("check.age" if listed else "check.age_without_list", language, days=days))
    for finding in findings:
        what = say_trust(finding["kind"], language)
        found = say_trust(finding["finding"], language)
        typer.echo(say_trust("check.finding", language, what=what, subject=finding["subject"] or "", finding=found))
    if remarked:
        typer.echo(say_trust("check.remarks", language, count=remarked))
    if findings:
        typer.echo(say_trust("check.bad", language, count=len(findings)))


@app.command()
def export(
    to: Annotated[Path, typer.Option(metavar="FILE", help="The file to write, in PEM.")],
    trust: Store,
    links: Annotated[bool, typer.Option("--links", help="Also link certificates.")] = False,
    state: State = None,
    as_json: AsJson = False,
    language: In = Language.EN,
) -> None:
    """Write the anchors into one PEM file, for other programs."""
    with errors_told(language, as_json):
        store = store_in(trust, state)
        chosen = [*store.anchors, *(Draft.of(store.archive).certificates(Kind.LINK) if links else [])]
        try:
            replace_file(to, "".join(DER_cert_to_PEM_cert(one.der) for one in chosen).encode())
        except OSError as error:
            raise typer.BadParameter(f"{to} cannot be written") from error
    if as_json:
        print_json({"file": str(to), "certificates": len(chosen)})
        return
    typer.echo(say_trust("exported", language, count=len(chosen), file=to))
