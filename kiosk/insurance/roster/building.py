"""A roster made by a program, from entries in memory: for a demonstration and for tests."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from kiosk.durable import put_in_place
from kiosk.insurance.roster.contested import drop_contested
from kiosk.insurance.roster.encoding import Encoder
from kiosk.insurance.roster.full import Identity, write_full
from kiosk.insurance.roster.layout import Kind, day_number, insurance_digits
from kiosk.insurance.roster.names import Described, NameSealer, insured_only_tag
from kiosk.insurance.roster.stage import ROW, Block, Place, Stage, StagedLine
from kiosk.keys import PersonTags

_BLOCK = 10_000


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RosterEntry:
    """One person's coverage as the insurer delivers it; ``valid_to`` is None where it is open-ended.

    At least one of the two numbers is there; an insurance number has ten digits or 15 characters. ``described`` is who
    it is, kept only where the roster is built with names.
    """

    personal_number: str | None = None
    insurance_number: str | None = None
    valid_from: date
    valid_to: date | None
    benefit: str
    object_group: str = ""
    home_clinic: str
    deceased: bool = False
    described: Described | None = None

    def __repr__(self) -> str:
        return "RosterEntry(…)"


def build_roster(
    path: Path,
    entries: Iterable[RosterEntry],
    *,
    tags: PersonTags,
    version: str,
    as_of: datetime,
    sequence: int = 0,
    names_for: X25519PublicKey | None = None,
) -> int:
    """The number of rows of a new roster file, which replaces an older one only once it is whole.

    :param as_of: when the entries were true; aware. :param names_for: the clinic's key, to which names are sealed; None
        keeps none.
    :raises ValueError: if one person is in the entries twice, or has no number; the message does not say who.
    """
    if as_of.tzinfo is None:
        raise ValueError("an instant needs its time zone")
    unfinished = path.with_name(path.name + ".new")
    with Stage() as stage:
        stage.begin({})
        everybody = list(entries)
        lines = _lines(everybody, stage, Encoder(tags, salt=sequence & 0xFF))
        while block := list(islice(lines, _BLOCK)):
            stage.take(Block(lines=block), Place())
        if names_for is not None:
            stage.take(Block(names=list(_names(everybody, stage, NameSealer(names_for), tags))), Place())
        if drop_contested(stage):
            raise ValueError("a person is in the roster twice")
        identity = Identity(version=version, sequence=sequence, as_of=as_of, digest=os.urandom(32).hex())
        write_full(stage, unfinished, identity, tags=tags, step=lambda _: None)
        rows = stage.counted()
    put_in_place(unfinished, path)
    return rows


def _lines(entries: Iterable[RosterEntry], stage: Stage, encoder: Encoder) -> Iterator[StagedLine]:
    for line, entry in enumerate(entries):
        personal, insurance = entry.personal_number or "", entry.insurance_number or ""
        digits = insurance_digits(insurance) if insurance else ""
        if digits is None or not personal + digits:
            raise ValueError("an entry has no number, or a malformed one")
        kind = Kind(
            prefix=insurance[:-10],
            benefit=entry.benefit,
            object_group=entry.object_group or insurance[:-10][:2],
            home_clinic=entry.home_clinic,
            personal=bool(personal),
            insured=bool(digits),
            dead=entry.deceased,
        )
        first, last = day_number(entry.valid_from), day_number(entry.valid_to)
        yield encoder.staged(line, ROW, personal, digits, stage.kind_id(kind), first, last)


def _names(
    entries: Sequence[RosterEntry], stage: Stage, sealer: NameSealer, tags: PersonTags
) -> Iterator[tuple[int, int, bytes]]:
    key = stage.add_name_key(sealer.sealed_key)
    for line, entry in enumerate(entries):
        if entry.described is not None:
            digits = insurance_digits(entry.insurance_number or "") or ""
            personal = entry.personal_number
            tag = tags.roster_tag(personal) if personal else insured_only_tag(tags, digits)
            yield line, key, sealer.seal(entry.described, tag)
