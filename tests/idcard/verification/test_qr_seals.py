"""Seals under a state's CSCA: the same store as for its chips, with its links, lists and purposes."""

import base64
import hashlib
import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from idcard.encoding.oids import VDS_NC_SIGNER
from idcard.errors import MalformedData
from idcard.qr import c40, seal_tlv
from idcard.qr.formats import ICAO_VDS, RECOGNISERS
from idcard.qr.idb import masked_date
from idcard.qr.recognise import recognise
from idcard.qr.vds import VisibleSeal
from idcard.trust.draft import editing
from idcard.trust.importing import add_file
from idcard.trust.signer_list import QrTrust
from idcard.trust.store import TrustStore
from idcard.verification.facts import FactName, Outcome, Reason
from idcard.verification.qr import QrVerdict, verify_qr

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
TODAY = NOW.date()
ROOT_KEY, SIGNER_KEY = (ec.derive_private_key(number, ec.SECP256R1()) for number in (3, 5))
SERIAL = 0x1F


def certificate(
    name: str, key: Any, *, authority: bool = False, purpose: str | None = None, since: timedelta = timedelta(days=99)
) -> bytes:
    def named(common_name: str) -> x509.Name:
        pairs = ((NameOID.COUNTRY_NAME, "VN"), (NameOID.COMMON_NAME, common_name))
        return x509.Name([x509.NameAttribute(kind, value) for kind, value in pairs])

    usage = x509.KeyUsage(
        digital_signature=not authority, key_cert_sign=authority, crl_sign=authority, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = x509.CertificateBuilder(
        issuer_name=named("Gốc Mẫu"), subject_name=named(name), public_key=key.public_key(), serial_number=SERIAL,
        not_valid_before=NOW - since, not_valid_after=NOW + timedelta(days=99),
    )  # fmt: skip
    builder = builder.add_extension(usage, True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ROOT_KEY.public_key()), False)
    if authority:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
    if purpose is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([x509.ObjectIdentifier(purpose)]), False)
    return builder.sign(ROOT_KEY, hashes.SHA256()).public_bytes(Encoding.DER)


ROOT = certificate("Gốc Mẫu", ROOT_KEY, authority=True)
SIGNER = certificate("SG", SIGNER_KEY)


def text(said: str) -> bytes:
    """C40, written anew from the standard's numbers."""
    alphabet = {" ": 3} | {str(n): 4 + n for n in range(10)} | {chr(65 + n): 14 + n for n in range(26)}
    out = b""
    for at in range(0, len(said), 3):
        part = said[at : at + 3]
        if len(part) == 1:
            return out + bytes([254, ord(part) + 1])
        first, second, third = [*(alphabet[one] for one in part), 0][:3]
        out += (1600 * first + 40 * second + third + 1).to_bytes(2)
    return out


def day(when: date) -> bytes:
    return (when.month * 1_000_000 + when.day * 10_000 + when.year).to_bytes(3)


def seal(
    *,
    signed_on: date = TODAY,
    state: str = "VNM",
    until: str = "20271231",
    key: Any = SIGNER_KEY,
    more: tuple[tuple[int, bytes], ...] = (),
) -> bytes:
    header = b"\xdc\x03" + text(state) + text("VNSG02") + text("1F") + day(TODAY) + day(signed_on)
    features = ((0, bytes(16)), *more, (2, until.encode()), (10, "Nguyễn Văn Thử".encode()))
    data = header + b"\x01\xc9" + b"".join(bytes([tag, len(value)]) + value for tag, value in features)
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
    return data + b"\xff\x40" + r.to_bytes(32) + s.to_bytes(32)


def judged(payload: bytes, signer: bytes = SIGNER, at: datetime = NOW, store: TrustStore | None = None) -> QrVerdict:
    trust = QrTrust.of(certificates=[signer], store=store or TrustStore.of([ROOT]))
    return verify_qr(recognise(payload, RECOGNISERS), trust, at=at)


def test_a_seal_under_its_state_s_csca() -> None:
    verdict = judged(seal())
    assert verdict.meets()
    assert verdict.fact(FactName.TRUST).reason is Reason.ANCHORED
    assert (verdict.valid_from, verdict.valid_until) == (NOW.replace(hour=0), datetime(2028, 1, 1, tzinfo=UTC))
    assert (verdict.format, verdict.issuer) == (ICAO_VDS, "VNM")


@pytest.mark.parametrize(
    ("begin", "validity", "consistency"),
    [
        ("20261123", Reason.IN_FORCE, Reason.CONSISTENT),
        ("20261124", Reason.NOT_YET_IN_FORCE, Reason.CONSISTENT),
        ("20271231", Reason.NOT_YET_IN_FORCE, Reason.CONSISTENT),
        ("20280101", Reason.NOT_YET_IN_FORCE, Reason.TIMES_IMPLAUSIBLE),
    ],
)
def test_a_seal_may_say_from_when_it_counts(begin: str, validity: Reason, consistency: Reason) -> None:
    verdict = judged(seal(more=((1, begin.encode()),)))
    assert verdict.fact(FactName.VALIDITY).reason is validity
    assert verdict.fact(FactName.CONSISTENCY).reason is consistency
    assert verdict.valid_from == datetime.strptime(begin, "%Y%m%d").replace(tzinfo=UTC)


def test_the_state_s_own_revocation_list(tmp_path: Path) -> None:
    builder = x509.CertificateRevocationListBuilder(
        issuer_name=x509.load_der_x509_certificate(ROOT).subject, last_update=NOW, next_update=NOW + timedelta(days=30)
    )
    builder = builder.add_extension(x509.CRLNumber(1), False)
    builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ROOT_KEY.public_key()), False)
    entry = x509.RevokedCertificateBuilder().serial_number(SERIAL).revocation_date(NOW).build()
    crl = builder.add_revoked_certificate(entry).sign(ROOT_KEY, hashes.SHA256()).public_bytes(Encoding.DER)
    with editing(tmp_path, at=NOW) as draft:
        for data in (ROOT, crl):
            assert add_file(draft, data, name="file", at=NOW).count("added")
    verdict = judged(seal(), store=TrustStore.from_directory(tmp_path))
    assert verdict.fact(FactName.REVOCATION).reason is Reason.REVOKED
    assert not verdict.meets()


def test_what_speaks_against_a_signer() -> None:
    other = certificate("SG", SIGNER_KEY, purpose=VDS_NC_SIGNER)
    assert judged(seal(), other).fact(FactName.KEY_USAGE).reason is Reason.KEY_USAGE_WRONG
    authority = certificate("SG", SIGNER_KEY, authority=True)
    assert judged(seal(), authority).fact(FactName.KEY_USAGE).reason is Reason.KEY_USAGE_WRONG
    abroad = judged(seal(state="LAO")).fact(FactName.CONSISTENCY)
    assert (abroad.outcome, abroad.reason) == (Outcome.FAILED, Reason.SIGNER_OF_ANOTHER_STATE)
    early = judged(seal(signed_on=TODAY - timedelta(days=101)))
    assert early.fact(FactName.TRUST).reason is Reason.SIGNED_OUTSIDE_VALIDITY
    stranger = judged(seal(key=ROOT_KEY)).fact(FactName.SIGNATURE)
    assert (stranger.outcome, stranger.reason) == (Outcome.FAILED, Reason.SIGNATURE_WRONG)


def test_a_signer_without_a_country_is_of_its_issuers_state() -> None:
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "VNSG")])
    issuer = x509.load_der_x509_certificate(ROOT).subject
    builder = x509.CertificateBuilder(
        issuer_name=issuer, subject_name=named, public_key=SIGNER_KEY.public_key(), serial_number=SERIAL,
        not_valid_before=NOW - timedelta(days=9), not_valid_after=NOW + timedelta(days=9),
    )  # fmt: skip
    signer = builder.sign(ROOT_KEY, hashes.SHA256()).public_bytes(Encoding.DER)
    assert judged(seal(), signer).fact(FactName.CONSISTENCY).reason is Reason.CONSISTENT
    abroad = judged(seal(state="LAO"), signer).fact(FactName.CONSISTENCY)
    assert abroad.reason is Reason.SIGNER_OF_ANOTHER_STATE


def test_a_state_that_nobody_knows_decides_nothing() -> None:
    verdict = judged(seal(state="QQQ"))
    found = verdict.fact(FactName.CONSISTENCY)
    assert (found.outcome, found.reason) == (Outcome.INCONCLUSIVE, Reason.ISSUING_STATE_UNKNOWN)
    assert verdict.fact(FactName.TRUST).outcome is Outcome.PASSED
    unsigned = judged(seal(key=ROOT_KEY, state="QQQ")).fact(FactName.CONSISTENCY)
    assert unsigned.reason is Reason.CONSISTENT, "nobody signed it, so that nobody's state is another"


def health_seal(state: str, *, reference: str | None = None, purpose: str | None = VDS_NC_SIGNER) -> bytes:
    """A VDS-NC, written anew; of texts in ASCII this is its canonical form."""
    data = {
        "hdr": {"is": state, "t": "icao.vacc", "v": 1},
        "msg": {"pid": {"dob": "1990-01-15", "n": "NGUYEN VAN THU"}},
    }
    text = json.dumps(data, sort_keys=True, separators=(",", ":")).encode()
    r, s = decode_dss_signature(SIGNER_KEY.sign(text, ec.ECDSA(hashes.SHA256())))
    sig = {"alg": "ES256", "sigvl": base64.urlsafe_b64encode(r.to_bytes(32) + s.to_bytes(32)).decode()}
    brought = base64.urlsafe_b64encode(certificate("SG", SIGNER_KEY, purpose=purpose)).decode()
    named = {"cer": brought} if reference is None else {"certref": reference}
    return json.dumps({"data": data, "sig": sig | named}).encode()


@pytest.mark.parametrize(
    ("state", "outcome", "reason"),
    [
        ("VNM", Outcome.PASSED, Reason.CONSISTENT),
        ("LAO", Outcome.FAILED, Reason.SIGNER_OF_ANOTHER_STATE),
        ("QQQ", Outcome.INCONCLUSIVE, Reason.ISSUING_STATE_UNKNOWN),
    ],
)
def test_a_health_seal_of_one_state_is_signed_by_no_other(state: str, outcome: Outcome, reason: Reason) -> None:
    verdict = judged(health_seal(state))
    assert verdict.fact(FactName.TRUST).reason is Reason.ANCHORED
    found = verdict.fact(FactName.CONSISTENCY)
    assert (found.outcome, found.reason) == (outcome, reason)


def test_a_health_seal_that_names_its_signer() -> None:
    """The reference is not signed: of those whom the operator lists for such seals, the key says who it was."""
    right = certificate("SG", SIGNER_KEY, purpose=VDS_NC_SIGNER)
    passed = judged(health_seal("VNM", reference="VNSG1F"), right)
    assert passed.fact(FactName.SIGNATURE).reason is Reason.SIGNATURE_VERIFIED
    assert passed.fact(FactName.TRUST).reason is Reason.ANCHORED
    for other in (SIGNER, certificate("SG", SIGNER_KEY, authority=True, purpose=VDS_NC_SIGNER)):
        found = judged(health_seal("VNM", reference="VNSG1F"), other).fact(FactName.SIGNATURE)
        assert (found.outcome, found.reason) == (Outcome.INCONCLUSIVE, Reason.SIGNER_NOT_LISTED)
    without = judged(health_seal("VNM", purpose=None)).fact(FactName.KEY_USAGE)
    assert (without.outcome, without.reason) == (Outcome.FAILED, Reason.KEY_USAGE_WRONG)


def under(tag: int, value: bytes) -> bytes:
    size = len(value)
    length = bytes([size]) if size < 128 else b"\x81" + bytes([size]) if size < 256 else b"\x82" + size.to_bytes(2)
    return bytes([tag]) + length + value


WRITTEN = f"{TODAY:%m%d%Y}"


def barcode(*, brought: bytes | None = None, means: bytes = SIGNER, signed: bool = True, until: str = WRITTEN) -> bytes:
    """A barcode with an expiry, written anew; ``means`` is the certificate that its header names."""
    messages = under(0x61, under(0x84, b"\x00" + int(until).to_bytes(3)))
    if not signed:
        return b"RDB1A" + base64.b32encode(text("VNM") + messages)
    named = hashlib.sha1(means).digest()[-5:] + b"\x00" + int(f"{TODAY:%m%d%Y}").to_bytes(3)
    data = text("VNM") + b"\x01" + named + messages
    r, s = decode_dss_signature(SIGNER_KEY.sign(data, ec.ECDSA(hashes.SHA256())))
    certified = b"" if brought is None else under(0x7E, brought)
    return b"RDB1B" + base64.b32encode(data + certified + under(0x7F, r.to_bytes(32) + s.to_bytes(32)))


def test_a_barcode_may_bring_its_signers_certificate() -> None:
    other = certificate("SG", ROOT_KEY)
    for payload, listed, reason in (
        (barcode(brought=SIGNER), other, Reason.SIGNATURE_VERIFIED),
        (barcode(), SIGNER, Reason.SIGNATURE_VERIFIED),
        (barcode(), other, Reason.SIGNER_NOT_LISTED),
        # What came along is not what the header means.
        (barcode(brought=other), SIGNER, Reason.SIGNATURE_VERIFIED),
        (barcode(brought=SIGNER, means=other), SIGNER, Reason.SIGNER_NOT_LISTED),
        (barcode(brought=other, means=other), SIGNER, Reason.SIGNATURE_WRONG),
    ):
        verdict = judged(payload, listed)
        assert verdict.fact(FactName.SIGNATURE).reason is reason
        assert verdict.meets() is (reason is Reason.SIGNATURE_VERIFIED)


def test_a_barcode_that_nobody_signed() -> None:
    found = judged(barcode(signed=False))
    for name in (FactName.SIGNATURE, FactName.TRUST, FactName.KEY_USAGE):
        assert (found.fact(name).outcome, found.fact(name).reason) == (Outcome.NOT_SUPPORTED, Reason.UNSIGNED)
    assert found.fact(FactName.VALIDITY).reason is Reason.IN_FORCE


@pytest.mark.parametrize(("days", "reason"), [(0, Reason.IN_FORCE), (-1, Reason.EXPIRED)])
def test_a_barcode_ends_with_its_last_day(days: int, reason: Reason) -> None:
    last = TODAY + timedelta(days=days)
    verdict = judged(barcode(until=f"{last:%m%d%Y}"))
    assert verdict.fact(FactName.VALIDITY).reason is reason
    assert verdict.valid_until == datetime.combine(last, time(), UTC) + timedelta(days=1)


def test_a_barcode_that_ends_on_a_day_that_is_none() -> None:
    verdict = judged(barcode(until="02312026"))
    assert verdict.fact(FactName.SIGNATURE).outcome is Outcome.PASSED
    validity = verdict.fact(FactName.VALIDITY)
    assert (validity.outcome, validity.reason) == (Outcome.INCONCLUSIVE, Reason.EXPIRY_UNKNOWN)
    assert verdict.valid_until is None
    assert not verdict.meets()


@pytest.mark.parametrize("hours", [0, 7, 23])
def test_a_signer_that_signs_on_its_first_day(hours: int) -> None:
    """A seal knows days only: whoever was in force at any hour of that day, anywhere, was in force."""
    began = timedelta(days=3) - timedelta(hours=hours)
    signer = certificate("SG", SIGNER_KEY, since=began)
    on = (NOW - began).date()
    assert judged(seal(signed_on=on), signer).fact(FactName.TRUST).outcome is Outcome.PASSED
    earlier = judged(seal(signed_on=on - timedelta(days=2)), signer)
    assert earlier.fact(FactName.TRUST).reason is Reason.SIGNED_OUTSIDE_VALIDITY


def test_it_ends_with_its_last_day() -> None:
    for at, reason in (
        (datetime(2026, 12, 31, 23, tzinfo=UTC), Reason.IN_FORCE),
        (datetime(2027, 1, 1, tzinfo=UTC), Reason.EXPIRED),
    ):
        assert judged(seal(until="20261231"), at=at).fact(FactName.VALIDITY).reason is reason


def test_c40() -> None:
    for said in ("ABC", "AB1", "D  ", "A1B2C3", "VN", "ABCD", "Z9 X"):
        assert c40.decode(text(said), where="test") == said
    # ISO/IEC 16022's own numbers for these three characters.
    assert text("AIM") == bytes([91, 11])
    for wrong in (b"\x00", b"\x00\x00", b"\xff\xff", b"\xfe\x00", b"\xfe\x42\x00\x01", b"\x00\x01\x5b\x0b"):
        with pytest.raises(MalformedData):
            c40.decode(wrong, where="test")
    assert c40.decode_date(bytes(3), where="test") is None
    assert c40.decode_date(day(date(2018, 5, 12)), where="test") == date(2018, 5, 12)
    for wrong in (b"\x00\x00\x01", b"\xff\xff\xff", b"\x00\x00", (2302000).to_bytes(3)):
        with pytest.raises(MalformedData):
            c40.decode_date(wrong, where="test")


def test_lengths_are_as_short_as_they_can_be() -> None:
    assert seal_tlv.parse(b"\x01\x81\x80" + bytes(128), where="test") == [(1, bytes(128), 0)]
    for wrong in (
        b"\x01",
        b"\x01\x02\x00",
        b"\x01\x81\x01\x00",
        b"\x01\x82\x00\x80" + bytes(128),
        b"\x01\x80",
        b"\x01\x83\x01\x00\x00",
    ):
        with pytest.raises(MalformedData):
            seal_tlv.parse(wrong, where="test")
    # Older seals write lengths up to 254 as they are.
    assert seal_tlv.parse_either(b"\x01\x80" + bytes(128), where="test") == [(1, bytes(128), 0)]
    with pytest.raises(MalformedData):
        seal_tlv.unique([(1, b"", 0), (1, b"", 2)], where="test")


def test_dates_of_which_a_part_is_not_known() -> None:
    assert masked_date(bytes.fromhex("00018cbb3c")[:1] + (10182024).to_bytes(3)) == "2024-10-18"
    assert masked_date(b"\x30" + (10002024).to_bytes(3)) == "2024-10-xx"
    assert masked_date(b"\x03" + (10181900).to_bytes(3)) == "19xx-10-18"
    with pytest.raises(MalformedData):
        masked_date(b"\x00\x01")


@pytest.mark.parametrize(
    "wrong",
    [
        seal()[:15],
        seal() + b"\x00",
        seal() + seal()[-66:],
        seal().replace(b"20271231", b"20271332"),
        seal().replace(b"20271231", b"2027123x"),
        seal().replace(b"\x00\x10", b"\x00\x0f", 1),
        b"\xdc\x04" + seal()[2:],
        b"",
    ],
)
def test_what_is_no_seal(wrong: bytes) -> None:
    with pytest.raises(MalformedData):
        VisibleSeal.from_bytes(wrong)
