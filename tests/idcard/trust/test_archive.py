import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idcard.errors import ConfigurationError
from idcard.trust import archive
from idcard.trust.archive import EMPTY, FILE, Archive, Entry, Kind, Source, replace_file, to_bytes
from idcard.trust.rollback import check_not_rolled_back

AT = datetime(2026, 11, 23, 7, tzinfo=UTC)
SOURCE = Source(name="list.ml", sha256="ab" * 32, kind="master_list", added=AT, signed_at=AT - timedelta(days=3))
ENTRIES = st.lists(
    st.builds(
        Entry,
        kind=st.sampled_from(Kind),
        data=st.binary(max_size=40),
        name=st.text("0123456789abcdef", min_size=16, max_size=16),
        key=st.sampled_from(["", "aa" * 20, "bb" * 20]),
        signed=st.just("self_signed"),
        sources=st.just((0,)),
    ),
    max_size=6,
)


def made(entries: list[Entry], *, sequence: int = 1) -> bytes:
    return to_bytes(entries, [SOURCE], sequence=sequence, previous="", written_at=AT)


def entry(**changes: object) -> Entry:
    values = {"kind": Kind.ANCHOR, "data": b"one", "name": "0" * 16, "key": "aa", "signed": "link", "sources": (0,)}
    return Entry(**(values | changes))  # type: ignore[arg-type]


@given(entries=ENTRIES)
def test_what_is_written_is_read(entries: list[Entry]) -> None:
    read = Archive.from_bytes(made(entries))
    assert [read.entry(number) for number in range(len(read))] == entries
    assert read.sources == (SOURCE,)
    assert (read.sequence, read.previous, read.written_at) == (1, "", AT)


@given(entries=ENTRIES, at=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_any_changed_byte_is_damage(entries: list[Entry], at: int, flip: int) -> None:
    data = bytearray(made(entries))
    data[at % len(data)] ^= flip
    with pytest.raises(ConfigurationError) as caught:
        Archive.from_bytes(bytes(data))
    assert caught.value.reason == "damaged"


@pytest.mark.parametrize("cut", [0, 10, 40, -1])
def test_a_file_that_is_cut_short_is_damaged(cut: int) -> None:
    with pytest.raises(ConfigurationError):
        Archive.from_bytes(made([entry()])[:cut])


INDEX = {"sequence": 1, "previous": "", "written_at": AT.isoformat(), "from": []} | dict.fromkeys(archive._COLUMNS, ())


@pytest.mark.parametrize(
    "index",
    [
        b"[" * 100_000,
        b"7",
        b"{}",
        b"\xff",
        json.dumps(INDEX | {"written_at": "yesterday"}).encode(),
        json.dumps(INDEX | {"kind": ["anchor"]}).encode(),
        json.dumps(INDEX | {"from": [{}]}).encode(),
        json.dumps(INDEX | {"from": 3}).encode(),
    ],
    ids=["nested", "number", "nothing", "no text", "time", "columns", "sources", "no sources"],
)
def test_a_file_of_somebody_s_own_with_the_right_digest(index: bytes) -> None:
    body = archive._MAGIC + archive._LENGTH.pack(len(index)) + index
    with pytest.raises(ConfigurationError) as caught:
        Archive.from_bytes(body + hashlib.sha256(body).digest())
    assert caught.value.reason == "damaged"
    assert FILE in str(caught.value)


def test_entries_are_found_by_name_and_key() -> None:
    read = Archive.from_bytes(
        made([entry(), entry(data=b"2", key=""), entry(kind=Kind.CRL), entry(name="f" * 16, data=b"4")])
    )
    assert read.find(Kind.ANCHOR, "0" * 16) == [0, 1]
    assert read.find(Kind.ANCHOR, "aa", "0" * 16) == [0, 3, 1]
    assert read.find(Kind.CRL, "aa") == [2]
    assert read.find(Kind.LINK, "aa") == []
    assert read.of_kind(Kind.ANCHOR) == [0, 1, 3]
    assert (read.has(Kind.CRL), read.has(Kind.LINK)) == (True, False)


def test_links_are_found_by_who_made_them() -> None:
    read = Archive.from_bytes(made([entry(kind=Kind.LINK, issuer="f" * 16), entry(name="f" * 16, data=b"2")]))
    assert read.links_from("f" * 16) == [0]
    assert read.links_from("0" * 16) == []
    assert read.entry(0).issuer == "f" * 16


def test_a_source_keeps_what_it_knows() -> None:
    assert Source.from_dict(SOURCE.to_dict()) == SOURCE
    bare = Source(name="a.cer", sha256="00", kind="file", added=AT)
    assert Source.from_dict(bare.to_dict()) == bare


def test_a_directory_without_imports(tmp_path: Path) -> None:
    assert Archive.read(tmp_path) is EMPTY
    assert len(EMPTY) == 0


def test_a_file_that_cannot_be_read_or_is_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(ConfigurationError):
        Archive.read(tmp_path)
    (tmp_path / FILE).rmdir()
    (tmp_path / FILE).write_bytes(made([entry()]))
    assert len(Archive.read(tmp_path)) == 1
    monkeypatch.setattr(archive, "MAX_BYTES", 10)
    with pytest.raises(ConfigurationError):
        Archive.read(tmp_path)


def test_a_file_is_replaced_wholly_and_leaves_nothing_beside(tmp_path: Path) -> None:
    file = tmp_path / "store"
    replace_file(file, b"old")
    replace_file(file, b"new")
    assert file.read_bytes() == b"new"
    assert [one.name for one in tmp_path.iterdir()] == ["store"]
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(OSError, match="Is a directory"):
        replace_file(folder, b"x")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["folder", "store"]


def test_a_store_may_stay_or_grow_but_not_shrink(tmp_path: Path) -> None:
    state = tmp_path / "state"
    for sequence, digest in [(1, "a"), (1, "a"), (2, "b"), (5, "c")]:
        check_not_rolled_back(state, sequence=sequence, digest=digest)
    for sequence, digest in [(4, "d"), (5, "other"), (0, "")]:
        with pytest.raises(ConfigurationError) as caught:
            check_not_rolled_back(state, sequence=sequence, digest=digest)
        assert caught.value.reason == "rolled_back"
    check_not_rolled_back(state, sequence=5, digest="c")


@pytest.mark.parametrize(
    "text", [b"", b"{}", b"[]", b"\xff", b'{"sequence": "1", "digest": ""}', b'{"sequence": 1, "digest": 2}']
)
def test_a_state_file_that_is_none(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "state").write_bytes(text)
    with pytest.raises(ConfigurationError) as caught:
        check_not_rolled_back(tmp_path / "state", sequence=1, digest="a")
    assert caught.value.reason == "damaged"
