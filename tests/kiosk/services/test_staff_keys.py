"""Security keys of the desk's accounts in a real store, asked by a key that signs as the standard says, or does not."""

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cbor2
import pytest
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from sqlalchemy import select, update

from kiosk.devices.clock import ManualClock
from kiosk.domain.staff import Role
from kiosk.domain.staff_keys import KeyPolicy
from kiosk.keys import VisitOpener
from kiosk.services.ceremonies import Site
from kiosk.services.staff_accounts import Account, StaffAccounts
from kiosk.services.staff_keys import BadKey, StaffKeys
from kiosk.services.staff_sessions import StaffSessions
from kiosk.store import repositories
from kiosk.store.database import Database
from kiosk.store.key_tables import StaffKey
from kiosk.store.tables import Audit

HERE = Site(name="localhost", origin="http://localhost:8001")
ELSEWHERE = Site(name="quay.example", origin="https://quay.example")
RIGHT = "mưa rơi trước sân"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass
class SoftKey:
    """A key as the standard has it, written from the standard and not with the library that judges it.

    Source: W3C Web Authentication, "Authenticator Data", "Attested Credential Data"; RFC 9052, ES256.
    """

    count: int = 0
    step: int = 1
    flags: int = PRESENT | VERIFIED
    credential: bytes = bytes(range(20))
    handle: bytes = b""
    secret: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def made(self, options: str, site: Site = HERE) -> str:
        """What a browser sends of a key that was just made."""
        asked = json.loads(options)
        self.handle = base64.urlsafe_b64decode(asked["user"]["id"] + "==")
        point = self.secret.public_key().public_numbers()
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)})
        attested = bytes(16) + len(self.credential).to_bytes(2) + self.credential + public
        data = self._data(site, ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        response = {"attestationObject": text(attestation), "clientDataJSON": text(said("create", asked, site))}
        return self._sent(response)

    def signed(self, options: str, site: Site = HERE, **changed: Any) -> str:
        """What a browser sends of a key that was asked."""
        self.count += self.step
        client = said("get", json.loads(options) | changed, site)
        data = self._data(site)
        signature = self.secret.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        response = {
            "authenticatorData": text(data),
            "clientDataJSON": text(client),
            "signature": text(signature),
            "userHandle": text(self.handle),
        }
        return self._sent(response)

    def _data(self, site: Site, more: int = 0) -> bytes:
        return hashlib.sha256(site.name.encode()).digest() + bytes([self.flags | more]) + self.count.to_bytes(4)

    def _sent(self, response: dict[str, str]) -> str:
        name = text(self.credential)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})


def said(what: str, asked: dict[str, Any], site: Site) -> bytes:
    return json.dumps(
        {"type": f"webauthn.{what}", "challenge": asked["challenge"], "origin": site.origin, "crossOrigin": False}
    ).encode()


class Desk:
    """A store, a clock, accounts, and their keys."""

    def __init__(self, folder: Path, clinic: Any, policy: KeyPolicy = KeyPolicy.OPTIONAL) -> None:
        self.database = Database.open(folder / "store.db")
        self.clock = ManualClock(datetime(2026, 11, 23, 1, tzinfo=UTC))
        opener = VisitOpener(X25519PrivateKey.generate())
        shared: dict[str, Any] = {"database": self.database, "clinic": clinic, "opener": opener, "clock": self.clock}
        self.accounts = StaffAccounts(device="desk-1", tries=3, hasher=CHEAP, **shared)
        self.keys = StaffKeys(accounts=self.accounts, policy=policy, now=self.clock.monotonic, **shared)
        self.sessions = StaffSessions(self.accounts, idle_s=900, now=self.clock.monotonic, keys=self.keys)
        for sign, role in (("truc", Role.RECEPTION), ("hung", Role.LEAD), ("mai", Role.ADMINISTRATOR)):
            self.accounts.add(sign, role, name="Phạm Thị Trực", number=None, password=RIGHT, by="test")

    def account(self, sign: str = "truc") -> Account:
        found = self.accounts.find(sign)
        assert found is not None
        return found

    def registered(self, sign: str = "truc", site: Site = HERE, **kind: Any) -> SoftKey:
        key = SoftKey(**kind)
        asked = self.keys.ask_to_register(self.account(sign), RIGHT, site)
        self.keys.register(self.account(sign), asked.word, key.made(asked.options, site), site)
        return key

    def login(self, key: SoftKey, site: Site = HERE) -> str | None:
        asked = self.keys.ask("login", site)
        return self.sessions.begin_with_key(asked.word, key.signed(asked.options, site), site)

    def links(self) -> list[tuple[str, dict[str, Any]]]:
        with self.database.read() as session:
            assert repositories.first_chain_fault(session, "desk-1") is None
            return [(link["kind"], link["facts"]) for link in map(json.loads, session.scalars(select(Audit.body)))]


@pytest.fixture
def desk(tmp_path: Path, clinic: Any) -> Iterator[Desk]:
    made = Desk(tmp_path, clinic)
    yield made
    made.database.close()


@pytest.fixture
def strict(tmp_path: Path, clinic: Any) -> Iterator[Desk]:
    """A clinic whose leads and administrators need a key."""
    made = Desk(tmp_path, clinic, KeyPolicy.REQUIRED)
    yield made
    made.database.close()


def test_a_key_lets_its_owner_in_and_the_audit_says_how(desk: Desk) -> None:
    key = desk.registered("hung")
    token = desk.login(key)
    assert token is not None
    login = desk.sessions.find(token)
    assert login is not None
    assert login.account.sign == "hung"
    assert desk.links()[-1] == ("login", {"account": "hung", "way": "key"})
    [row] = desk.keys.all()
    assert row.used_at == desk.clock.now()


def test_a_key_keeps_no_name_and_is_asked_without_one(desk: Desk) -> None:
    asked = desk.keys.ask_to_register(desk.account(), RIGHT, HERE)
    options = json.loads(asked.options)
    assert options["user"]["displayName"] == "truc"
    assert "Trực" not in asked.options
    wanted = options["authenticatorSelection"]
    assert (wanted["residentKey"], wanted["userVerification"]) == ("required", "required")
    question = json.loads(desk.keys.ask("login", HERE).options)
    assert question["allowCredentials"] == []
    assert question["userVerification"] == "required"


def test_only_who_gives_the_password_once_more_registers_a_key(desk: Desk) -> None:
    for _ in range(3):
        with pytest.raises(BadKey, match=r"^password$"):
            desk.keys.ask_to_register(desk.account(), "mưa rơi sau sân", HERE)
    with pytest.raises(BadKey, match=r"^password$"):
        desk.keys.ask_to_register(desk.account(), RIGHT, HERE)
    assert desk.accounts.check("truc", RIGHT, act="unlocked") is None, "these tries counted like all others inside"


def test_a_challenge_is_good_once_and_for_two_minutes(desk: Desk) -> None:
    key = desk.registered()
    asked = desk.keys.ask("login", HERE)
    answer = key.signed(asked.options)
    assert desk.sessions.begin_with_key(asked.word, answer, HERE) is not None
    assert desk.sessions.begin_with_key(asked.word, answer, HERE) is None
    late = desk.keys.ask("login", HERE)
    answer = key.signed(late.options)
    desk.clock.advance(121)
    assert desk.sessions.begin_with_key(late.word, answer, HERE) is None


def test_an_answer_to_another_question_is_none(desk: Desk) -> None:
    key = desk.registered()
    first, second = desk.keys.ask("login", HERE), desk.keys.ask("login", HERE)
    assert desk.sessions.begin_with_key(second.word, key.signed(first.options), HERE) is None
    unlocking = desk.keys.ask("unlocked", HERE, "truc")
    assert desk.sessions.begin_with_key(unlocking.word, key.signed(unlocking.options), HERE) is None
    elsewhere = desk.keys.ask("login", ELSEWHERE)
    assert desk.sessions.begin_with_key(elsewhere.word, key.signed(elsewhere.options), HERE) is None
    registering = desk.keys.ask_to_register(desk.account("hung"), RIGHT, HERE)
    with pytest.raises(BadKey, match=r"^proof$"):
        desk.keys.register(desk.account(), registering.word, SoftKey().made(registering.options), HERE)


@pytest.mark.parametrize(
    "wrong",
    [
        {"flags": PRESENT},
        {"flags": VERIFIED},
        {"secret": ec.generate_private_key(ec.SECP256R1())},
        {"handle": bytes(16)},
        {"credential": b"nobody's"},
    ],
    ids=["not unlocked", "not touched", "another key", "another owner", "unknown"],
)
def test_what_is_not_the_key_lets_nobody_in(desk: Desk, wrong: dict[str, Any]) -> None:
    key = desk.registered()
    for name, value in wrong.items():
        setattr(key, name, value)
    assert desk.login(key) is None
    owner = None if "credential" in wrong else "truc"
    assert desk.links()[-1] == ("login_refused", {"account": owner, "way": "key"})


def test_a_page_of_another_site_gets_no_answer_that_counts(desk: Desk) -> None:
    key = desk.registered()
    asked = desk.keys.ask("login", HERE)
    phished = Site(name="localhost", origin="http://localhost.example:8001")
    assert desk.sessions.begin_with_key(asked.word, key.signed(asked.options, phished), HERE) is None


def test_a_key_that_was_not_unlocked_is_not_registered(desk: Desk) -> None:
    asked = desk.keys.ask_to_register(desk.account(), RIGHT, HERE)
    with pytest.raises(BadKey, match=r"^proof$"):
        desk.keys.register(desk.account(), asked.word, SoftKey(flags=PRESENT).made(asked.options), HERE)
    assert desk.keys.all() == ()


@pytest.mark.parametrize(
    "answer", ["", "null", "[]", "{}", '{"rawId": 7}', '{"rawId": "é", "response": {}}', "[" * 9000]
)
def test_nonsense_is_refused_and_breaks_nothing(desk: Desk, answer: str) -> None:
    asked = desk.keys.ask("login", HERE)
    assert desk.sessions.begin_with_key(asked.word, answer, HERE) is None
    asked = desk.keys.ask_to_register(desk.account(), RIGHT, HERE)
    with pytest.raises(BadKey, match=r"^proof$"):
        desk.keys.register(desk.account(), asked.word, answer, HERE)


def test_wrong_tries_of_key_and_password_are_counted_together(desk: Desk) -> None:
    key = desk.registered()
    own, key.secret = key.secret, ec.generate_private_key(ec.SECP256R1())
    assert desk.login(key) is None
    assert desk.accounts.check("truc", "mưa rơi sau sân", act="login") is None
    assert desk.login(key) is None
    key.secret = own
    assert desk.login(key) is None, "the account waits, whatever is shown"
    assert desk.accounts.check("truc", RIGHT, act="login") is None
    desk.clock.advance(61)
    assert desk.login(key) is not None
    assert desk.account().wrong_tries == 0


def test_a_locked_or_removed_account_is_not_opened_by_its_key(desk: Desk) -> None:
    key = desk.registered()
    desk.accounts.lock("truc", by="mai")
    assert desk.login(key) is None
    desk.accounts.unlock("truc", by="mai")
    assert desk.login(key) is not None
    desk.accounts.remove("truc", by="mai")
    assert desk.login(key) is None


def test_a_count_that_goes_back_revokes_the_key(desk: Desk) -> None:
    key = desk.registered(count=10)
    assert desk.login(key) is not None
    key.step = 0
    assert desk.login(key) is None
    assert desk.keys.all() == ()
    assert [kind for kind, _ in desk.links()][-2:] == ["key_copied", "login_refused"]
    key.step = 1
    assert desk.login(key) is None, "revoked is revoked"


def test_a_key_that_does_not_count_is_good(desk: Desk) -> None:
    key = desk.registered(step=0)
    assert [desk.login(key) is not None for _ in range(3)] == [True] * 3


def test_who_is_revoked_by_another_is_logged_out(desk: Desk) -> None:
    key = desk.registered()
    token = desk.login(key)
    assert token is not None
    desk.clock.advance(1)
    desk.keys.revoke(desk.keys.all()[0].id, by="mai")
    assert desk.sessions.find(token) is None
    assert desk.login(key) is None
    assert ("key_revoked", "mai") in [(kind, facts.get("by")) for kind, facts in desk.links()]
    with pytest.raises(BadKey, match=r"^unknown$"):
        desk.keys.revoke("nothing", by="mai")


def test_nobody_revokes_anothers_key_as_their_own(desk: Desk) -> None:
    desk.registered("hung")
    with pytest.raises(BadKey, match=r"^unknown$"):
        desk.keys.revoke(desk.keys.all()[0].id, by="truc", of="truc")


def test_a_locked_screen_is_opened_by_the_key_of_whose_it_is(desk: Desk) -> None:
    own, other = desk.registered(), desk.registered("hung", credential=b"another")
    token = desk.login(own)
    assert token is not None
    login = desk.sessions.find(token)
    assert login is not None
    login.locked = True
    for key, opened in ((other, False), (own, True)):
        asked = desk.keys.ask("unlocked", HERE, "truc")
        assert desk.sessions.unlock_with_key(login, asked.word, key.signed(asked.options), HERE) is opened
    assert not login.locked


def test_a_key_of_another_name_of_this_screen_is_not_asked_here(desk: Desk) -> None:
    key = desk.registered(site=ELSEWHERE)
    assert desk.login(key, ELSEWHERE) is not None
    asked = desk.keys.ask("login", HERE)
    assert desk.sessions.begin_with_key(asked.word, key.signed(asked.options), HERE) is None


def test_who_writes_to_the_store_makes_no_key(desk: Desk) -> None:
    key = desk.registered()
    with desk.database.write() as session:
        session.execute(update(StaffKey).values(sign="mai"))
    assert desk.login(key) is None
    assert desk.keys.all() == ()


def test_an_account_has_a_few_keys_and_none_of_them_twice(desk: Desk) -> None:
    for number in range(5):
        desk.registered(credential=bytes([number]) * 16)
    with pytest.raises(BadKey, match=r"^many$"):
        desk.keys.ask_to_register(desk.account(), RIGHT, HERE)
    asked = desk.keys.ask_to_register(desk.account("hung"), RIGHT, HERE)
    with pytest.raises(BadKey, match=r"^proof$"):
        desk.keys.register(desk.account("hung"), asked.word, SoftKey(credential=bytes(16)).made(asked.options), HERE)


def test_challenges_do_not_pile_up(desk: Desk) -> None:
    key = desk.registered()
    first = desk.keys.ask("login", HERE)
    for _ in range(64):
        desk.keys.ask("login", HERE)
    assert desk.sessions.begin_with_key(first.word, key.signed(first.options), HERE) is None


def test_where_leads_need_a_key_a_password_only_lets_them_register_one(strict: Desk) -> None:
    token = strict.sessions.begin("hung", RIGHT)
    login = strict.sessions.find(token or "")
    assert login is not None
    assert login.enrolling
    key = strict.registered("hung")
    assert strict.sessions.begin("hung", RIGHT) is None
    assert strict.links()[-1] == ("login_needs_key", {"account": "hung"})
    assert strict.login(key) is not None
    login.locked = True
    assert not strict.sessions.unlock(login, RIGHT)
    with pytest.raises(BadKey, match=r"^last$"):
        strict.keys.revoke(strict.keys.all()[0].id, by="hung", of="hung")
    strict.keys.revoke(strict.keys.all()[0].id, by="mai")
    assert strict.sessions.begin("hung", RIGHT) is not None


def test_reception_needs_no_key_there(strict: Desk) -> None:
    strict.registered("truc")
    token = strict.sessions.begin("truc", RIGHT)
    login = strict.sessions.find(token or "")
    assert login is not None
    assert not login.enrolling
