"""The audit chains: what is lost, altered, swapped or written anew is found, and where."""

import hashlib
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from idcard import ConfigurationError
from kiosk.services.audit import Examined, Finding, Heads, Wrong, examine, read_heads
from kiosk.store import repositories
from kiosk.store.database import Database

AT = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)
ONE, TWO = "kiosk-1", "desk-1"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with five links of a kiosk and two of a desk, and the ends written down after the third and the last."""
    path = tmp_path / "store.db"
    database = Database.open(path)
    heads = Heads(tmp_path / "heads")
    for number in range(1, 6):
        with database.write() as session:
            repositories.append_audit(session, ONE, AT, "admitted", {"number": number})
            if number < 3:
                repositories.append_audit(session, TWO, AT, "called", {"number": number})
        if number == 3:
            heads.write_down(database, AT)
    heads.write_down(database, AT)
    database.close()
    return path


def examined(path: Path, *, anchored: bool = True) -> dict[str, Examined]:
    heads = Heads(path.with_name("heads")).known() if anchored else ()
    database = Database.open(path)
    with database.read() as session:
        found = {chain.device: chain for chain in examine(session, heads)}
    database.close()
    return found


def findings(path: Path, *, anchored: bool = True) -> list[tuple[Wrong, int, int]]:
    chain = examined(path, anchored=anchored)[ONE]
    return [(each.wrong, each.first, each.last) for each in chain.findings]


def tamper(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    connection.create_function("link", 2, lambda previous, body: hashlib.sha256(previous + body.encode()).digest())
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


REHASH = "UPDATE audit SET hash = link(previous, body) WHERE device = 'kiosk-1' AND seq = {seq}"
RELINK = (
    "UPDATE audit SET previous = (SELECT hash FROM audit b WHERE b.device = 'kiosk-1' AND b.seq = {seq} - 1)"
    " WHERE device = 'kiosk-1' AND seq = {seq}"
)
EDIT = """UPDATE audit SET body = replace(body, '"number":4', '"number":9') WHERE device = 'kiosk-1' AND seq = 4"""


def test_whole_chains_are_whole(path: Path) -> None:
    assert examined(path) == {
        ONE: Examined(device=ONE, links=5, anchored=5, findings=()),
        TWO: Examined(device=TWO, links=2, anchored=2, findings=()),
    }


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (["DELETE FROM audit WHERE device = 'kiosk-1' AND seq = 1"], [(Wrong.FIRST_LOST, 1, 1)]),
        (["DELETE FROM audit WHERE device = 'kiosk-1' AND seq < 3"], [(Wrong.FIRST_LOST, 1, 2)]),
        (["DELETE FROM audit WHERE device = 'kiosk-1' AND seq IN (2, 3)"], [(Wrong.LOST, 2, 3)]),
        (["DELETE FROM audit WHERE device = 'kiosk-1' AND seq = 5"], [(Wrong.LAST_LOST, 5, 5)]),
        (["DELETE FROM audit WHERE device = 'kiosk-1' AND seq > 1"], [(Wrong.LAST_LOST, 2, 5)]),
        (["DELETE FROM audit WHERE device = 'kiosk-1'"], [(Wrong.LAST_LOST, 1, 5)]),
        ([EDIT], [(Wrong.ALTERED, 4, 4)]),
        (["UPDATE audit SET kind = 'desk_ticket' WHERE device = 'kiosk-1' AND seq = 2"], [(Wrong.ALTERED, 2, 2)]),
        (["UPDATE audit SET at = '2026-11-24' WHERE device = 'kiosk-1' AND seq = 2"], [(Wrong.ALTERED, 2, 2)]),
        (["UPDATE audit SET body = 'no JSON' WHERE device = 'kiosk-1' AND seq = 2"], [(Wrong.ALTERED, 2, 2)]),
        (["UPDATE audit SET body = '[]' WHERE device = 'kiosk-1' AND seq = 2"], [(Wrong.ALTERED, 2, 2)]),
        ([EDIT, REHASH.format(seq=4)], [(Wrong.FORKED, 5, 5)]),
        ([EDIT, REHASH.format(seq=4), RELINK.format(seq=5), REHASH.format(seq=5)], [(Wrong.FORKED, 4, 5)]),
    ],
)
def test_what_was_done_to_a_chain_is_found(
    path: Path, statements: list[str], expected: list[tuple[Wrong, int, int]]
) -> None:
    tamper(path, *statements)
    assert findings(path) == expected
    assert examined(path)[TWO].findings == ()


def test_swapped_links_are_both_named(path: Path) -> None:
    tamper(
        path,
        "UPDATE audit SET seq = 99 WHERE device = 'kiosk-1' AND seq = 2",
        "UPDATE audit SET seq = 2 WHERE device = 'kiosk-1' AND seq = 4",
        "UPDATE audit SET seq = 4 WHERE device = 'kiosk-1' AND seq = 99",
    )
    found = findings(path)
    assert [first for wrong, first, _ in found if wrong is Wrong.SWAPPED] == [2, 4]


def test_a_chain_that_was_written_anew_to_the_end_shows_only_against_its_written_end(path: Path) -> None:
    tamper(path, EDIT, REHASH.format(seq=4), RELINK.format(seq=5), REHASH.format(seq=5))
    assert findings(path, anchored=False) == []
    assert findings(path) == [(Wrong.FORKED, 4, 5)]


def test_a_lost_end_shows_only_against_what_was_written_down(path: Path) -> None:
    tamper(path, "DELETE FROM audit WHERE device = 'kiosk-1' AND seq > 3")
    assert findings(path, anchored=False) == []
    chain = examined(path)[ONE]
    assert (chain.links, chain.anchored) == (3, 5)
    assert chain.findings == (Finding(wrong=Wrong.LAST_LOST, device=ONE, first=4, last=5),)


def test_links_that_came_later_are_no_fault(path: Path) -> None:
    database = Database.open(path)
    with database.write() as session:
        repositories.append_audit(session, ONE, AT, "admitted", {"number": 6})
    database.close()
    assert findings(path) == []


def test_what_is_written_down_is_only_added_to(path: Path) -> None:
    file = path.with_name("heads")
    lines = file.read_text("utf-8").splitlines()
    assert [(head.device, head.seq) for head in read_heads(file)] == [(TWO, 2), (ONE, 3), (TWO, 2), (ONE, 5)]
    database = Database.open(path)
    Heads(file).write_down(database, AT)
    database.close()
    assert file.read_text("utf-8").splitlines()[:4] == lines


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text + "nonsense\n",
        lambda text: text[:-20],
        lambda text: text.replace('"seq": 5', '"seq": "5"'),
        lambda text: text + '{"device": "kiosk-1", "seq": 1, "hash": "00", "at": ""}\n',
        lambda text: text + "[]\n",
    ],
)
def test_a_damaged_file_of_ends_is_an_error_and_never_a_shorter_one(path: Path, damage: Callable[[str], str]) -> None:
    file = path.with_name("heads")
    file.write_text(damage(file.read_text("utf-8")), "utf-8")
    with pytest.raises(ConfigurationError, match="ends of audit chains"):
        read_heads(file)


def test_a_place_that_cannot_be_written_keeps_nobody_waiting(path: Path, tmp_path: Path) -> None:
    database = Database.open(path)
    written = Heads(tmp_path / "no folder" / "heads").write_down(database, AT)
    database.close()
    assert [head.seq for head in written] == [2, 5]


def test_an_empty_store_has_nothing_to_write_down(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "store.db")
    assert Heads(tmp_path / "heads").write_down(database, AT) == ()
    database.close()
    assert Heads(tmp_path / "heads").known() == ()
