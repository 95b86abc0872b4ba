"""A trust store that is being changed, in memory, and how the change reaches the disk at one stroke."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from idcard.trust.archive import EMPTY, FILE, Archive, Entry, Kind, Source, name_digest, replace_file, to_bytes
from idcard.trust.certificates import Certificate
from idcard.trust.lock import locked
from idcard.trust.settings import IMPORTED, SETTINGS, Settings, anchors_by_hand, read_imported

LOCK = ".lock"


@dataclass(slots=True, kw_only=True)
class Draft:
    """A trust store that is being changed; nothing reaches the disk before :meth:`to_bytes` is written."""

    entries: dict[str, Entry] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)
    by_hand: list[Certificate] = field(default_factory=list)
    sequence: int = 0
    previous: str = ""
    changed: bool = False
    _parsed: dict[str, Certificate] = field(default_factory=dict)

    @classmethod
    def of(cls, archive: Archive, by_hand: Iterable[Certificate] = ()) -> "Draft":
        """A draft of what is there."""
        entries = map(_with_issuer, map(archive.entry, range(len(archive))))
        return cls(
            entries={entry.fingerprint: entry for entry in entries},
            sources=list(archive.sources),
            by_hand=list(by_hand),
            sequence=archive.sequence,
            previous=archive.digest,
        )

    def remove(self, prefix: str) -> Entry:
        """The one entry whose fingerprint begins with ``prefix``, which is taken out.

        :raises LookupError: if there is none, or several.
        """
        found = self.find(prefix)
        del self.entries[found.fingerprint]
        self.changed = True
        return found

    def find(self, prefix: str) -> Entry:
        """The one entry whose fingerprint begins with ``prefix``.

        :raises LookupError: if there is none, or several.
        """
        wanted = prefix.lower().replace(":", "")
        found = [entry for fingerprint, entry in self.entries.items() if wanted and fingerprint.startswith(wanted)]
        if len(found) != 1:
            raise LookupError(f"{len(found)} entries have a fingerprint that begins with {prefix}")
        return found[0]

    def certificates(self, *kinds: Kind) -> list[Certificate]:
        """The imported certificates of these kinds."""
        return [self._certificate(entry) for entry in self.entries.values() if entry.kind in kinds]

    @property
    def anchors(self) -> list[Certificate]:
        """All anchors, those that were put there by hand first."""
        return [*self.by_hand, *self.certificates(Kind.ANCHOR)]

    def to_bytes(self, *, at: datetime) -> bytes:
        """The changed store's imported part, one number higher, without origins that nothing comes from any more."""
        used = sorted({number for entry in self.entries.values() for number in entry.sources})
        numbers = {old: new for new, old in enumerate(used)}
        entries = [
            replace(entry, sources=tuple(numbers[number] for number in entry.sources))
            for entry in self.entries.values()
        ]
        sources = [self.sources[number] for number in used]
        return to_bytes(entries, sources, sequence=self.sequence + 1, previous=self.previous, written_at=at)

    def put(self, entry: Entry, source: Source) -> bool:
        """Whether the entry was new; where it comes from is noted in any case."""
        number = self._number(source)
        known = self.entries.get(entry.fingerprint)
        sources = known.sources if known else ()
        if number not in sources:
            self.entries[entry.fingerprint] = replace(known or entry, sources=(*sources, number))
            self.changed = True
        return known is None

    def drop(self, fingerprint: str) -> None:
        """Take an entry out that a newer one replaces."""
        del self.entries[fingerprint]

    def _number(self, source: Source) -> int:
        for number, one in enumerate(self.sources):
            if (one.sha256, one.kind, one.root) == (source.sha256, source.kind, source.root):
                return number
        self.sources.append(source)
        return len(self.sources) - 1

    def _certificate(self, entry: Entry) -> Certificate:
        found = self._parsed.get(entry.fingerprint)
        if found is None:
            found = self._parsed[entry.fingerprint] = Certificate.from_bytes(entry.data)
        return found


def _with_issuer(entry: Entry) -> Entry:
    """The entry as it is written today: earlier, a link was not found by who made it."""
    if entry.kind is not Kind.LINK or entry.issuer:
        return entry
    return replace(entry, issuer=name_digest(Certificate.from_bytes(entry.data).issuer.key))


@contextmanager
def editing(directory: Path, *, at: datetime) -> Iterator[Draft]:
    """A draft of the store in ``directory``; what it has become is written when the block ends without an error.

    One change at a time: a second one waits. The directory is made where it is missing.

    :param at: now, for the record.
    :raises ConfigurationError: if the store that is there is damaged; what is missing from it is not imported anew.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with locked(directory / LOCK):
        settings = Settings.read(directory) if (directory / SETTINGS).exists() else None
        archive = read_imported(directory, settings)
        draft = Draft.of(archive, anchors_by_hand(directory, accept_demonstration=True))
        yield draft
        if draft.changed or archive is not EMPTY:
            _write(directory, settings, draft.to_bytes(at=at) if draft.changed else None)


def _write(directory: Path, settings: Settings | None, imported: bytes | None) -> None:
    """Write what changed, in an order in which the store is an old one or the new one, whoever dies in between."""
    if settings is None:
        # Alone, this says no more than that nothing was set up yet; with the next file there is a store.
        settings = Settings()
        settings.write(directory)
    if imported is not None:
        replace_file(directory / FILE, imported)
    if settings.format != IMPORTED:
        # From now on the imported part must be there. Whoever did not come to this point does so the next time.
        replace(settings, format=IMPORTED).write(directory)
