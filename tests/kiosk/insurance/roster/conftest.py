"""What the tests of the roster share: files as an insurer delivers them, and a place to import them to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from kiosk.insurance.roster import Roster
from kiosk.insurance.roster.delivery import describe
from kiosk.insurance.roster.importing import Report, Target, import_roster
from kiosk.insurance.roster.lines import COLUMNS
from kiosk.keys import PersonTags

AS_OF = datetime(2026, 11, 23, tzinfo=UTC)
NAMES = {
    "personal": "personal_number",
    "insurance": "insurance_number",
    "first": "valid_from",
    "last": "valid_to",
    "group": "object_group",
    "clinic": "home_clinic",
}


def line(**values: str) -> str:
    """One line of an import file: somebody covered in 2026, with what is given put in."""
    usual = {"valid_from": "2026-01-01", "valid_to": "2026-12-31", "benefit": "4", "home_clinic": "36001"}
    said = usual | {"status": "row"} | {NAMES.get(name, name): value for name, value in values.items()}
    return ",".join(said.get(column, "") for column in COLUMNS)


@dataclass(frozen=True)
class Insurer:
    """Writes files and manifests, and imports them here."""

    folder: Path
    target: Target
    as_of: datetime = AS_OF

    @property
    def today(self) -> date:
        """The day on which everything here is true."""
        return self.as_of.date()

    def deliver(self, lines: Sequence[str], *, sequence: int = 1, base: str | None = None, ends: str = "\n") -> Path:
        """An import file ``v<sequence>.csv`` of these lines, and its manifest."""
        file = self.folder / f"v{sequence}.csv"
        text = "".join(each + ends for each in (",".join(COLUMNS), *lines))
        file.write_bytes(text.encode("utf-8"))
        self.describe(file, sequence=sequence, base=base)
        return file

    def describe(self, file: Path, *, sequence: int = 1, base: str | None = None, key: Path | None = None) -> None:
        """The manifest of a file that lies there."""
        describe(file, version=f"v{sequence}", sequence=sequence, as_of=AS_OF, base=base, key=key)

    def install(self, *lines: str, sequence: int = 1, base: str | None = None) -> Report:
        """These lines, imported."""
        return import_roster(self.deliver(lines, sequence=sequence, base=base), self.target)

    def change(self, *lines: str, sequence: int = 2) -> Report:
        """These changes, imported on top of the delivery before."""
        return self.install(*lines, sequence=sequence, base=f"v{sequence - 1}")

    def roster(self) -> Roster:
        """The roster that lies there now."""
        return Roster(self.target.roster, tags=self.target.tags)

    def trusting(self, **changed: object) -> "Insurer":
        """The same with another target."""
        return Insurer(self.folder, replace(self.target, **changed))  # type: ignore[arg-type]


@pytest.fixture
def insurer(tmp_path: Path) -> Insurer:
    return Insurer(tmp_path, Target(roster=tmp_path / "roster.db", tags=PersonTags(bytes(range(32)))))


@pytest.fixture
def person() -> Callable[..., str]:
    return line
