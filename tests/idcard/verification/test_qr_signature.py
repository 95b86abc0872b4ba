"""Certificates for codes that an anchor of the store issued, or should have; made here, of an invented person."""

import zlib
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import cbor2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from idcard.crypto.signature import load_public_key
from idcard.qr import base45, cose
from idcard.qr.cose import Algorithm, VerificationKey
from idcard.qr.formats import EU_DCC, RECOGNISERS
from idcard.qr.hc1 import CovidCertificate
from idcard.qr.recognise import Recognised, recognise
from idcard.trust.certificates import Certificate
from idcard.trust.signer_list import QrTrust
from idcard.trust.store import TrustStore
from idcard.verification.facts import Fact, FactName, Outcome, Reason, Rung
from idcard.verification.qr import replay_key, verify_qr
from idcard.verification.qr_signature import found_signer, judge_listed, usage_by_purpose

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
ROOT_KEY, OTHER_ROOT_KEY, SIGNER_KEY = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))


def name(text: str) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"), x509.NameAttribute(NameOID.COMMON_NAME, text)]
    return x509.Name(parts)


def certificate(
    subject: str,
    key: Any,
    issuer_key: Any,
    *,
    days: int = 30,
    extensions: Any = (),
    begin: datetime = NOW - timedelta(days=30),
    end: datetime | None = None,
) -> bytes:
    builder = x509.CertificateBuilder(
        issuer_name=name("Gốc Mẫu"),
        subject_name=name(subject),
        public_key=key.public_key(),
        serial_number=7,
        not_valid_before=begin,
        not_valid_after=end or NOW + timedelta(days=days),
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256()).public_bytes(Encoding.DER)


ROOT, OTHER_ROOT = (certificate("Gốc Mẫu", key, key) for key in (ROOT_KEY, OTHER_ROOT_KEY))
SIGNER = certificate("Ký Mẫu", SIGNER_KEY, ROOT_KEY)


def health(signer: bytes, country: str = "VN") -> Recognised:
    entry = dict.fromkeys(("tg", "is", "vp", "mp", "ma"), "x") | {"co": country, "dt": "2026-11-01", "dn": 1, "sd": 1}
    person = {"fn": "Nguyễn", "gn": "Văn Thử", "fnt": "NGUYEN", "gnt": "VAN<THU"}
    dcc = {"ver": "1.3.0", "nam": person, "dob": "1990-01", "v": [entry | {"ci": "URN:UVCI:01:VN:MAU"}]}
    seconds = int(NOW.timestamp())
    payload = {1: "VN", 4: seconds + 60, 6: seconds - 60, -260: {1: dcc}}

    def sign(data: bytes) -> bytes:
        r, s = decode_dss_signature(SIGNER_KEY.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)

    digest = hashes.Hash(hashes.SHA256())
    digest.update(signer)
    message = cose.make(cbor2.dumps(payload), key_id=digest.finalize()[:8], algorithm=Algorithm.ES256, sign=sign)
    return recognise(b"HC1:" + base45.encode(zlib.compress(message)), RECOGNISERS)


def trust_of(signer: bytes, *anchors: bytes, **more: Any) -> QrTrust:
    store = TrustStore.of(anchors, no_anchor_declared=NOW.date())
    return QrTrust.of(certificates=[signer], store=store, **more)


def trust_fact(signer: bytes, trust: QrTrust) -> tuple[Outcome, Reason]:
    fact = verify_qr(health(signer), trust, at=NOW).fact(FactName.TRUST)
    return fact.outcome, fact.reason


def test_one_state_s_signer_signs_for_no_other() -> None:
    verdict = verify_qr(health(SIGNER, "DE"), QrTrust.of(signers=[SIGNER]), at=NOW)
    assert verdict.fact(FactName.CONSISTENCY).reason is Reason.SIGNER_OF_ANOTHER_STATE
    assert not verdict.meets()
    ours = verify_qr(health(SIGNER, "vn"), QrTrust.of(signers=[SIGNER]), at=NOW)
    assert ours.meets()
    assert dict(ours.fact(FactName.TRUST).details) == {"country": "VN"}


def test_a_signer_without_a_country_decides_nothing() -> None:
    """Unless its issuer has one."""
    nameless = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Ký Mẫu")])
    for issuer, expected in (
        (nameless, (Outcome.INCONCLUSIVE, Reason.ISSUING_STATE_UNKNOWN)),
        (name("Gốc Mẫu"), (Outcome.PASSED, Reason.CONSISTENT)),
    ):
        builder = x509.CertificateBuilder(
            issuer_name=issuer, subject_name=nameless, public_key=SIGNER_KEY.public_key(), serial_number=7,
            not_valid_before=NOW - timedelta(days=9), not_valid_after=NOW + timedelta(days=9),
        )  # fmt: skip
        signer = builder.sign(SIGNER_KEY, hashes.SHA256()).public_bytes(Encoding.DER)
        found = verify_qr(health(signer), QrTrust.of(signers=[signer]), at=NOW).fact(FactName.CONSISTENCY)
        assert (found.outcome, found.reason) == expected
        trusted = verify_qr(health(signer), QrTrust.of(signers=[signer]), at=NOW).fact(FactName.TRUST)
        assert dict(trusted.details) == {"country": ""}


def test_a_signer_that_an_anchor_issued() -> None:
    trust = trust_of(SIGNER, ROOT)
    verdict = verify_qr(health(SIGNER), trust, at=NOW)
    assert verdict.meets()
    assert verdict.fact(FactName.TRUST).reason is Reason.ANCHORED
    assert verdict.fact(FactName.KEY_USAGE).reason is Reason.KEY_USAGE_OPEN
    assert (verdict.valid_from, verdict.valid_until) == (NOW - timedelta(seconds=60), NOW + timedelta(seconds=60))
    assert trust.store is not None
    assert verdict.anchor == trust.store.anchors[0].fingerprint
    assert verdict.signer == trust.signers_for(health(SIGNER).document.sign1.key_id)[0].certificate.fingerprint  # type: ignore[union-attr, attr-defined]


def test_who_it_speaks_of_is_a_claim() -> None:
    claimed = verify_qr(health(SIGNER), trust_of(SIGNER, ROOT), at=NOW).claimed_identity()
    assert claimed is not None
    assert (claimed.name, claimed.name_latin, str(claimed.birth)) == ("Nguyễn Văn Thử", "NGUYEN VAN THU", "1990-01")


def test_where_nobody_known_signed_no_state_is_another() -> None:
    found = verify_qr(health(SIGNER, "DE"), QrTrust.of(), at=NOW).fact(FactName.CONSISTENCY)
    assert (found.outcome, found.reason) == (Outcome.PASSED, Reason.CONSISTENT)


def test_the_rung_of_a_signer() -> None:
    for trust, rung in (
        (trust_of(SIGNER, ROOT), Rung.ANCHORED),
        (QrTrust.of(signers=[SIGNER]), Rung.ANCHORED),
        (trust_of(SIGNER), Rung.SIGNED),
        (trust_of(SIGNER, OTHER_ROOT), Rung.SIGNED),
        (QrTrust.of(), Rung.UNSIGNED),
    ):
        verdict = verify_qr(health(SIGNER), trust, at=NOW)
        assert verdict.rung is rung
        assert (verdict.signer is None) is (rung is Rung.UNSIGNED)


def test_a_signer_without_its_anchor() -> None:
    assert trust_fact(SIGNER, trust_of(SIGNER)) == (Outcome.INCONCLUSIVE, Reason.NO_ANCHOR_YET)
    assert trust_fact(SIGNER, QrTrust.of(certificates=[SIGNER])) == (Outcome.INCONCLUSIVE, Reason.NO_ANCHOR_YET)
    assert trust_fact(SIGNER, trust_of(SIGNER, OTHER_ROOT)) == (Outcome.FAILED, Reason.SAME_NAME_OTHER_KEY)


@pytest.mark.parametrize("list_it", [True, False])
def test_a_signer_has_its_own_dates(list_it: bool) -> None:
    ended = certificate("Ký Mẫu", SIGNER_KEY, ROOT_KEY, days=-1)
    trust = QrTrust.of(signers=[ended]) if list_it else trust_of(ended, ROOT)
    assert trust_fact(ended, trust) == (Outcome.FAILED, Reason.SIGNER_EXPIRED)
    early = verify_qr(health(SIGNER), QrTrust.of(signers=[SIGNER]), at=NOW - timedelta(days=31))
    trusted = early.fact(FactName.TRUST)
    assert (trusted.outcome, trusted.reason) == (Outcome.FAILED, Reason.SIGNER_NOT_YET_VALID)


NOON = NOW.replace(hour=12)


@pytest.mark.parametrize(
    ("begin", "end", "reason"),
    [
        (NOON, NOON, Reason.SIGNER_EXPIRED),
        (NOON + timedelta(hours=26), NOON + timedelta(days=9), Reason.SIGNER_LISTED),
        (NOON + timedelta(hours=26, seconds=1), NOON + timedelta(days=9), Reason.SIGNED_OUTSIDE_VALIDITY),
        (NOON - timedelta(days=9), NOON - timedelta(hours=26), Reason.SIGNER_EXPIRED),
        (NOON - timedelta(days=9), NOON - timedelta(hours=26, seconds=1), Reason.SIGNED_OUTSIDE_VALIDITY),
    ],
)
def test_a_day_of_signature_is_one_in_some_zone(begin: datetime, end: datetime, reason: Reason) -> None:
    """The certificate must have been in force at some moment that was that day somewhere."""
    signer = certificate("Ký Mẫu", SIGNER_KEY, ROOT_KEY, begin=begin, end=end)
    document, trust = health(signer).document, QrTrust.of(signers=[signer])
    assert isinstance(document, CovidCertificate)

    def check(key: VerificationKey) -> str:
        return document.sign1.verify(key, frozenset(Algorithm)).label

    def usage(one: Certificate) -> Fact:
        return usage_by_purpose(one, frozenset(), must=False)

    at = NOON + timedelta(days=2)
    signed = judge_listed(check, trust.listed, trust, at, usage, format_name=EU_DCC, signed_at=NOW.date())
    assert signed.facts[1].reason is reason
    assert signed.facts[1].outcome is (Outcome.PASSED if reason is Reason.SIGNER_LISTED else Outcome.FAILED)
    moment = judge_listed(check, trust.listed, trust, at, usage, format_name=EU_DCC, signed_at=NOON)
    exact = reason if begin <= NOON <= end else Reason.SIGNED_OUTSIDE_VALIDITY
    assert (moment.facts[1].outcome, moment.facts[1].reason) == (Outcome.FAILED, exact)


def test_a_listed_signer_with_a_condition_that_nobody_knows() -> None:
    strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    signer = certificate("Ký Mẫu", SIGNER_KEY, ROOT_KEY, extensions=[(strange, True)])
    assert trust_fact(signer, QrTrust.of(signers=[signer])) == (Outcome.FAILED, Reason.UNKNOWN_CRITICAL_EXTENSION)


@pytest.mark.parametrize(("oid", "reason"), [
    ("1.3.6.1.4.1.1847.2021.1.2", Reason.KEY_USAGE_RIGHT), ("1.3.6.1.4.1.0.1847.2021.1.2", Reason.KEY_USAGE_RIGHT),
    ("1.3.6.1.4.1.1847.2021.1.1", Reason.KEY_USAGE_WRONG), ("1.3.6.1.5.5.7.3.1", Reason.KEY_USAGE_WRONG),
    ("2.5.29.37.0", Reason.KEY_USAGE_OPEN),
])  # fmt: skip
def test_what_a_key_is_meant_for(oid: str, reason: Reason) -> None:
    usage = x509.ExtendedKeyUsage([x509.ObjectIdentifier(oid)])
    signer = certificate("Ký Mẫu", SIGNER_KEY, ROOT_KEY, extensions=[(usage, False)])
    verdict = verify_qr(health(signer), QrTrust.of(signers=[signer]), at=NOW)
    wrong = reason is Reason.KEY_USAGE_WRONG
    expected = (Outcome.FAILED if wrong else Outcome.PASSED, reason)
    usage_fact = verdict.fact(FactName.KEY_USAGE)
    assert (usage_fact.outcome, usage_fact.reason) == expected
    assert verdict.meets() is not wrong


@pytest.mark.parametrize("signs", [None, "digital_signature", "key_cert_sign", "key_encipherment"])
@pytest.mark.parametrize("authority", [True, False])
def test_an_authority_or_a_key_for_something_else_signs_none(signs: str | None, authority: bool) -> None:
    names = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    usage = [] if signs is None else [(x509.KeyUsage(**{name: name == signs for name in names}), True)]
    constraints = (x509.BasicConstraints(ca=authority, path_length=None), True)
    signer = certificate("Ký Mẫu", SIGNER_KEY, ROOT_KEY, extensions=[*usage, constraints])
    verdict = verify_qr(health(signer), QrTrust.of(signers=[signer]), at=NOW)
    right = not authority and signs in (None, "digital_signature")
    reason = Reason.KEY_USAGE_OPEN if right else Reason.KEY_USAGE_WRONG
    assert verdict.fact(FactName.KEY_USAGE).reason is reason
    assert verdict.meets() is right


def test_a_purpose_that_is_not_well_formed() -> None:
    broken = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.37"), b"\x30\x02\x05\x00")
    signer = certificate("Ký Mẫu", SIGNER_KEY, ROOT_KEY, extensions=[(broken, False)])
    fact = verify_qr(health(signer), QrTrust.of(signers=[signer]), at=NOW).fact(FactName.KEY_USAGE)
    assert (fact.outcome, fact.reason) == (Outcome.FAILED, Reason.MALFORMED_SIGNER_CERTIFICATE)
    for must in (True, False):
        fact = usage_by_purpose(Certificate.from_bytes(signer), frozenset(), must=must)
        assert (fact.outcome, fact.reason) == (Outcome.FAILED, Reason.MALFORMED_SIGNER_CERTIFICATE)


def test_a_second_signature_makes_no_other_code() -> None:
    one, other = health(SIGNER), health(SIGNER)
    assert one.payload != other.payload, "ECDSA signs differently each time"
    assert replay_key(one) == replay_key(other)


@pytest.mark.parametrize("order", [1, -1])
def test_a_wrong_signature_says_more_than_a_key_of_another_kind(order: int) -> None:
    """Wherever it stands among several keys of one name."""
    document = health(SIGNER).document
    assert isinstance(document, CovidCertificate)
    wrong, other_kind = (ec.generate_private_key(curve).public_key() for curve in (ec.SECP256R1(), ec.SECP384R1()))
    keys = [(load_public_key(spki(key)), None) for key in (wrong, other_kind)][::order]

    def check(key: VerificationKey) -> str:
        return document.sign1.verify(key, frozenset(Algorithm)).label

    found, signer = found_signer(check, keys, complete=False)
    assert (found.outcome, found.reason, signer) == (Outcome.FAILED, Reason.SIGNATURE_WRONG, None)


def spki(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def test_a_key_of_another_kind_is_no_right_signature() -> None:
    p384 = ec.generate_private_key(ec.SECP384R1())
    signer = certificate("Ký Mẫu", p384, ROOT_KEY)
    fact = verify_qr(health(signer), QrTrust.of(signers=[signer]), at=NOW).fact(FactName.SIGNATURE)
    assert (fact.outcome, fact.reason) == (Outcome.FAILED, Reason.UNSUPPORTED_ALGORITHM)


@pytest.mark.parametrize("named", [SIGNER, ROOT])
def test_a_distrusted_signer_of_codes_or_its_issuer_counts_for_nothing(named: bytes) -> None:
    trust = trust_of(SIGNER, ROOT).distrusting([sha256(named).hexdigest()])
    assert trust_fact(SIGNER, trust) == (Outcome.FAILED, Reason.SIGNER_DISTRUSTED)


def test_a_listed_signer_of_codes_counts_for_nothing_once_it_is_distrusted() -> None:
    trust = QrTrust.of(signers=[SIGNER]).distrusting([sha256(SIGNER).hexdigest()])
    assert trust_fact(SIGNER, trust) == (Outcome.FAILED, Reason.SIGNER_DISTRUSTED)


def test_another_certificate_of_a_distrusted_issuers_key_does_not_help() -> None:
    again = certificate("Gốc Mẫu", ROOT_KEY, ROOT_KEY, days=60)
    trust = trust_of(SIGNER, ROOT, again)
    assert trust_fact(SIGNER, trust) == (Outcome.PASSED, Reason.ANCHORED)
    for one in (ROOT, again):
        named = trust.distrusting([sha256(one).hexdigest()])
        assert trust_fact(SIGNER, named) == (Outcome.FAILED, Reason.SIGNER_DISTRUSTED)
