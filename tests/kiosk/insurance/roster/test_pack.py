"""Packs: whatever two rosters differ in, the pack makes the second of the first, and counts on no other."""

import time
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cbor2
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from idcard import ConfigurationError
from kiosk.insurance.roster import Roster
from kiosk.insurance.roster.columns import read_varints, varints
from kiosk.insurance.roster.errors import RosterRefused
from kiosk.insurance.roster.file import RosterFile
from kiosk.insurance.roster.pack import apply_pack, contents_of, cut, make_pack, read_pack
from kiosk.insurance.roster.verifying import findings

Person = Callable[..., str]
SOMEBODY, OTHER, THIRD = "036199000001", "036199000002", "036199000003"


def kept(insurer: Any, name: str) -> Path:
    """A copy of the roster as it is now, under another name."""
    copy: Path = insurer.folder / name
    copy.write_bytes(insurer.target.roster.read_bytes())
    return copy


@pytest.fixture
def two(insurer: Any, person: Person) -> tuple[Path, Path]:
    """A roster, and the one that a day's changes made of it."""
    insurer.install(
        person(personal=SOMEBODY, insurance="3600000001"),
        person(personal=OTHER, insurance="3600000002", clinic="36002"),
        person(personal=THIRD),
    )
    before = kept(insurer, "before.db")
    insurer.change(
        person(personal=SOMEBODY, insurance="3600000001", last="2027-12-31"),
        person(personal=OTHER, status="removed"),
        person(personal=THIRD, status="dead"),
        person(personal="036199000004", insurance="3600000004", benefit="2", clinic="36003"),
    )
    return before, kept(insurer, "after.db")


def test_a_days_changes_arrive(insurer: Any, two: tuple[Path, Path]) -> None:
    before, after = two
    out = insurer.folder / "out.db"
    apply_pack(before, read_pack(make_pack(before, after)), out)
    assert contents_of(out) == contents_of(after) != contents_of(before)
    assert RosterFile(out, tags=insurer.target.tags).info == RosterFile(after, tags=insurer.target.tags).info
    assert findings(RosterFile(out, tags=insurer.target.tags)) == []
    roster = Roster(out, tags=insurer.target.tags)
    assert roster.find_insurance("3600000002") is None
    found = roster.find("036199000004")
    assert found is not None
    assert found.insurance_number == "3600000004"


def test_a_whole_roster_needs_no_base(insurer: Any, two: tuple[Path, Path]) -> None:
    _, after = two
    pack = read_pack(make_pack(None, after))
    out = insurer.folder / "out.db"
    apply_pack(None, pack, out)
    assert pack.is_whole
    assert contents_of(out) == contents_of(after)


def test_ids_of_kinds_are_the_bases_even_where_the_new_roster_counts_them_anew(insurer: Any, person: Person) -> None:
    lines = [person(personal=SOMEBODY, benefit="1"), person(personal=OTHER, benefit="2")]
    insurer.install(*lines)
    before = kept(insurer, "before.db")
    insurer.target.roster.unlink()
    insurer.install(*reversed(lines), sequence=2)
    after = kept(insurer, "after.db")
    out = insurer.folder / "out.db"
    apply_pack(before, read_pack(make_pack(before, after)), out)
    assert contents_of(out) == contents_of(after)
    found = Roster(out, tags=insurer.target.tags).find(SOMEBODY)
    assert found is not None
    assert found.benefit == "1"


def test_another_base_is_refused_and_nothing_counts(insurer: Any, two: tuple[Path, Path]) -> None:
    before, after = two
    pack = read_pack(make_pack(before, after))
    for base in (after, None):
        with pytest.raises(RosterRefused, match="wrong_base"):
            apply_pack(base, pack, insurer.folder / "out.db")


def test_a_pack_whose_result_is_another_is_refused(insurer: Any, two: tuple[Path, Path]) -> None:
    before, after = two
    content = cbor2.loads(zlib.decompress(make_pack(before, after)))
    content["columns"]["person"][3] = content["columns"]["person"][3][:-1] + b"\x00"
    forged = read_pack(zlib.compress(cbor2.dumps(content)))
    with pytest.raises((RosterRefused, ConfigurationError)):
        apply_pack(before, forged, insurer.folder / "out.db")


SPOILT: list[Callable[[bytes], bytes]] = [
    lambda data: data[:-3],
    lambda data: data + b"x",
    lambda _: b"",
    lambda _: b"\x00",
]


@pytest.mark.parametrize("spoil", SPOILT)
def test_bytes_that_are_no_pack(two: tuple[Path, Path], spoil: Callable[[bytes], bytes]) -> None:
    with pytest.raises(RosterRefused, match="pack_malformed"):
        read_pack(spoil(make_pack(*two)))


def test_two_keys_are_not_compared(insurer: Any, two: tuple[Path, Path], person: Person) -> None:
    before, _ = two
    other = insurer.trusting(roster=insurer.folder / "other.db", tags=type(insurer.target.tags)(bytes(32)))
    other.install(person(personal=SOMEBODY))
    with pytest.raises(ConfigurationError) as raised:
        make_pack(before, other.target.roster)
    assert raised.value.reason == "wrong_key"


def test_a_file_that_is_no_roster_is_damaged(insurer: Any, two: tuple[Path, Path]) -> None:
    broken = insurer.folder / "broken.db"
    broken.write_bytes(two[0].read_bytes()[:5000])
    for base, new in ((broken, two[1]), (two[0], broken), (two[0], insurer.folder / "missing.db")):
        with pytest.raises(ConfigurationError) as raised:
            make_pack(base, new)
        assert raised.value.reason == "damaged"


def test_a_clinics_part_holds_its_people_and_their_numbers_alone(insurer: Any, two: tuple[Path, Path]) -> None:
    _, province = two
    out = insurer.folder / "part.db"
    cut(province, out, frozenset({"36003"}))
    info = RosterFile(out, tags=insurer.target.tags).info
    assert (info.rows, info.linked, info.version) == (1, 1, "v2")
    assert findings(RosterFile(out, tags=insurer.target.tags)) == []
    roster = Roster(out, tags=insurer.target.tags)
    assert roster.find_insurance("3600000004") is not None
    assert roster.find(SOMEBODY) is None


@given(st.lists(st.integers(0, 1 << 40), unique=True).map(sorted))
@example([0, 127, 128, 255, 16511])
def test_ranks_come_back(ranks: list[int]) -> None:
    assert list(read_varints(varints(ranks))) == ranks


PEOPLE = st.dictionaries(
    st.sampled_from([f"03619900{number:04}" for number in range(12)]),
    st.tuples(st.booleans(), st.sampled_from(["2026-12-31", "2027-06-30", ""]), st.sampled_from(["36001", "36002"])),
    min_size=1,
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=PEOPLE, after=PEOPLE)
def test_any_two_rosters(insurer: Any, person: Person, before: dict[str, Any], after: dict[str, Any]) -> None:
    files = []
    for sequence, people in enumerate((before, after), 1):
        for path in insurer.folder.glob("roster.db*"):
            path.unlink()
        lines = [
            person(personal=number, insurance=f"36{number[4:]}" if linked else "", last=last, clinic=clinic)
            for number, (linked, last, clinic) in people.items()
        ]
        insurer.install(*lines, sequence=sequence)
        files.append(kept(insurer, f"any{sequence}.db"))
    out = insurer.folder / "out.db"
    apply_pack(files[0], read_pack(make_pack(*files)), out)
    assert contents_of(out) == contents_of(files[1])
    assert findings(RosterFile(out, tags=insurer.target.tags)) == []


def content_of(two: tuple[Path, Path]) -> dict[str, Any]:
    found: dict[str, Any] = cbor2.loads(zlib.decompress(make_pack(*two)))
    return found


def changed(content: dict[str, Any], *path: Any, to: object) -> bytes:
    """The pack with one place of its content changed."""
    inside: Any = content
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = to
    return zlib.compress(cbor2.dumps(content, canonical=True))


@pytest.mark.parametrize(
    ("path", "to"),
    [
        (("facts", "sequence"), []),
        (("facts", "as_of"), b"x"),
        (("base",), None),
        (("kinds",), [1]),
        (("kinds",), [[1, 2]]),
        (("columns", "person"), []),
        (("columns", "person", 0), "text"),
        (("columns",), {"person": []}),
        (("more",), 1),
    ],
)
def test_a_pack_of_other_kinds_of_values_is_malformed(
    two: tuple[Path, Path], path: tuple[Any, ...], to: object
) -> None:
    with pytest.raises(RosterRefused, match="pack_malformed"):
        read_pack(changed(content_of(two), *path, to=to))


@pytest.mark.parametrize(
    ("path", "to"),
    [
        (("kinds",), [["x"] * 8]),
        (("kinds",), [[1 << 70, "", "", "", "", 1, 1, 0]]),
        (("columns", "person", 0), b"\x00"),
        (("columns", "person", 0), b"\x01\x00"),
        (("columns", "person", 0), b"\x7f"),
        (("columns", "person", 0), b"\xff" * 60 + b"\x01"),
        (("columns", "person", 1), b"\x01\x01\x01"),
        (("columns", "person", 9), bytes(8)),
        (("result",), "0" * 64),
    ],
)
def test_what_cannot_be_put_together_is_the_packs_fault(
    insurer: Any, two: tuple[Path, Path], path: tuple[Any, ...], to: object
) -> None:
    """And not the roster's, which nobody has to import again."""
    before, _ = two
    pack = read_pack(changed(content_of(two), *path, to=to))
    with pytest.raises(RosterRefused, match="pack_malformed"):
        apply_pack(before, pack, insurer.folder / "out.db")


@pytest.mark.parametrize(
    "plain",
    [
        b"\x9a\x00\x80\x00\x00" + b"\x80" * (1 << 23),
        b"\x9b\x00\x00\x7f\xff\xff\xff\xff\xff",
        b"\x5f\x41a\xff",
        b"\x81" * 100_000,
    ],
    ids=["lists", "a length", "indefinite", "deep"],
)
def test_what_unpacks_to_too_much_is_refused_before_it_is_made(plain: bytes) -> None:
    packed = zlib.compress(plain, 1)
    tracemalloc.start()
    began = time.monotonic()
    with pytest.raises(RosterRefused, match="pack_malformed"):
        read_pack(packed)
    assert time.monotonic() - began < 2
    assert tracemalloc.get_traced_memory()[1] < len(packed) + (3 << 27)
    tracemalloc.stop()
