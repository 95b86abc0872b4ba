"""How devices are let in and stay so, over SQLite and PostgreSQL: what may happen once, and what twice."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from idcard import IdCardError
from kiosk.hub.authority import create_authority, is_list_due, load_authority, renew_server, write_list
from kiosk.hub.enrolment import Enrolment, Shown, Terms
from kiosk.hub.errors import (
    CodeRefused,
    IdentityCloned,
    NameTaken,
    NoSuchRequest,
    RenewalRefused,
    SenderRevoked,
    UnknownSender,
)
from kiosk.hub.store import certificates, tables
from kiosk.hub.store.devices import add_clinics, revoke_device
from kiosk.hub.store.starts import after
from kiosk.wire.errors import WrongSignature
from kiosk.wire.joining import (
    LOCATOR,
    Grant,
    JoinRequest,
    RenewRequest,
    make_join,
    make_renewal,
    read_code,
    serial_bytes,
)

TERMS = Terms(code=timedelta(hours=24), certificate=timedelta(days=14), grace=timedelta(days=60), hub_key=bytes(32))


def csr(key: EllipticCurvePrivateKey) -> bytes:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return builder.sign(key, SHA256()).public_bytes(Encoding.DER)


@dataclass(kw_only=True)
class Machine:
    """A clinic's machine: its keys, and the certificate that it has."""

    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    tls: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()))

    def joining(self, code: str) -> bytes:
        public = self.key.public_key().public_bytes_raw()
        return make_join(JoinRequest(code=read_code(code)[0], public_key=public, csr=csr(self.tls)), self.key)

    def renewal(self, of: Grant, *, signer: Ed25519PrivateKey | None = None) -> bytes:
        """A request for the next certificate, with another key each time."""
        serial = serial_bytes(certificate_of(of))
        made = RenewRequest(
            clinic=of.clinic, device=of.device, serial=serial, csr=csr(generate_private_key(SECP256R1()))
        )
        return make_renewal(made, signer or self.key)


def certificate_of(grant: Grant) -> x509.Certificate:
    assert grant.certificate is not None
    return x509.load_der_x509_certificate(grant.certificate)


def shown(grant: Grant) -> Shown:
    return Shown(clinic=grant.clinic, device=grant.device, serial=serial_bytes(certificate_of(grant)))


@dataclass(kw_only=True)
class Office:
    """The province's side."""

    hub: Any
    enrolment: Enrolment

    def code(self, device: str = "desk-1") -> str:
        return self.enrolment.make_code("36001", device, by="ha")[0]

    def let_in(self, machine: Machine, device: str = "desk-1") -> Grant:
        request = machine.joining(self.code(device))
        assert self.enrolment.ask(request).state == "waiting"
        self.enrolment.approve("36001", device, self.enrolment.requests()[0].digits, by="ha")
        return self.enrolment.ask(request)

    def alarms(self) -> list[str]:
        return [row.kind for row in self.hub.rows(tables.alarm)]


@pytest.fixture
def office(hub: Any, tmp_path: Path) -> Office:
    create_authority(tmp_path / "authority", hub.now)
    with hub.database.write() as connection:
        add_clinics(connection, [("36001", "Trạm y tế xã Mỹ Xá")], hub.now)
    return Office(
        hub=hub, enrolment=Enrolment(hub.database, load_authority(tmp_path / "authority"), TERMS, lambda: hub.now)
    )


def test_a_device_is_let_in_once_a_person_said_so(office: Office) -> None:
    machine = Machine()
    code = office.code()
    request = machine.joining(code)
    asked = office.enrolment.ask(request)
    assert (asked.state, asked.clinic, asked.device, asked.certificate) == ("waiting", "36001", "desk-1", None)
    assert office.hub.rows(tables.device) == []
    (waits,) = office.enrolment.requests()
    with pytest.raises(NoSuchRequest):
        office.enrolment.approve("36001", "desk-1", "0000 0000 0000 0000", by="ha")
    office.enrolment.approve("36001", "desk-1", waits.digits.replace(" ", ""), by="ha")
    grant = office.enrolment.ask(request)
    certificate = certificate_of(grant)
    assert certificate.public_key() == machine.tls.public_key()
    assert certificate.subject.rfc4514_string() == "CN=desk-1,OU=36001"
    (use,) = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert use == ExtendedKeyUsageOID.CLIENT_AUTH
    assert certificate.not_valid_after_utc == office.hub.now.replace(microsecond=0) + timedelta(days=14)
    # The answer was lost: the same again, and no second certificate.
    assert office.enrolment.ask(request) == grant
    assert len(office.hub.rows(tables.certificate)) == 1
    assert office.enrolment.is_let_in(shown(grant))


def test_nothing_secret_of_a_code_is_stored(office: Office) -> None:
    sent, _ = read_code(office.code())
    (row,) = office.hub.rows(tables.join_code)
    assert row.locator == sent[:LOCATOR]
    assert sent[LOCATOR:] not in repr(tuple(row))


def test_a_code_works_once(office: Office) -> None:
    code = office.code()
    office.enrolment.ask(Machine().joining(code))
    with pytest.raises(CodeRefused):
        office.enrolment.ask(Machine().joining(code))
    assert len(office.enrolment.requests()) == 1


def test_of_two_that_use_a_code_at_the_same_time_one_is_heard(office: Office) -> None:
    code = office.code()

    def ask(request: bytes) -> str:
        try:
            return office.enrolment.ask(request).state
        except CodeRefused as error:
            return error.code

    requests = [Machine().joining(code) for _ in range(3)]
    with ThreadPoolExecutor(3) as threads:
        assert sorted(threads.map(ask, requests)) == ["code_refused", "code_refused", "waiting"]


def test_a_code_that_is_guessed_at_is_void(office: Office) -> None:
    code = office.code()
    machine = Machine()
    locator = read_code(code)[0][:LOCATOR]
    public = machine.key.public_key().public_bytes_raw()
    for guess in range(5):
        wrong = JoinRequest(code=f"{locator}00000{guess}", public_key=public, csr=csr(machine.tls))
        with pytest.raises(CodeRefused):
            office.enrolment.ask(make_join(wrong, machine.key))
    with pytest.raises(CodeRefused):
        office.enrolment.ask(machine.joining(code))


def test_strangers_who_try_and_forge_take_nobodys_turn(office: Office) -> None:
    """While the store is being written to for whatever reason, they hear at once that they are refused."""
    machine, stranger = Machine(), Machine()
    grant = office.let_in(machine)
    office.hub.later(days=15)
    code = office.code("desk-2")
    with office.hub.database.write() as connection:
        # Something is written, and not committed before strangers were answered.
        add_clinics(connection, [("36002", "Trạm y tế xã Mỹ Tân")], office.hub.now)
        for locator in (f"{number:0{LOCATOR}}" for number in range(20)):
            wrong = JoinRequest(
                code=f"{locator}000000", public_key=stranger.key.public_key().public_bytes_raw(), csr=csr(stranger.tls)
            )
            with pytest.raises(CodeRefused):
                office.enrolment.ask(make_join(wrong, stranger.key))
            with pytest.raises(UnknownSender):
                office.enrolment.renew(machine.renewal(grant, signer=stranger.key), None, late=True)
    assert office.enrolment.ask(Machine().joining(code)).state == "waiting"


def test_a_code_runs_out_and_a_new_one_makes_the_former_void(office: Office) -> None:
    former, present = office.code(), office.code()
    with pytest.raises(CodeRefused):
        office.enrolment.ask(Machine().joining(former))
    office.hub.later(hours=24)
    with pytest.raises(CodeRefused):
        office.enrolment.ask(Machine().joining(present))
    with pytest.raises(NoSuchRequest):
        office.enrolment.make_code("36999", "desk-1", by="ha")


def test_a_request_that_another_key_signed_is_refused(office: Office) -> None:
    machine, other = Machine(), Machine()
    public = machine.key.public_key().public_bytes_raw()
    request = JoinRequest(code=read_code(office.code())[0], public_key=public, csr=csr(machine.tls))
    with pytest.raises(WrongSignature):
        office.enrolment.ask(make_join(request, other.key))


def test_who_is_refused_gets_nothing(office: Office) -> None:
    request = Machine().joining(office.code())
    office.enrolment.ask(request)
    office.enrolment.refuse("36001", "desk-1", by="ha")
    assert office.enrolment.ask(request).state == "refused"
    assert office.hub.rows(tables.device) == []
    with pytest.raises(NoSuchRequest):
        office.enrolment.refuse("36001", "desk-1", by="ha")


def test_a_name_is_one_machines(office: Office) -> None:
    machine = Machine()
    office.let_in(machine)
    with pytest.raises(NameTaken):
        office.enrolment.ask(Machine().joining(office.code()))
    # The same machine comes again, as after its certificate ran out for too long.
    office.hub.later(days=200)
    again = Machine(key=machine.key)
    assert office.enrolment.is_let_in(shown(office.let_in(again)))
    revoke(office, "desk-1")
    with pytest.raises(NameTaken):
        office.code()


def revoke(office: Office, device: str) -> None:
    with office.hub.database.write() as connection:
        assert revoke_device(connection, "36001", device, office.hub.now)


def test_a_renewal_replaces_and_the_same_again_changes_nothing(office: Office) -> None:
    machine = Machine()
    first = office.let_in(machine)
    request = machine.renewal(first)
    second = office.enrolment.renew(request, shown(first))
    assert office.enrolment.renew(request, shown(first)) == second
    assert shown(second).serial != shown(first).serial
    assert len(office.hub.rows(tables.certificate)) == 2
    third = office.enrolment.renew(machine.renewal(second), shown(second))
    assert office.enrolment.is_let_in(shown(third))
    # What was replaced is good to its own end: answers get lost.
    assert office.enrolment.is_let_in(shown(first))
    assert office.alarms() == []


def test_two_renewals_of_one_certificate_stop_both_machines(office: Office) -> None:
    machine = Machine()
    first = office.let_in(machine)
    theirs = office.enrolment.renew(machine.renewal(first), shown(first))
    with pytest.raises(IdentityCloned):
        office.enrolment.renew(machine.renewal(first), shown(first))
    assert office.alarms() == ["identity_cloned"]
    for each in (first, theirs):
        assert office.enrolment.is_let_in(shown(each)) is False
        with pytest.raises(SenderRevoked):
            office.enrolment.renew(machine.renewal(each), shown(each))
    with office.hub.database.read() as connection:
        listed = {number for number, _ in certificates.revoked(connection, office.hub.now)}
    assert listed == {certificate_of(each).serial_number for each in (first, theirs)}


def test_a_renewal_is_the_devices_own_and_of_the_connection_that_it_came_by(office: Office) -> None:
    machine, other = Machine(), Machine()
    first, others = office.let_in(machine), office.let_in(other, "desk-2")
    with pytest.raises(RenewalRefused):
        office.enrolment.renew(machine.renewal(first), shown(others))
    with pytest.raises(UnknownSender):
        office.enrolment.renew(machine.renewal(first, signer=other.key), shown(first))
    strange = Grant(state="approved", clinic="36001", device="desk-1", certificate=others.certificate)
    with pytest.raises(RenewalRefused):
        office.enrolment.renew(machine.renewal(strange), None)
    unknown = Grant(state="approved", clinic="36001", device="desk-9", certificate=first.certificate)
    with pytest.raises(UnknownSender):
        office.enrolment.renew(machine.renewal(unknown), None)


@pytest.mark.parametrize(("days", "is_granted"), [(13, False), (15, True), (73, True), (75, False)])
def test_without_a_certificate_it_is_renewed_for_a_while_after_its_end(
    office: Office, days: int, is_granted: bool
) -> None:
    machine = Machine()
    request = machine.renewal(office.let_in(machine))
    office.hub.later(days=days)
    if is_granted:
        assert office.enrolment.is_let_in(shown(office.enrolment.renew(request, None, late=True)))
    else:
        with pytest.raises(RenewalRefused):
            office.enrolment.renew(request, None, late=True)


def test_what_is_revoked_is_not_renewed_and_is_listed_to_its_end(office: Office) -> None:
    machine = Machine()
    grant = office.let_in(machine)
    revoke(office, "desk-1")
    assert office.enrolment.is_let_in(shown(grant)) is False
    with pytest.raises(SenderRevoked):
        office.enrolment.renew(machine.renewal(grant), shown(grant))
    with office.hub.database.read() as connection:
        assert [number for number, _ in certificates.revoked(connection, office.hub.now)] == [
            certificate_of(grant).serial_number
        ]
        assert certificates.revoked(connection, office.hub.now + timedelta(days=15)) == []


def test_a_number_is_given_once(office: Office) -> None:
    machine = Machine()
    made = certificate_of(office.let_in(machine))
    with pytest.raises(IdCardError), office.hub.database.write() as connection:
        certificates.keep(connection, "36002", "desk-1", made, machine.tls.public_key(), office.hub.now)


def beats(hub: Any, make: Any, device: Any, starts: str) -> None:
    for each in starts:
        hub.receive(device, device.event(make.heartbeat(boot=each.encode() * 16), at=hub.later(seconds=60)))


@pytest.mark.parametrize(
    ("starts", "raised"),
    [("AAAA", 0), ("AABBCC", 0), ("AABABB", 0), ("ABACBC", 0), ("ABABA", 1), ("ABABABABAB", 1), ("AABBAABBAA", 1)],
)
def test_two_starts_that_alternate_are_two_machines(hub: Any, make: Any, starts: str, raised: int) -> None:
    beats(hub, make, hub.enrolled(), starts)
    alarms = hub.rows(tables.alarm)
    assert [row.kind for row in alarms] == ["two_starts"] * raised


def test_two_starts_in_one_request_count_too(hub: Any, make: Any) -> None:
    device, other = hub.enrolled(), hub.enrolled(name="kiosk-2")
    both = [device.event(make.heartbeat(boot=each * 16), at=hub.later(seconds=60)) for each in (b"A", b"B") * 3]
    hub.receive(device, *both, other.event(make.heartbeat()))
    assert [(row.device, row.kind) for row in hub.rows(tables.alarm)] == [("kiosk-1", "two_starts")]


def test_few_starts_are_remembered() -> None:
    known: tuple[tuple[str, ...], int] = ((), 0)
    for number in range(10):
        known = after(known, str(number))
    assert known == (("6", "7", "8", "9"), 0)


def test_the_authority_is_kept_private_and_its_list_is_made_in_time(tmp_path: Path, make: Any) -> None:
    folder, tls = tmp_path / "authority", tmp_path / "tls"
    create_authority(folder, make.NOW)
    key = (folder / "authority.key").read_bytes()
    create_authority(folder, make.NOW)
    assert (folder / "authority.key").read_bytes() == key
    assert (folder / "authority.key").stat().st_mode & 0o077 == 0
    tls.mkdir()
    authority = load_authority(folder)
    assert is_list_due(tls, [], make.NOW)
    made = write_list(authority, tls, [(7, make.NOW)], make.NOW)
    assert [each.serial_number for each in made] == [7]
    assert not is_list_due(tls, [(7, make.NOW)], make.NOW)
    assert is_list_due(tls, [(7, make.NOW), (8, make.NOW)], make.NOW)
    assert is_list_due(tls, [(7, make.NOW)], make.NOW + timedelta(days=1))
    assert renew_server(authority, tls, "hub.example", make.NOW)
    assert not renew_server(authority, tls, "hub.example", make.NOW + timedelta(days=59))
    assert renew_server(authority, tls, "hub.example", make.NOW + timedelta(days=61))
    assert renew_server(authority, tls, "hub2.example", make.NOW + timedelta(days=61))
