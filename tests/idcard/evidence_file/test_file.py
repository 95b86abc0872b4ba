"""What was saved is judged again as if the card lay there, and no changed byte ever ends in a better verdict."""

import re
import stat
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

import idcard
from idcard import Evidence, EvidenceFile, Fact, FactName, File, Outcome, Reason
from idcard.encoding import cbor
from idcard.evidence import WITNESSED_HERE, ChipAuthenticationProof, PaceCamProof
from idcard.evidence_file.content import evidence_from_map, evidence_to_map

BYTES = st.binary(max_size=40)
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
MAYBE_BYTES = st.none() | BYTES
STATUS = st.integers(0, 0xFFFF)
FILES = st.sampled_from(File)
MOMENTS = st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29)).flatmap(
    lambda moment: st.integers(-1439, 1439).map(lambda m: moment.replace(tzinfo=timezone(timedelta(minutes=m))))
)
ANY_EVIDENCE = st.builds(
    Evidence,
    files=st.dictionaries(FILES, BYTES, max_size=4),
    refused=st.dictionaries(FILES, STATUS, max_size=2),
    access=st.none()
    | st.builds(
        idcard.AccessRecord,
        protocol=st.sampled_from(idcard.AccessProtocol),
        key_kind=st.sampled_from(idcard.KeyKind),
        pace_oid=st.none() | TEXT,
        parameter_id=st.none() | st.integers(0, 31),
        card_access=MAYBE_BYTES,
        pace_refused_sw=st.none() | STATUS,
    ),
    active_authentication=st.none()
    | st.builds(idcard.ActiveAuthenticationProof, challenge=BYTES, response=MAYBE_BYTES, sw=STATUS),
    chip_authentication=st.none()
    | st.builds(
        ChipAuthenticationProof,
        oid=TEXT,
        ephemeral_public_key=BYTES,
        response=BYTES,
        key_id=st.none() | st.integers(0, 9),
        counter=st.integers(0, 9),
        ephemeral_private_key=MAYBE_BYTES,
    ),
    pace_cam=st.none()
    | st.builds(PaceCamProof, parameter_id=STATUS, mapping_public_key=BYTES, chip_authentication_data=BYTES),
    confirmations=st.lists(BYTES, max_size=2).map(tuple),
    given_mrz=st.none() | TEXT,
    given_card_qr=st.none() | TEXT,
    atr=BYTES,
    reader=TEXT,
    read_at=st.none() | MOMENTS,
)


def judge(evidence: Evidence, trust: idcard.TrustStore, at: datetime, *devices: str) -> idcard.Verdict:
    """The verdict of a judge who believes this process and these devices."""
    expectation = idcard.Expectation(witnesses=frozenset({WITNESSED_HERE, *devices}))
    return idcard.verify(evidence, trust, at=at, expectation=expectation)


def without_provenance(verdict: idcard.Verdict) -> dict[str, Any]:
    return {name: value for name, value in verdict.to_dict().items() if name != "provenance"}


@given(ANY_EVIDENCE)
def test_whatever_was_gathered_is_saved_and_loaded(evidence: Evidence) -> None:
    saved = EvidenceFile(evidence=evidence)
    assert EvidenceFile.from_bytes(saved.to_bytes(with_ephemeral_keys=True)) == saved
    assert saved.to_bytes() == saved.to_bytes()


@given(ANY_EVIDENCE)
def test_ephemeral_private_keys_are_saved_only_on_purpose(evidence: Evidence) -> None:
    loaded = EvidenceFile.from_bytes(EvidenceFile(evidence=evidence).to_bytes()).evidence
    assert loaded.chip_authentication is None or loaded.chip_authentication.ephemeral_private_key is None


def test_a_verdict_from_a_file_is_the_verdict_from_the_card(
    evidence: Evidence, trust: idcard.TrustStore, at: datetime, tmp_path: Path,
    device: Ed25519PrivateKey, recipient: X25519PrivateKey,
) -> None:  # fmt: skip
    path = tmp_path / "visit.evidence"
    idcard.save_evidence(path, evidence, sign_with=device, seal_to=recipient.public_key())
    loaded = idcard.load_evidence(path, open_with=recipient).evidence
    known = idcard.device_fingerprint(device.public_key())
    assert loaded == replace(evidence, witness=known)
    assert without_provenance(judge(loaded, trust, at, known)) == without_provenance(judge(evidence, trust, at))
    assert judge(loaded, trust, at, known).require().name == "Nguyễn Văn Thử"


def test_a_file_is_for_its_owners_eyes_and_leaves_nothing_beside_it(evidence: Evidence, tmp_path: Path) -> None:
    path = tmp_path / "visit.evidence"
    for _ in range(2):
        idcard.save_evidence(path, evidence)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert list(tmp_path.iterdir()) == [path]


def test_where_nothing_can_be_written_nothing_is_left(evidence: Evidence, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"):
        idcard.save_evidence(tmp_path / "taken", evidence)
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_a_file_that_would_be_too_large_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(idcard.BoundExceeded):
        idcard.save_evidence(tmp_path / "large", Evidence(files={File.DG2: bytes(8 << 20)}))
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as stream:
        stream.truncate(1 << 33)
    with pytest.raises(idcard.BoundExceeded):
        idcard.load_evidence(path)


def test_no_file_can_claim_a_witness(evidence: Evidence, device: Ed25519PrivateKey) -> None:
    here = EvidenceFile(evidence=replace(evidence, witness=WITNESSED_HERE))
    assert EvidenceFile.from_bytes(here.to_bytes()).evidence.witness is None
    signed = EvidenceFile.from_bytes(here.to_bytes(sign_with=device)).evidence.witness
    assert signed == idcard.device_fingerprint(device.public_key())


def test_it_prints_as_nothing(evidence: Evidence) -> None:
    assert "Nguy" not in repr(EvidenceFile(evidence=evidence))
    assert "036090" not in repr(EvidenceFile(evidence=evidence))


@pytest.mark.parametrize("part", range(0, 12, 3))
def test_no_changed_byte_of_an_unsigned_file_gives_another_identity(
    evidence: Evidence, trust: idcard.TrustStore, at: datetime, part: int
) -> None:
    """Without the portrait, and each third byte only, to save time."""
    small = idcard.without(evidence, {File.DG2})
    proof = small.active_authentication
    assert proof is not None
    # A judge who gave the challenge: it needs nobody's word that the answer is new.
    own = idcard.Expectation(challenge=proof.challenge, witnesses=frozenset())
    data, honest = EvidenceFile(evidence=small).to_bytes(), judge(small, trust, at).require()
    survived = 0
    for position in range(part, len(data), 12):
        changed = bytearray(data)
        changed[position] ^= 1 << position % 8
        try:
            loaded = EvidenceFile.from_bytes(bytes(changed)).evidence
            identity = idcard.verify(loaded, trust, at=at, expectation=own).require()
        except idcard.IdCardError:
            continue
        survived += 1
        assert identity == honest
    # What nobody signs can change: how the chip was opened, the reader's name, when it was read.
    assert survived < len(data) / 12 / 4


def test_no_changed_byte_of_a_signed_file_is_ever_judged(evidence: Evidence, device: Ed25519PrivateKey) -> None:
    data = EvidenceFile(evidence=idcard.without(evidence, {File.DG2})).to_bytes(sign_with=device)
    for position in range(len(data)):
        changed = bytearray(data)
        changed[position] ^= 1 << position % 8
        with pytest.raises(idcard.IdCardError):
            EvidenceFile.from_bytes(bytes(changed))


def test_a_file_that_ends_early_is_refused_wherever_it_ends(evidence: Evidence) -> None:
    data = EvidenceFile(evidence=idcard.without(evidence, {File.DG2})).to_bytes()
    for end in range(len(data)):
        with pytest.raises(idcard.MalformedData):
            EvidenceFile.from_bytes(data[:end])


def altered(evidence: Evidence, change: Callable[[dict[str, Any]], object]) -> None:
    """The evidence, loaded after ``change`` was made to its map."""
    value = evidence_to_map(evidence)
    change(value)
    evidence_from_map(value, witness=None)


@pytest.mark.parametrize("change", [
    lambda value: value.pop("atr"), lambda value: value.update(more=1), lambda value: value.update(witness="x"),
    lambda value: value.update(files=[]), lambda value: value["files"].update(DG17=b""),
    lambda value: value["files"].update(DG1="text"), lambda value: value["refused"].update(DG1=0x10000),
    lambda value: value["refused"].update(DG1=-1), lambda value: value["refused"].update(DG1=True),
    lambda value: value.update(access=[]), lambda value: value["access"].pop("key_kind"),
    lambda value: value["access"].update(protocol="EAC"), lambda value: value["access"].update(parameter_id="13"),
    lambda value: value["access"].update(protocol=None), lambda value: value["access"].update(parameter_id=True),
    lambda value: value["active_authentication"].update(challenge=None), lambda value: value.update(confirmations=[1]),
    lambda value: value.update(confirmations=None), lambda value: value.update(given_mrz=b""),
    lambda value: value.update(read_at=1), lambda value: value.update(read_at="yesterday"),
    lambda value: value.update(read_at="2026-11-23T08:00:00"), lambda value: value.update(read_at="20261123T080000Z"),
    lambda value: value.update(reader=None), lambda value: value.update(atr=""),
])  # fmt: skip
def test_a_field_of_another_kind_is_malformed(evidence: Evidence, change: Callable[[dict[str, Any]], object]) -> None:
    with pytest.raises(idcard.MalformedData, match=r"^evidence: "):
        altered(evidence, change)


@pytest.mark.parametrize("content", [[], {}, {"verdict": 1}, {"signer_certificate": ""}, {"more": 1}])
def test_a_content_of_another_kind_is_malformed(evidence: Evidence, content: Any) -> None:
    good = {"evidence": evidence_to_map(evidence), "verdict": None, "signer_certificate": None}
    payload = cbor.encode(good | content if content else content)
    with pytest.raises(idcard.MalformedData):
        EvidenceFile.from_bytes(cbor.encode({"format": "idcard.evidence", "version": 1, "payload": payload}))


@pytest.mark.parametrize("left_out", [{File.DG2}, {File.DG1, File.DG13}, {File.DG1, File.DG2, File.DG13}, {File.COM}])
def test_what_is_left_still_verifies(
    evidence: Evidence, trust: idcard.TrustStore, at: datetime, device: Ed25519PrivateKey, left_out: set[File]
) -> None:
    file = EvidenceFile(evidence=idcard.without(evidence, left_out))
    loaded = EvidenceFile.from_bytes(file.to_bytes(sign_with=device)).evidence
    verdict = judge(loaded, trust, at, idcard.device_fingerprint(device.public_key()))
    assert not left_out & loaded.files.keys()
    for name in (FactName.INTEGRITY, FactName.SIGNATURE, FactName.TRUST, FactName.GENUINE_CHIP):
        assert verdict.fact(name).outcome is Outcome.PASSED


def test_what_repeats_the_person_goes_with_the_person(evidence: Evidence) -> None:
    assert idcard.without(evidence, {File.DG2}).given_card_qr is not None
    assert idcard.without(evidence, {File.DG1}).given_card_qr is None
    data = EvidenceFile(evidence=idcard.without(evidence, {File.DG1, File.DG13})).to_bytes()
    assert not [secret for secret in (b"090999991", b"NGUYEN", "Nguyễn".encode()) if secret in data]


def test_what_is_retained_holds_no_file_of_the_chip_but_its_public_key(
    evidence: Evidence, trust: idcard.TrustStore, at: datetime, tmp_path: Path
) -> None:
    verdict = judge(evidence, trust, at)
    idcard.save_evidence(tmp_path / "kept", idcard.retain(evidence, verdict))
    kept = idcard.load_evidence(tmp_path / "kept")
    assert kept.verdict == verdict.to_dict()
    assert kept.verdict is not None
    assert kept.verdict["trust_version"] == trust.version
    assert kept.signer_certificate is not None
    assert kept.evidence.active_authentication == evidence.active_authentication
    assert kept.evidence.files == {File.DG15: evidence.files[File.DG15]}
    assert (kept.evidence.given_mrz, kept.evidence.given_card_qr) == (None, None)
    for file, data in evidence.files.items():
        assert (data in (tmp_path / "kept").read_bytes()) is (file is File.DG15)


def test_a_recorded_verdict_is_no_proof(evidence: Evidence, trust: idcard.TrustStore, at: datetime) -> None:
    kept = EvidenceFile.from_bytes(idcard.retain(evidence, judge(evidence, trust, at)).to_bytes())
    again = judge(kept.evidence, trust, at)
    assert again.fact(FactName.SIGNATURE).reason is Reason.NO_SECURITY_OBJECT
    with pytest.raises(idcard.NotVerified):
        again.require()


@pytest.mark.parametrize("sod", [None, b"\x77\x00"])
def test_without_a_readable_security_object_no_certificate_is_retained(
    evidence: Evidence, trust: idcard.TrustStore, at: datetime, sod: bytes | None
) -> None:
    files = {file: data for file, data in evidence.files.items() if file is not File.SOD}
    bare = replace(evidence, files=files if sod is None else files | {File.SOD: sod})
    assert idcard.retain(bare, judge(bare, trust, at)).signer_certificate is None


def handed_over(evidence: Evidence) -> dict[str, bytes]:
    """What the HN-212 gives in its event for raw data."""
    return {name: evidence.files[File[name.upper()]] for name in ("dg2", "dg13", "dg14", "dg15", "sod")}


def test_files_of_a_closed_reader_are_judged(evidence: Evidence, trust: idcard.TrustStore, at: datetime) -> None:
    closed = idcard.evidence_of_files(handed_over(evidence), reader="HN-212", at=at)
    verdict = idcard.verify(closed, trust, idcard.CLOSED_READER, at=at)
    assert (closed.reader, closed.read_at) == ("HN-212", at)
    facts: dict[FactName, Fact] = {fact.name: fact for fact in verdict.facts}
    for name in (FactName.INTEGRITY, FactName.SIGNATURE, FactName.TRUST):
        assert facts[name].outcome is Outcome.PASSED
    for name in (FactName.ACCESS, FactName.GENUINE_CHIP):
        assert facts[name].outcome is Outcome.NOT_PERFORMED
    identity = verdict.require()
    assert (identity.name, identity.personal_number) == ("Nguyễn Văn Thử", "036090999991")
    with pytest.raises(idcard.NotVerified):
        verdict.require(idcard.VIETNAM_STRICT)


@pytest.mark.parametrize("name", ["dg2", "dg13", "dg14", "dg15", "sod"])
def test_a_changed_file_of_a_closed_reader_proves_nobody(
    evidence: Evidence, trust: idcard.TrustStore, at: datetime, name: str
) -> None:
    files = handed_over(evidence)
    files[name] = files[name][:-1] + bytes([files[name][-1] ^ 1])
    verdict = idcard.verify(idcard.evidence_of_files(files), trust, idcard.CLOSED_READER, at=at)
    with pytest.raises(idcard.NotVerified):
        verdict.require()
    expected = FactName.SIGNATURE if name == "sod" else FactName.INTEGRITY
    assert verdict.fact(expected).outcome is Outcome.FAILED


@pytest.mark.parametrize("files", [{"dg17": b"1"}, {"portrait": b"1"}, {"dg1": b""}, {"dg1": b"1", "DG1": b"2"},
                                   {"CARD_ACCESS": b"1"}])  # fmt: skip
def test_files_that_no_closed_reader_gives_are_refused(files: dict[str, bytes]) -> None:
    with pytest.raises(idcard.MalformedData):
        idcard.evidence_of_files(files)


def test_names_of_files_are_taken_as_readers_write_them() -> None:
    evidence = idcard.evidence_of_files({"EF.SOD": b"1", "ef_com": b"2", "Dg13": b"3"})
    assert set(evidence.files) == {File.SOD, File.COM, File.DG13}


def test_the_format_is_as_documented(root: Path, evidence: Evidence) -> None:
    """Each field of version 1 stands in the description, and the description has no other."""
    text = (root / "docs" / "evidence.md").read_text(encoding="utf-8")
    (described,) = re.findall(r"```cddl\n(.*?)```", text, re.DOTALL)
    maps = dict(re.findall(r"^([a-z-]+) = \{\n(.*?)^\}", described, re.DOTALL | re.MULTILINE))
    named = {name: set(re.findall(r"^ {2}(\w+):", body, re.MULTILINE)) for name, body in maps.items()}
    kinds = {
        "access": idcard.AccessRecord,
        "active-authentication": idcard.ActiveAuthenticationProof,
        "chip-authentication": ChipAuthenticationProof,
        "pace-cam": PaceCamProof,
    }
    for name, kind in kinds.items():
        assert named[name] == {field.name for field in fields(kind)}
    assert named["evidence"] == {field.name for field in fields(Evidence)} - {"witness"}
    assert named["evidence"] == set(evidence_to_map(evidence))
    assert named["content"] == {"evidence", "verdict", "signer_certificate"}


VERSION_1 = "version_1.bin"


def test_a_file_of_version_1_is_read_for_ever(root: Path) -> None:
    """Written on 2026-11-23, signed by the key of 32 times 01; every later version of this library reads it."""
    loaded = idcard.load_evidence(root / "tests" / "vectors" / "evidence" / VERSION_1).evidence
    key = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32).public_key()
    assert loaded.witness == idcard.device_fingerprint(key)
    assert loaded.read_at == datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert dict(loaded.files) == {File.DG1: b"one", File.SOD: b"two"}
    assert dict(loaded.refused) == {File.DG7: 0x6A82}
    assert loaded.access is not None
    assert loaded.access.protocol is idcard.AccessProtocol.BAC
    assert loaded.pace_cam == PaceCamProof(parameter_id=13, mapping_public_key=b"map", chip_authentication_data=b"data")
    assert loaded.confirmations == (b"yes",)


def test_another_program_reads_a_file_of_version_1(root: Path) -> None:
    """With a CBOR decoder and Ed25519 alone, as docs/evidence.md says."""
    file = cbor2.loads((root / "tests" / "vectors" / "evidence" / VERSION_1).read_bytes())
    protected, unprotected, payload, signature = file["signed"]
    key = Ed25519PublicKey.from_public_bytes(cbor2.loads(protected)[4])
    key.verify(signature, cbor2.dumps(["Signature1", protected, b"idcard.evidence/1", payload]))
    assert (file["format"], file["version"], unprotected) == ("idcard.evidence", 1, {})
    assert cbor2.loads(payload)["evidence"]["files"] == {"DG1": b"one", "EF.SOD": b"two"}


@pytest.mark.parametrize("count", [0, 64, 65])
def test_a_file_holds_a_bounded_number_of_answers(evidence: Evidence, count: int) -> None:
    """Each costs a signature to be judged, and nobody has that many about one signer."""
    many = idcard.EvidenceFile(evidence=replace(evidence, confirmations=(b"answer",) * count))
    if count <= 64:
        assert idcard.EvidenceFile.from_bytes(many.to_bytes()).evidence.confirmations == (b"answer",) * count
        return
    with pytest.raises(idcard.BoundExceeded):
        many.to_bytes()
    content = evidence_to_map(evidence)
    with pytest.raises(idcard.BoundExceeded):
        evidence_from_map(content | {"confirmations": [b"answer"] * count}, witness=None)
