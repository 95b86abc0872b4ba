"""What was released is put in place whole, or not at all; and when the province was heard last is written down."""

import resource
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from idcard import TrustStore
from kiosk.domain.contact import Contact
from kiosk.insurance.roster import Roster, RosterEntry, build_roster
from kiosk.insurance.roster.importing import Target
from kiosk.insurance.tables import DATA
from kiosk.keys import PersonTags
from kiosk.province.installing import AGAIN_S, Installer, Outcome, Place
from kiosk.releases.contents import packed
from kiosk.releases.installed import STORE, Folder, Group, Keeper
from kiosk.releases.names import (
    EMERGENCY,
    PINS,
    RESULT_CODES,
    ROUTES,
    SIGNERS,
    TRUST,
    Distrusted,
    roster_path,
    settings_path,
)
from kiosk.releases.office import content_of, rosters, stale_deltas

VECTORS = Path(__file__).parents[2] / "vectors" / "trust"
FIRST, SECOND = (VECTORS / name for name in ("csca_vietnam_passport_2022.cer", "csca_austria_2019.cer"))
TAGS = PersonTags(bytes(range(32)))
Province = Any


def store(*certificates: Path, **more: bytes) -> bytes:
    files = {f"csca/{file.name}": file.read_bytes() for file in certificates}
    return packed({"trust.toml": b"format = 1\n", **files, **more})


@dataclass
class Clinic:
    """A clinic's installer, what it told staff, and what lies there."""

    province: Province
    told: list[Mapping[str, object]] = field(default_factory=list)
    emergency: int = 0

    def __post_init__(self) -> None:
        self.folder = Folder(self.province.folder / "installed")
        self.roster = self.province.folder / "clinic.roster"
        self.installer = Installer(
            looks=self.province.clinic(),
            keeper=Keeper(self.folder),
            place=Place(
                clinic="36001",
                trust_state=self.province.folder / "trust.state",
                roster=Target(roster=self.roster, tags=TAGS),
            ),
            tell=self.told.append,
            emergency=lambda: self.emergency,
            jitter=lambda: 0.5,
        )

    def step(self) -> Outcome | None:
        return self.installer.step(self.province.now)

    def looked(self, after: timedelta = timedelta(hours=1)) -> Outcome:
        """The next look."""
        self.province.pass_time(after)
        outcome = self.step()
        assert outcome is not None
        return outcome

    def store(self) -> TrustStore:
        found = self.folder.of(Group.TRUST)
        assert found is not None
        return TrustStore.from_directory(found / STORE)


@pytest.fixture
def clinic(province: Province) -> Clinic:
    return Clinic(province)


def test_everything_that_is_released_is_put_in_place(province: Province, clinic: Clinic) -> None:
    ages = b"quiet_h = 2\nsilent_h = 24\n"
    files = {
        TRUST: store(FIRST),
        EMERGENCY: Distrusted(number=1, certificates=("ab" * 32,)).to_bytes(),
        RESULT_CODES: (DATA / "gateway_results.toml").read_bytes(),
        ROUTES: (DATA / "route_codes.toml").read_bytes(),
        settings_path("36001"): ages,
        settings_path("36002"): b"quiet_h = 3\n",
    }
    province.repository.publish(files, province.keys)
    outcome = clinic.step()
    assert outcome is not None
    assert set(outcome.changed) == {Group.EMERGENCY, Group.TRUST, Group.TABLES, Group.SETTINGS}
    assert len(clinic.store().anchors) == 1
    listed, standing = clinic.folder.distrusted(), clinic.folder.standing()
    assert listed is not None
    assert listed.certificates == ("ab" * 32,)
    assert standing is not None
    assert (standing.heard_at, standing.quiet_h, standing.silent_h) == (province.now, 2, 24)
    assert clinic.told == [{"ok": True}]
    assert clinic.looked().changed == ()


def test_a_newer_store_takes_the_place_and_the_former_is_kept(province: Province, clinic: Clinic) -> None:
    for certificates in ((FIRST,), (SECOND,), (FIRST, SECOND)):
        province.repository.publish({TRUST: store(*certificates)}, province.keys)
        assert clinic.looked().changed == (Group.TRUST,)
        assert len(clinic.store().anchors) == len(certificates)
    found = clinic.folder.installed().of(Group.TRUST)
    assert {path.name for path in clinic.folder.path.glob("trust-*")} == {found.current, found.former}


@pytest.mark.parametrize(
    "bad",
    [
        {TRUST: b"no archive"},
        {TRUST: packed({"trust.toml": b"format = 1\n", "csca/a.cer": b"no certificate"})},
        {TRUST: packed({"trust.toml": b"format = 2\n"})},
        {SIGNERS: b"{}"},
        {SIGNERS: b'{"v": 1, "files": {"../x": ""}}'},
        {PINS: b"nobody here knows whose signatures these need"},
    ],
)
def test_a_store_that_cannot_be_opened_is_refused_whole_and_holds_up_no_emergency(
    province: Province, clinic: Clinic, bad: dict[str, bytes]
) -> None:
    province.repository.publish({TRUST: store(FIRST)}, province.keys)
    clinic.step()
    before = clinic.store().version
    emergency = {EMERGENCY: Distrusted(number=1, lane_closed=True).to_bytes()}
    province.repository.publish({TRUST: store(FIRST, SECOND)} | bad | emergency, province.keys)
    outcome = clinic.looked()
    assert (outcome.heard, outcome.problem) == (True, "release_unusable")
    assert outcome.changed == (Group.EMERGENCY,)
    assert clinic.store().version == before
    assert clinic.told[-1] == {"ok": False, "reason": "release_unusable"}
    province.repository.publish({TRUST: store(SECOND)}, province.keys, gone=[SIGNERS, PINS])
    assert clinic.looked().changed == (Group.TRUST,)
    assert clinic.told[-1] == {"ok": True}


def test_a_list_of_the_distrusted_never_goes_back(province: Province, clinic: Clinic) -> None:
    for number, counts in ((2, 2), (1, 2), (2, 2), (3, 3)):
        listed = Distrusted(number=number, certificates=("cd" * 32,) * (number > 1), lane_closed=number == 1)
        province.repository.publish({EMERGENCY: listed.to_bytes()}, province.keys)
        clinic.looked()
        found = clinic.folder.distrusted()
        assert found is not None
        assert found.number == counts


def test_what_is_released_no_more_goes_on_counting(province: Province, clinic: Clinic) -> None:
    province.repository.publish({TRUST: store(FIRST)}, province.keys)
    clinic.step()
    province.repository.publish({}, province.keys, gone=[TRUST])
    assert clinic.looked().changed == ()
    assert len(clinic.store().anchors) == 1


def test_an_old_word_is_staleness_and_grows_older(province: Province, clinic: Clinic) -> None:
    clinic.step()
    heard = province.now
    seen = []
    for hours in (30, 10, 35):
        outcome = clinic.looked(timedelta(hours=hours))
        assert (outcome.heard, outcome.problem) == (False, "release_stale")
        standing = clinic.folder.standing()
        assert standing is not None
        assert standing.heard_at == heard
        seen.append(standing.contact(province.now, lane_closed=False))
    assert seen == [Contact.QUIET, Contact.QUIET, Contact.SILENT]
    province.repository.renew(province.keys)
    assert clinic.looked().heard
    standing = clinic.folder.standing()
    assert standing is not None
    assert standing.contact(province.now, lane_closed=False) is Contact.HEARD


def test_a_hub_that_was_touched_is_told_and_nothing_is_taken(province: Province, clinic: Clinic) -> None:
    province.repository.publish({TRUST: store(FIRST)}, province.keys)
    [path] = (province.released / "targets").rglob("*.store.zip")
    path.write_bytes(store(SECOND)[: path.stat().st_size])
    outcome = clinic.step()
    assert outcome is not None
    assert not outcome.heard, "whoever holds back whom to believe is not the province"
    assert clinic.folder.of(Group.TRUST) is None
    assert clinic.told[-1] == {"ok": False, "reason": "release_refused"}
    path.write_bytes(store(FIRST))
    assert clinic.looked().changed == (Group.TRUST,)


def test_an_emergency_is_looked_for_at_once_and_again_soon_where_nobody_answers(
    province: Province, clinic: Clinic
) -> None:
    assert clinic.step() is not None
    assert clinic.step() is None
    clinic.emergency = 1
    address, province.address = province.address, "http://127.0.0.1:9"
    clinic.installer._looks = province.clinic()
    assert clinic.step() == Outcome(heard=False, problem="unreachable")
    assert clinic.step() is None
    province.address = address
    clinic.installer._looks = province.clinic()
    province.pass_time(timedelta(seconds=AGAIN_S * 1.2))
    assert clinic.step() == Outcome(heard=True)
    province.pass_time(timedelta(seconds=AGAIN_S * 1.2))
    assert clinic.step() is None


def test_a_hub_that_was_put_back_gives_a_number_again_and_is_asked_at_once(province: Province, clinic: Clinic) -> None:
    for number in (3, 2, 3):
        clinic.emergency = number
        assert clinic.step() == Outcome(heard=True)
        assert clinic.step() is None


def test_a_clock_that_goes_back_makes_nobody_wait(province: Province, clinic: Clinic) -> None:
    province.pass_time(timedelta(hours=20))
    assert clinic.step() is not None
    province.pass_time(timedelta(hours=-20))
    assert clinic.step() is not None


def test_damaged_notes_are_written_anew(province: Province, clinic: Clinic) -> None:
    province.repository.publish({TRUST: store(FIRST)}, province.keys)
    clinic.step()
    for name in ("installed.json", "contact.json"):
        (clinic.folder.path / name).write_bytes(b"\0" * 20)
    assert clinic.looked().changed == (Group.TRUST,)
    assert len(clinic.store().anchors) == 1
    assert clinic.folder.standing() is not None


def test_a_disk_without_room_keeps_the_former(province: Province, clinic: Clinic) -> None:
    province.repository.publish({TRUST: store(FIRST)}, province.keys)
    clinic.step()
    before = clinic.store().version
    province.repository.publish({TRUST: store(SECOND, **{"qr/list.toml": bytes(200_000)})}, province.keys)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        outcome = clinic.looked()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert outcome.problem == "no_space"
    assert clinic.store().version == before
    assert clinic.told[-1] == {"ok": False, "reason": "no_space"}


KILLED = """
import os, sys
from pathlib import Path
from kiosk.releases.installed import Folder, Group, Keeper

def put_two(place, last):
    count = 0

    def step(name):
        nonlocal count
        count += 1
        if count == last:
            os._exit(9)

    keeper = Keeper(Folder(place), step=step)
    for number in (b"1", b"2"):
        made = keeper.begin(Group.TABLES, {"a.toml": number, "b.toml": number})
        keeper.put(made, {"data/routes.toml": number.decode() * 64})

for last in range(1, 99):
    child = os.fork()
    if not child:
        put_two(Path(sys.argv[1]) / str(last), last)
        os._exit(0)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
        print(last)
        break
"""


def test_killed_at_any_step_the_old_or_the_new_lies_there(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=True, capture_output=True, text=True)
    seen = []
    assert int(done.stdout) > 10
    for last in range(1, int(done.stdout) + 1):
        place = tmp_path / str(last)
        found = Folder(place).of(Group.TABLES)
        if found is not None:
            one, other = ((found / name).read_bytes() for name in ("a.toml", "b.toml"))
            assert one == other
            seen.append(one)
        # Whoever comes after it finishes what was begun.
        keeper = Keeper(Folder(place))
        made = keeper.begin(Group.TABLES, {"a.toml": b"3", "b.toml": b"3"})
        keeper.put(made, {"data/routes.toml": "3" * 64})
        now = Folder(place).of(Group.TABLES)
        assert now is not None
        assert (now / "a.toml").read_bytes() == b"3"
        assert len([path for path in place.iterdir() if path.is_dir()]) == 1 + (found is not None)
    assert seen == sorted(seen)
    assert set(seen) == {b"1", b"2"}


def people(*numbers: int, end: date = date(2026, 12, 31)) -> list[RosterEntry]:
    return [
        RosterEntry(
            personal_number=f"0361999{number:05}",
            insurance_number=f"36999{number:05}",
            valid_from=date(2026, 1, 1),
            valid_to=end,
            benefit="4",
            home_clinic="36001" if number < 900 else "36009",
        )
        for number in numbers
    ]


def test_a_roster_comes_whole_and_then_by_what_differs(province: Province, clinic: Clinic, tmp_path: Path) -> None:
    whole, cuts = tmp_path / "province.roster", tmp_path / "cuts"
    sizes = {}
    for version, numbers in (("1", range(1, 300)), ("2", range(2, 310)), ("3", range(3, 310))):
        entries = people(*numbers, 900, 901)
        as_of = province.now + timedelta(seconds=int(version))
        build_roster(whole, entries, tags=TAGS, version=version, as_of=as_of, sequence=int(version))
        packs, repository = rosters("36001", whole, cuts), province.repository
        repository.publish(packs, province.keys, gone=stale_deltas(repository, "36001", packs))
        sizes[version] = {path: len(data) for path, data in packs.items()}
        if version != "1":
            # Only what differs can be had.
            for pack in (province.released / "targets" / "roster" / "36001").glob("*.whole.pack"):
                pack.unlink()
        assert clinic.looked().changed == (Group.ROSTER,)
        found = Roster(clinic.roster, tags=TAGS)
        assert (found.version, len(found)) == (version, len(numbers))
        assert found.find("036199900900") is None
        found.close()
    fetched = {path.name for path in (province.folder / "clinic" / "targets").rglob("*")}
    assert not any("pack" in name for name in fetched)
    deltas = [size for path, size in sizes["3"].items() if path != roster_path("36001")]
    assert len(deltas) == 2
    assert max(deltas) < sizes["3"][roster_path("36001")] / 4
    assert clinic.looked().changed == ()


def test_an_older_roster_is_refused(province: Province, clinic: Clinic, tmp_path: Path) -> None:
    whole = tmp_path / "province.roster"
    for sequence, changed in ((5, (Group.ROSTER,)), (4, ())):
        build_roster(whole, people(sequence), tags=TAGS, version=str(sequence), as_of=province.now, sequence=sequence)
        province.repository.publish(rosters("36001", whole, tmp_path / "cuts"), province.keys)
        assert clinic.looked().changed == changed
    assert clinic.told[-1] == {"ok": False, "reason": "release_unusable"}
    assert Roster(clinic.roster, tags=TAGS).version == "5"


def test_a_folder_of_a_store_is_packed_for_its_path(tmp_path: Path) -> None:
    (tmp_path / "csca").mkdir()
    (tmp_path / "trust.toml").write_text("format = 1\n")
    (tmp_path / "csca" / "a.cer").write_bytes(FIRST.read_bytes())
    (tmp_path / "other.txt").write_text("not part of a store")
    assert content_of(TRUST, tmp_path) == packed({"trust.toml": b"format = 1\n", "csca/a.cer": FIRST.read_bytes()})
