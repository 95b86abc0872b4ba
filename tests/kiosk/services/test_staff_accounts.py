"""Accounts of the desk in a real store: made, checked, counted, locked, and not forged by whoever writes there."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import select, update

from kiosk.devices.clock import ManualClock
from kiosk.domain.staff import OverrideReason, Role
from kiosk.keys import VisitOpener
from kiosk.services.staff_accounts import Account, BadAccount, StaffAccounts
from kiosk.services.staff_sessions import LONGEST_S, StaffSessions
from kiosk.store import repositories
from kiosk.store.database import Database
from kiosk.store.desk_tables import StaffAccount
from kiosk.store.tables import Audit

RIGHT, WRONG = "mưa rơi trước sân", "mưa rơi sau sân"
NUMBER = "036185999901"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class Desk:
    """A store, a clock, a key, and accounts over them as often as a process starts."""

    def __init__(self, folder: Path, clinic: Any) -> None:
        self.database = Database.open(folder / "store.db")
        self.clock = ManualClock(datetime(2026, 11, 23, 1, tzinfo=UTC))
        self.clinic, self.opener = clinic, VisitOpener(X25519PrivateKey.generate())
        self.accounts = self.started()

    def started(self, hasher: PasswordHasher = CHEAP) -> StaffAccounts:
        return StaffAccounts(
            database=self.database,
            clinic=self.clinic,
            device="desk-1",
            opener=self.opener,
            clock=self.clock,
            tries=3,
            hasher=hasher,
        )

    def add(self, sign: str, role: Role = Role.RECEPTION, number: str | None = None) -> Account:
        return self.accounts.add(sign, role, name="Phạm Thị Trực", number=number, password=RIGHT, by="mai")

    def tries(self, password: str, sign: str = "truc") -> bool:
        return self.accounts.check(sign, password, act="login") is not None

    def links(self) -> list[tuple[str, dict[str, Any]]]:
        with self.database.read() as session:
            assert repositories.first_chain_fault(session, "desk-1") is None
            bodies = session.scalars(select(Audit.body).order_by(Audit.seq))
            return [(said["kind"], said["facts"]) for said in map(json.loads, bodies)]


@pytest.fixture
def desk(tmp_path: Path, clinic: Any) -> Iterator[Desk]:
    made = Desk(tmp_path, clinic)
    yield made
    made.database.close()


def test_an_account_is_there_with_its_role_and_a_hash_of_argon2id(desk: Desk) -> None:
    made = desk.add("truc", Role.LEAD, NUMBER)
    assert (made.sign, made.role, made.name, made.number) == ("truc", Role.LEAD, "Phạm Thị Trực", NUMBER)
    assert desk.accounts.all() == (made,)
    assert desk.accounts.check("truc", RIGHT, act="login") == made
    with desk.database.read() as session:
        row = session.scalars(select(StaffAccount)).one()
        assert row.password.startswith("$argon2id$")
        stored = repr(vars(row)).encode() + (row.blob or b"")
    assert not [secret for secret in (RIGHT, "Trực", NUMBER) if secret.encode() in stored]


def test_the_usual_hash_is_the_second_of_the_standard() -> None:
    usual = PasswordHasher()
    assert (usual.time_cost, usual.memory_cost, usual.parallelism, usual.hash_len) == (3, 65536, 4, 32)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"sign": "Trực"}, "sign"),
        ({"sign": "mai"}, "taken"),
        ({"name": " "}, "name"),
        ({"number": "0361"}, "number"),
        ({"password": "ngan"}, "password"),
    ],
)
def test_what_makes_no_sense_makes_no_account(desk: Desk, change: dict[str, Any], word: str) -> None:
    desk.add("mai")
    fields = {"sign": "truc", "name": "Phạm Thị Trực", "number": NUMBER, "password": RIGHT} | change
    with pytest.raises(BadAccount, match=f"^{word}$"):
        desk.accounts.add(fields.pop("sign"), Role.LEAD, by="mai", **fields)
    assert [account.sign for account in desk.accounts.all()] == ["mai"]


def test_after_wrong_tries_even_the_right_password_waits_longer_each_time(desk: Desk) -> None:
    desk.add("truc")
    assert [desk.tries(WRONG) for _ in range(3)] == [False] * 3
    assert not desk.tries(RIGHT)
    desk.clock.advance(59)
    assert not desk.tries(RIGHT)
    desk.clock.advance(1)
    assert not desk.tries(WRONG)
    desk.clock.advance(119)
    assert not desk.tries(RIGHT), "the second wait is twice as long"
    desk.clock.advance(1)
    assert desk.tries(RIGHT)
    assert [desk.tries(WRONG) for _ in range(2)] == [False] * 2
    assert desk.tries(RIGHT), "what was right forgives what was wrong before"


def test_starting_anew_forgives_nothing(desk: Desk) -> None:
    desk.add("truc")
    for _ in range(3):
        desk.tries(WRONG)
    desk.accounts = desk.started()
    assert not desk.tries(RIGHT)


def test_whoever_guesses_at_the_door_keeps_nobody_from_her_own_screen(desk: Desk) -> None:
    desk.add("truc")
    for _ in range(9):
        desk.tries(WRONG)
    assert not desk.tries(RIGHT)
    for act in ("unlocked", "agreed"):
        assert desk.accounts.check("truc", RIGHT, act=act) is not None
    for _ in range(3):
        assert desk.accounts.check("truc", WRONG, act="unlocked") is None
    assert desk.accounts.check("truc", RIGHT, act="agreed") is None, "inside, guessing waits as well"
    desk.clock.advance(60)
    assert desk.tries(RIGHT)
    assert desk.accounts.check("truc", RIGHT, act="unlocked") is not None


def test_tries_while_it_waits_do_not_make_it_wait_longer(desk: Desk) -> None:
    desk.add("truc")
    for _ in range(10):
        desk.tries(WRONG)
    desk.clock.advance(60)
    assert desk.tries(RIGHT)


def test_an_unlocked_account_need_not_wait(desk: Desk) -> None:
    desk.add("truc")
    for _ in range(3):
        desk.tries(WRONG)
    desk.accounts.unlock("truc", by="mai")
    assert desk.tries(RIGHT)


def test_every_try_costs_one_hash_one_link_and_says_yes_or_no(desk: Desk) -> None:
    hashed: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Any:
            hashed.append(str(password))
            return super().verify(hash, password)

    desk.add("truc")
    desk.add("khoa")
    desk.accounts.lock("khoa", by="mai")
    desk.accounts = desk.started(Counting(time_cost=1, memory_cost=8, parallelism=1))
    for sign in ("truc", "khoa", "nobody", "", "Không Phải Tên", "x" * 5000):
        before = len(desk.links())
        assert not desk.tries(WRONG, sign)
        assert len(desk.links()) == before + 1
    assert len(hashed) == 6
    assert [facts["account"] for _, facts in desk.links()[-6:]] == ["truc", None, None, None, None, None]
    assert not desk.tries("x" * 1_000_000)
    assert len(hashed[-1]) < 200


def test_who_changes_an_account_is_written_down(desk: Desk) -> None:
    desk.add("mai", Role.ADMINISTRATOR)
    desk.add("truc")
    desk.accounts.set_password("truc", "nắng lên đầu ngõ", by="mai")
    desk.accounts.lock("truc", by="mai")
    assert not desk.tries("nắng lên đầu ngõ")
    desk.accounts.unlock("truc", by="mai")
    assert not desk.tries(RIGHT)
    assert desk.tries("nắng lên đầu ngõ")
    desk.accounts.remove("truc", by="mai")
    kinds = [kind for kind, _ in desk.links()]
    changes = ["account_password", "account_locked", "login_refused", "account_unlocked", "login_refused", "login"]
    assert kinds == ["account_added", "account_added", *changes, "account_removed"]
    assert all(facts["by"] == "mai" for kind, facts in desk.links() if kind.startswith("account_"))


def test_a_removed_account_is_nobody_and_its_sign_is_never_given_again(desk: Desk) -> None:
    desk.add("truc", number=NUMBER)
    desk.accounts.remove("truc", by="mai")
    assert desk.accounts.all() == ()
    assert not desk.tries(RIGHT)
    with desk.database.read() as session:
        row = session.scalars(select(StaffAccount)).one()
        assert (row.password, row.blob, row.sealed_key) == ("", None, None)
    with pytest.raises(BadAccount, match="taken"):
        desk.add("truc")
    with pytest.raises(BadAccount, match="unknown"):
        desk.accounts.unlock("truc", by="mai")


def test_the_last_open_administrator_stays(desk: Desk) -> None:
    desk.add("mai", Role.ADMINISTRATOR)
    desk.add("truc", Role.LEAD)
    for change in (desk.accounts.lock, desk.accounts.remove):
        with pytest.raises(BadAccount, match="last_administrator"):
            change("mai", by="mai")
    desk.add("an", Role.ADMINISTRATOR)
    desk.accounts.lock("mai", by="an")


@pytest.mark.parametrize("forged", [{"role": "administrator"}, {"state": "open"}, {"password": CHEAP.hash(RIGHT)}])
def test_a_row_that_another_process_wrote_is_no_account(desk: Desk, forged: dict[str, str]) -> None:
    desk.accounts.add("truc", Role.RECEPTION, name="Phạm Thị Trực", number=None, password=WRONG, by="mai")
    if "state" in forged:
        desk.accounts.lock("truc", by="mai")
    with desk.database.write() as session:
        session.execute(update(StaffAccount).values(**forged))
    assert not desk.tries(RIGHT)
    assert not desk.tries(WRONG)
    assert desk.accounts.all() == ()


def test_an_old_hash_is_made_anew_once_the_password_is_given(desk: Desk) -> None:
    desk.add("truc")
    desk.accounts = desk.started(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    assert desk.tries(RIGHT)
    with desk.database.read() as session:
        assert "m=16,t=2" in session.scalars(select(StaffAccount.password)).one()
    assert desk.tries(RIGHT)


def test_the_second_person_is_somebody_else_with_a_password(desk: Desk) -> None:
    actor = desk.add("truc", Role.LEAD, NUMBER)
    desk.add("hung", Role.LEAD, "036078999902")
    desk.add("lan", Role.RECEPTION)
    desk.add("truc.hai", Role.LEAD, NUMBER)
    reason = OverrideReason.OTHER_PAPERS
    agreed = desk.accounts.second(actor, "hung", RIGHT, reason)
    assert agreed is not None
    assert (agreed.second, agreed.reason) == ("hung", reason)
    for sign, password in (("hung", WRONG), ("truc", RIGHT), ("lan", RIGHT), ("truc.hai", RIGHT), ("nobody", RIGHT)):
        assert desk.accounts.second(actor, sign, password, reason) is None


class Moments:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_login_locks_itself_ends_in_time_and_with_its_account(desk: Desk) -> None:
    desk.add("truc")
    moments = Moments()
    sessions = StaffSessions(desk.accounts, idle_s=900, now=moments)
    assert sessions.begin("truc", WRONG) is None
    token = sessions.begin("truc", RIGHT)
    assert token
    moments.now += 899
    login = sessions.find(token)
    assert login is not None
    assert not login.locked
    sessions.touch(login)
    moments.now += 900
    login = sessions.find(token)
    assert login is not None
    assert login.locked
    sessions.touch(login)
    assert login.locked, "being there is not enough"
    assert not sessions.unlock(login, WRONG)
    assert sessions.unlock(login, RIGHT)
    assert sessions.find(token) is login
    assert sessions.find("another") is None
    moments.now += LONGEST_S
    assert sessions.find(token) is None

    token = sessions.begin("truc", RIGHT) or ""
    desk.clock.advance(1)
    desk.accounts.set_password("truc", "nắng lên đầu ngõ", by="mai")
    assert sessions.find(token) is None
    token = sessions.begin("truc", "nắng lên đầu ngõ") or ""
    desk.accounts.lock("truc", by="mai")
    assert sessions.find(token) is None


def test_a_process_remembers_a_bounded_number_of_logins(desk: Desk) -> None:
    desk.add("truc")
    moments = Moments()
    sessions = StaffSessions(desk.accounts, idle_s=900, now=moments)
    tokens = []
    for _ in range(66):
        moments.now += 1
        tokens.append(sessions.begin("truc", RIGHT) or "")
    assert [sessions.find(token) is not None for token in tokens] == [False] * 2 + [True] * 64
