"""Enrolled, renewed, revoked, expired and copied, through a real nginx that ends TLS before a real hub."""

import json
import shutil
import ssl
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from typer.testing import CliRunner

from idcard import ConfigurationError
from kiosk.cli import app
from kiosk.hub.authority import create_authority, load_authority
from kiosk.hub.event import milliseconds
from kiosk.hub.store import tables
from kiosk.hub.store.devices import revoke_device
from kiosk.province.asking import present_certificate
from kiosk.province.identity import Identity
from kiosk.province.joining import HubRefuses, Joining, Place
from kiosk.province.link import HubLink
from kiosk.province.renewal import Renewal, Step, named
from kiosk.wire.batch import MEDIA_TYPE, BatchRequest, make_request, read_answer
from kiosk.wire.bodies import SelfTest
from kiosk.wire.clock import reading
from kiosk.wire.envelope import GENESIS, Header, key_id, make_event
from kiosk.wire.joining import authority_pin, written_code

pytestmark = pytest.mark.serial


@pytest.fixture
def joined(province: Any, tmp_path: Path) -> Iterator[Callable[..., Identity]]:
    """Lets a device in; the hub's clock is right again afterwards."""
    yield lambda device, folder="identity": province.joined(device, tmp_path / folder)
    province.at = None


def batch(identity: Identity, device: str, *, seq: int = 1) -> bytes:
    """A batch with one event of this device's, signed by its key and sealed to the hub's."""
    now = milliseconds(datetime.now(UTC))
    key, hub = identity.device_key(), identity.hub_key()
    drawn = bytearray(now.to_bytes(6, "big") + uuid.uuid4().bytes[6:])
    drawn[6], drawn[8] = 0x70 | drawn[6] & 0x0F, 0x80 | drawn[8] & 0x3F
    header = Header(
        id=bytes(drawn),
        clinic="36001",
        device=device,
        seq=seq,
        kind="self_test",
        at=now,
        hlc=reading(now),
        audit_seq=0,
        audit_hash=GENESIS,
        key=key_id(hub),
    )
    event = make_event(header, SelfTest(passed=True, failed=(), took_s=3), to=hub, signer=key)
    return make_request(BatchRequest(clinic="36001", sender=device, sent_at=now, events=(event,)), key)


def sent(province: Any, identity: Identity, device: str, **more: str) -> tuple[int, str]:
    """What the hub says to an event, over the clinic's own connection: the status, and its word."""
    link = HubLink(Place(hub=province.url), identity)
    try:
        reply = link.post("/v1/events", batch(identity, device), {"Content-Type": MEDIA_TYPE, **more})
    finally:
        link.close()
    return reply.status, "" if reply.status == 200 else json.loads(reply.body)["error"]


def stepped(province: Any, identity: Identity, now: datetime, **how: Any) -> Step:
    renewal = Renewal(Place(hub=province.url), identity)
    try:
        return renewal.step(now, **how)
    finally:
        renewal.close()


def serial_of(identity: Identity) -> int:
    assert identity.certificate is not None
    return present_certificate(identity.certificate).serial_number


def test_a_clinic_joins_and_its_events_come_through(province: Any, tmp_path: Path) -> None:
    folder = tmp_path / "identity"
    joining = Joining(province.url, province.code("desk-1").lower().replace("-", " "), folder)
    digits = joining.begin()
    waits = joining.look()
    assert waits is not None
    assert waits.state == "waiting"
    assert [each.digits for each in province.enrolment.requests()] == [digits]
    province.enrolment.approve("36001", "desk-1", digits, by="ha")
    given = joining.look()
    assert given is not None
    assert given.state == "approved"
    joining.close()
    assert sorted(path.name for path in folder.iterdir()) == [
        "authority.pem",
        "certificate.pem",
        "device.key",
        "device.pub",
        "hub.pub",
        "lock",
        "root.json",
    ]
    assert {(folder / name).stat().st_mode & 0o077 for name in ("device.key", "certificate.pem")} == {0}
    identity = Identity(folder)
    assert identity.root() == b'{"signed": {}}'
    assert named(present_certificate(folder / "certificate.pem")) == ("36001", "desk-1")
    link = HubLink(Place(hub=province.url), identity)
    reply = link.post("/v1/events", batch(identity, "desk-1"), {"Content-Type": MEDIA_TYPE})
    link.close()
    assert reply.status == 200
    assert read_answer(reply.body).streams["desk-1"].acked_through == 1


def test_officer_and_clinic_by_their_commands(province: Any, tmp_path: Path) -> None:
    folder, config = tmp_path / "identity", province.folder / "hub.toml"
    made = command("hub", "code", "36001", "desk-20", "--by", "ha", "--config", config)
    code = made.splitlines()[0]
    joining = ("province", "join", province.url, code, "--identity", folder, "--minutes", "0")
    digits = command(*joining, ends=1).split(":  ")[1].splitlines()[0]
    assert f"36001\tdesk-20\t{digits}\t" in command("hub", "requests", "--config", config)
    approving = ("hub", "approve", "36001", "desk-20", "--by", "ha", "--config", config, "--digits")
    assert "differ, refuse" in command(*approving, "1234", ends=3)
    command(*approving, digits)
    assert "desk-20 of clinic 36001" in command(*joining)
    assert "Good until" in command("province", "renew", province.url, "--identity", folder)
    before = (province.config.tls / "crl.pem").read_bytes()
    command("hub", "device", "revoke", "36001", "desk-20", "--config", config)
    assert (province.config.tls / "crl.pem").read_bytes() != before
    assert "not renewed (refused)" in command("province", "renew", province.url, "--identity", folder, ends=1)
    assert "another name" in command("hub", "code", "36001", "desk-20", "--by", "ha", "--config", config, ends=2)
    assert "Nobody" in command("hub", "refuse", "36001", "desk-20", "--by", "ha", "--config", config, ends=3)
    assert "misread" in command("province", "join", province.url, "WRONG", "--identity", folder, ends=2)
    (tmp_path / "file").touch()
    assert "cannot be written" in command(
        "province", "join", province.url, code, "--identity", tmp_path / "file", ends=2
    )


def command(*words: str | Path, ends: int = 0) -> str:
    """What a command says, which must end with this code."""
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == ends, done.output
    return done.output


def test_who_is_cut_off_while_waiting_goes_on_with_the_same_request(province: Any, tmp_path: Path) -> None:
    code = province.code("desk-2")
    first = Joining(province.url, code, tmp_path)
    digits = first.begin()
    assert first.look() is not None
    first.close()
    again = Joining(province.url, code, tmp_path)
    assert again.begin() == digits
    province.let_in("desk-2", digits, again)
    again.close()


def test_a_second_machine_with_the_same_code_has_other_digits_and_is_refused(province: Any, tmp_path: Path) -> None:
    code = province.code("desk-3")
    first, second = (Joining(province.url, code, tmp_path / name) for name in ("a", "b"))
    assert first.begin() != second.begin()
    assert first.look() is not None
    with pytest.raises(HubRefuses, match="another code"):
        second.look()
    assert not (tmp_path / "b" / "asked.cbor").exists()
    province.enrolment.refuse("36001", "desk-3", by="ha")
    refused = first.look()
    assert refused is not None
    assert refused.state == "refused"
    for each in (first, second):
        each.close()


def test_a_hub_that_is_not_the_codes_hears_nothing(province: Any, tmp_path: Path) -> None:
    create_authority(tmp_path / "other", datetime.now(UTC))
    other = written_code("ABC", "DEFGHJKM", authority_pin(load_authority(tmp_path / "other").der))
    with pytest.raises(ConfigurationError, match="not the hub"):
        Joining(province.url, other, tmp_path / "identity").begin()
    assert not (tmp_path / "identity").exists()
    with pytest.raises(ConfigurationError, match="misread"):
        Joining(province.url, other[:-1] + ("0" if other[-1] != "0" else "1"), tmp_path)


def test_only_a_certificate_says_who_it_is(province: Any, joined: Any, tmp_path: Path) -> None:
    one, two = joined("desk-4", "one"), joined("desk-5", "two")
    lie = {"Kiosk-Client": "36001/desk-5", "Kiosk-Serial": "01"}
    assert sent(province, one, "desk-4", **lie)[0] == 200
    # The batch is the other's, signed by it; the connection is not.
    mixed = Identity(tmp_path / "mixed")
    shutil.copytree(two.folder, mixed.folder)
    shutil.copy(one.folder / "certificate.pem", mixed.folder)
    assert sent(province, mixed, "desk-5") == (401, "unknown_sender")
    for more in ({}, {"Kiosk-Client": "36001/desk-5"}, {"Kiosk_Client": "36001/desk-5"}):
        assert sent(province, mixed, "desk-5", **lie | more) == (401, "unknown_sender")
    (mixed.folder / "certificate.pem").unlink()
    for more in ({}, lie, {"Kiosk_Client": "36001/desk-5"}):
        assert sent(province, mixed, "desk-5", **more) == (403, "certificate_refused")
    assert sent(province, two, "desk-5") == (200, "")


def test_a_certificate_is_renewed_in_time_and_the_former_stays_good(province: Any, joined: Any, tmp_path: Path) -> None:
    identity = joined("desk-6")
    former = serial_of(identity)
    shutil.copytree(identity.folder, tmp_path / "former")
    now = datetime.now(UTC)
    assert stepped(province, identity, now + timedelta(days=9)) is Step.NOT_DUE
    assert stepped(province, identity, now + timedelta(days=10)) is Step.RENEWED
    assert serial_of(identity) != former
    assert not (identity.folder / "tls.key").exists()
    assert sent(province, identity, "desk-6") == (200, "")
    assert sent(province, Identity(tmp_path / "former"), "desk-6")[0] == 200


def test_an_open_connection_takes_the_new_certificate(province: Any, joined: Any) -> None:
    identity = joined("desk-7")
    link = HubLink(Place(hub=province.url), identity)
    first = link.post("/v1/events", batch(identity, "desk-7"), {"Content-Type": MEDIA_TYPE})
    assert stepped(province, identity, datetime.now(UTC), at_once=True) is Step.RENEWED
    second = link.post("/v1/events", batch(identity, "desk-7", seq=2), {"Content-Type": MEDIA_TYPE})
    link.close()
    assert (first.status, second.status) == (200, 200)


def test_the_same_request_again_gets_the_same_certificate(province: Any, joined: Any) -> None:
    identity = joined("desk-9")
    present = (identity.folder / "certificate.pem").read_bytes()
    renewal = Renewal(Place(hub=province.url), identity)
    renewal._new_request(present_certificate(identity.folder / "certificate.pem"))
    kept = {name: (identity.folder / name).read_bytes() for name in ("tls.key", "asked.cbor")}
    assert renewal.step(datetime.now(UTC), at_once=True) is Step.RENEWED
    given = serial_of(identity)
    for name, content in (kept | {"certificate.pem": present}).items():
        (identity.folder / name).write_bytes(content)
    assert renewal.step(datetime.now(UTC), at_once=True) is Step.RENEWED
    renewal.close()
    assert serial_of(identity) == given
    assert sent(province, identity, "desk-9") == (200, "")


def test_a_copied_disk_stops_both(province: Any, joined: Any, tmp_path: Path) -> None:
    identity = joined("desk-10")
    shutil.copytree(identity.folder, tmp_path / "copy")
    copy = Identity(tmp_path / "copy")
    assert stepped(province, copy, datetime.now(UTC), at_once=True) is Step.RENEWED
    assert stepped(province, identity, datetime.now(UTC), at_once=True) is Step.REFUSED
    with province.database.read() as connection:
        kinds = [(row.device, row.kind) for row in connection.execute(tables.alarm.select())]
    assert ("desk-10", "identity_cloned") in kinds
    for each in (identity, copy):
        assert sent(province, each, "desk-10") == (403, "sender_revoked")


def test_what_is_revoked_is_refused_by_the_hub_at_once_and_by_nginx_once_it_has_read_the_list(
    province: Any, joined: Any
) -> None:
    identity, other = joined("desk-11"), joined("desk-12", "other")
    assert sent(province, identity, "desk-11")[0] == 200
    with province.database.write() as connection:
        assert revoke_device(connection, "36001", "desk-11", province.now)
    assert sent(province, identity, "desk-11") == (403, "sender_revoked")
    assert said(province, identity, "/v1/anything") == (403, "sender_revoked")
    assert stepped(province, identity, datetime.now(UTC), at_once=True) is Step.REFUSED
    province.publish()
    assert sent(province, identity, "desk-11") == (403, "certificate_refused")
    assert sent(province, other, "desk-12") == (200, "")
    assert said(province, other, "/v1/anything") == (404, "refused")


def said(province: Any, identity: Identity, path: str) -> tuple[int, str]:
    link = HubLink(Place(hub=province.url), identity)
    reply = link.post(path, b"", {})
    link.close()
    return reply.status, json.loads(reply.body)["error"]


def test_a_certificate_that_ran_out_is_refused_and_renewed_with_the_devices_key(province: Any, joined: Any) -> None:
    now = datetime.now(UTC)
    province.at = now - timedelta(days=40)
    identity = joined("desk-13")
    province.at = now
    assert sent(province, identity, "desk-13") == (403, "certificate_refused")
    assert stepped(province, identity, now) is Step.RENEWED
    assert sent(province, identity, "desk-13") == (200, "")
    # By a clock that is slow it has not run out: the hub's word counts, and the other way is tried as well.
    province.at = now - timedelta(days=30)
    slow = joined("desk-14", "slow")
    province.at = now
    assert stepped(province, slow, now - timedelta(days=18)) is Step.RENEWED


def test_who_was_away_too_long_enrols_again_under_its_name(province: Any, joined: Any) -> None:
    now = datetime.now(UTC)
    province.at = now - timedelta(days=80)
    identity = joined("desk-15")
    province.at = now
    assert stepped(province, identity, now) is Step.REFUSED
    key = (identity.folder / "device.key").read_bytes()
    joined("desk-15")
    assert (identity.folder / "device.key").read_bytes() == key
    assert sent(province, identity, "desk-15") == (200, "")


def test_a_full_disk_is_no_end(province: Any, joined: Any) -> None:
    identity = joined("desk-19")
    # A folder where the new key would lie: as root no right is missing anywhere.
    (identity.folder / "tls.key").mkdir()
    assert stepped(province, identity, datetime.now(UTC), at_once=True) is Step.LATER
    (identity.folder / "tls.key").rmdir()
    assert stepped(province, identity, datetime.now(UTC), at_once=True) is Step.RENEWED


def test_a_hub_that_is_away_is_tried_later_and_not_at_every_step(province: Any, joined: Any) -> None:
    identity = joined("desk-16")
    renewal = Renewal(Place(hub="https://127.0.0.1:9", seconds=0.5), identity, spread=lambda: 0.0)
    now = datetime.now(UTC) + timedelta(days=10)
    assert renewal.step(now) is Step.LATER
    asked = (identity.folder / "asked.cbor").read_bytes()
    began = time.monotonic()
    assert renewal.step(now + timedelta(minutes=4)) is Step.LATER
    assert time.monotonic() - began < 0.2
    renewal.close()
    # The hub never heard of it: the same request is sent once it is there again.
    assert (identity.folder / "asked.cbor").read_bytes() == asked
    assert stepped(province, identity, now) is Step.RENEWED


@contextmanager
def client(province: Any, certificate: Path | None, **settings: Any) -> Iterator[httpx.Client]:
    context = ssl.create_default_context(cafile=str(province.config.tls / "authority.pem"))
    for name, value in settings.items():
        setattr(context, name, value)
    if certificate is not None:
        context.load_cert_chain(certificate)
    with httpx.Client(verify=context, base_url=province.url, trust_env=False) as made:
        yield made


def test_another_clinics_certificate_sends_for_its_clinic_alone(province: Any, joined: Any) -> None:
    identity = joined("desk-21")
    key, now = generate_private_key(SECP256R1()), datetime.now(UTC)
    other = load_authority(province.config.authority).for_device(
        "36002", "desk-21", key.public_key(), now, timedelta(days=1)
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (identity.folder / "certificate.pem").write_bytes(other.public_bytes(Encoding.PEM) + pem)
    assert sent(province, identity, "desk-21") == (401, "unknown_sender")
    # Signed by the authority, and yet of no certificate that the hub wrote down.
    assert said(province, identity, "/v1/anything") == (401, "unknown_sender")
    assert stepped(province, identity, now, at_once=True) is Step.REFUSED


def test_certificates_of_others_prove_nobody(province: Any, tmp_path: Path) -> None:
    create_authority(tmp_path / "other", datetime.now(UTC))
    key = generate_private_key(SECP256R1())
    made = load_authority(tmp_path / "other").for_device(
        "36001", "desk-1", key.public_key(), datetime.now(UTC), timedelta(days=1)
    )
    strange = tmp_path / "strange.pem"
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    strange.write_bytes(made.public_bytes(Encoding.PEM) + pem)
    # The hub's own, which proves a server; another authority's; and none.
    for certificate in (province.config.tls / "server.pem", strange, None):
        with client(province, certificate) as caller:
            answer = caller.post("/v1/events", content=b"", headers={"Content-Type": MEDIA_TYPE})
            assert (answer.status_code, answer.json()) == (403, {"error": "certificate_refused"})


def test_nginx_says_little_and_takes_little(province: Any, joined: Any) -> None:
    identity = joined("desk-17")
    with client(province, None) as caller:
        assert caller.get("/").status_code == 404
        assert caller.get("/v1/health").status_code == 403
        assert caller.get("/v1/enrol/authority").headers["Server"] == "nginx"
        assert caller.post("/v1/enrol", content=bytes(9000)).status_code == 413
        assert caller.post("/v1/enrol", content=b"x").status_code == 415
    with client(province, identity.certificate) as caller:
        assert caller.get("/v1/health").status_code == 200
        assert caller.post("/v1/events", content=bytes((1 << 20) + 1)).status_code == 413
    with (
        client(province, None, maximum_version=ssl.TLSVersion.TLSv1_2) as caller,
        pytest.raises(httpx.ConnectError),
    ):
        caller.get("/")
