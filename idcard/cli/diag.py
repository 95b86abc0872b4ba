"""``idcard diag``: what this reader and this card can do, without opening the card."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

import idcard
from idcard.chip.pace_offers import PaceOffer, UnusableOffer
from idcard.cli.diag_words import diag_say
from idcard.cli.shared import CARD_TROUBLE, AsJson, In, errors_told, print_json, printable
from idcard.cli.texts import Language
from idcard.evidence_file.private import write_private
from idcard.iso7816.apdu import MAX_SHORT_LE
from idcard.iso7816.directory import Application
from idcard.iso7816.lengths import masked
from idcard.reading.diagnosis import Diagnosis, diagnose

_MAX_LOG_BYTES = 8 << 20


def diag(
    reader: Annotated[str | None, typer.Option(help="The reader's name; the first with a card otherwise.")] = None,
    log: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the traffic, without anything about the holder or the single card."),
    ] = None,
    replay: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Play the traffic in FILE instead of asking a reader.")
    ] = None,
    as_json: AsJson = False,
    language: In = Language.EN,
) -> None:
    """Say what this reader and this card can do; nothing about the holder is read, and no digits are asked for.

    Exit code 0 for a chip identity card or a passport, 3 for another card or trouble with the reader.
    """
    with errors_told(language, as_json):
        connection = idcard.LoggedConnection(_opened(reader, replay))
        try:
            found = diagnose(connection)
        finally:
            connection.close()
            _write(log, connection)
    if as_json:
        print_json(to_json(found))
    for line in () if as_json else lines(found, language):
        typer.echo(line)
    if log is not None and not as_json:
        typer.echo(diag_say("logged", language, path=log), err=True)
    if not found.is_travel_document:
        raise typer.Exit(CARD_TROUBLE)


def _opened(reader: str | None, replay: Path | None) -> idcard.Connection:
    if replay is None:
        return idcard.connect(reader)
    try:
        with replay.open("rb") as stream:
            text = stream.read(_MAX_LOG_BYTES).decode("utf-8", errors="replace")
    except OSError as error:
        raise typer.BadParameter("--replay takes a file that can be read") from error
    return idcard.ReplayConnection.from_text(text)


def _write(log: Path | None, connection: idcard.LoggedConnection) -> None:
    if log is None:
        return
    try:
        write_private(log, connection.to_text().encode())
    except OSError as error:
        raise typer.BadParameter("--log takes a file that can be written") from error


def to_json(found: Diagnosis) -> dict[str, Any]:
    """The findings for programs."""
    capabilities, info = found.capabilities, found.atr_info
    return {
        "reader": found.reader,
        "atr": masked(found.atr).hex(),
        "reader_answer_limit": found.answer_limit,
        "resumes": found.resettable,
        "extended_length": found.lengths.extended,
        "answer_bytes": found.lengths.answer,
        "historical_bytes_extended_length": None if capabilities is None else capabilities.extended_length,
        "max_command": None if info is None else info.max_command,
        "max_response": None if info is None else info.max_response,
        "applications": [application.identifier.hex() for application in found.applications],
        "master_file_sw": f"{found.master_file_sw:04X}",
        "card_access": found.card_access.value,
        "pace": [
            {"oid": offer.info.oid, "parameter_id": offer.info.parameter_id, "name": _name(offer)}
            for offer in found.pace
        ],
        "unusable_pace": [asdict(offer) for offer in found.unusable_pace],
        "travel_document": found.is_travel_document,
        "application_sw": f"{found.application_sw:04X}",
        "bac": found.bac,
    }


def lines(found: Diagnosis, language: Language) -> list[str]:
    """The findings in words for a help desk, and below them what technicians ask for."""

    def say(key: str, **values: object) -> str:
        return diag_say(key, language, **values)

    told = [say("reader", name=printable(found.reader) or say("reader.unnamed")), say(_limit(found))]
    told.append(say("reset.yes" if found.resettable else "reset.no"))
    told += map(say, _about_card(found))
    return [*told, "", say("technical"), *(f"  {line}" for line in technical(found))]


def _limit(found: Diagnosis) -> str:
    if found.answer_limit is None:
        return "limit.silent"
    return "limit.short" if found.answer_limit == MAX_SHORT_LE else "limit.long"


def _about_card(found: Diagnosis) -> list[str]:
    """The names of the sentences about the card, the advice last."""
    if not found.is_travel_document:
        return ["document.no", "advice.other"]
    told = ["document.yes", _newer_way(found)]
    if found.bac:
        told.append("opens.old" if found.pace else "opens.old_only")
    else:
        told.append("opens.not_old")
    told.append("lengths.long" if found.lengths.extended else "lengths.short")
    if found.pace or not found.bac:
        told.append("advice.digits")
    return [*told, "advice.short" if found.answer_limit == MAX_SHORT_LE else "advice.none"]


def _newer_way(found: Diagnosis) -> str:
    if found.pace:
        return "opens.new"
    return "opens.unknown" if found.unusable_pace else "opens.silent"


def technical(found: Diagnosis) -> list[str]:
    """The findings in the standards' own words, which are the same in every language."""
    told = [f"ATR {masked(found.atr).hex(' ').upper()}"]
    if found.answer_limit is not None:
        told.append(f"dwMaxAPDUDataSize {found.answer_limit}")
    told.append(f"SELECT MF {found.master_file_sw:04X}, SELECT eMRTD {found.application_sw:04X}")
    if found.is_travel_document:
        told.append(f"EF.CardAccess {found.card_access}, Le {found.lengths.answer}, Lc {found.lengths.command}")
        told += [f"PACE {_name(offer)}" for offer in found.pace]
        told += [f"PACE - {_entry(offer)}: {printable(offer.reason)}" for offer in found.unusable_pace]
        told.append(f"BAC {'-' if found.challenge_sw is None else f'{found.challenge_sw:04X}'}")
    if found.applications:
        told.append("EF.DIR " + ", ".join(map(_application, found.applications)))
    return told


def _application(application: Application) -> str:
    return printable(application.label) or application.identifier.hex().upper()


def _name(offer: PaceOffer) -> str:
    return f"{offer.mapping.value}, {offer.suite.label}, {offer.domain.name}"


def _entry(offer: UnusableOffer) -> str:
    return offer.oid if offer.parameter_id is None else f"{offer.oid} {offer.parameter_id}"
