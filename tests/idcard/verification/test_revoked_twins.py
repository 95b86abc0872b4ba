"""A revocation is not evaded by giving the same certificate another fingerprint."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from idcard.encoding.ber import load
from idcard.testing import Holder, Issuer, der
from idcard.testing.chip_curves import CURVES
from idcard.trust.certificates import Certificate
from idcard.trust.online import Question
from idcard.trust.signed_text import draft, signature_line
from idcard.trust.store import TrustStore
from idcard.verification.assurance import Vouchers, vouched
from idcard.verification.facts import Outcome, Reason
from idcard.verification.passive_authentication import PassiveAuthentication, passive_authentication

Sign = Callable[[dict[str, str]], bytes]


def twin_of(certificate: bytes) -> bytes:
    """The certificate with the other form of the CSCA's signature, (r, n - s): nobody's key is needed for that."""
    body, algorithm, bits = load(certificate, "test").children()
    r, s = (number.integer() for number in load(bits.bits(), "test").children())
    other = der.sequence(der.integer(r), der.integer(CURVES["brainpoolP512r1"].n - s))
    return der.sequence(body.raw, algorithm.raw, der.bit_string(other))


def said_of(certificate: bytes, key: Ed25519PrivateKey, at: datetime, *, by_all_names: bool) -> bytes:
    """The authority's answer that this signer is revoked."""
    names = Question.about(Certificate.from_bytes(certificate), bytes(16)).to_dict()
    if not by_all_names:
        names = {name: names[name] for name in ("nonce", "signer")}
    times = {"at": (at - timedelta(hours=1)).isoformat(), "until": (at + timedelta(hours=1)).isoformat()}
    text = draft("idcard.confirmation/1", names | times | {"status": "revoked"})
    return text + signature_line(text, "authority.example", key)


def judged(evidence: Any, answer: bytes, trust: TrustStore, authority: Vouchers, at: datetime) -> PassiveAuthentication:
    evidence = replace(evidence, confirmations=(answer,))
    return vouched(evidence, passive_authentication(evidence, trust, at), authority, at)


def test_the_other_form_of_a_revoked_certificate_is_revoked(
    holder: Holder,
    gather: Any,
    issuer: Issuer,
    trust: TrustStore,
    authority: Vouchers,
    authority_key: Ed25519PrivateKey,
    at: datetime,
) -> None:
    signer = issuer.signer
    read = gather(issuer.issue(holder, signer=replace(signer, certificate=twin_of(signer.certificate))))
    passive = judged(read, said_of(signer.certificate, authority_key, at, by_all_names=True), trust, authority, at)
    assert passive.signed_and_trusted
    assert passive.signer is not None
    assert passive.signer.der != signer.certificate
    assert (passive.revocation.outcome, passive.revocation.reason) == (Outcome.FAILED, Reason.REVOKED)


def test_a_fingerprint_alone_revokes_that_very_certificate(
    holder: Holder,
    gather: Any,
    issuer: Issuer,
    trust: TrustStore,
    authority: Vouchers,
    authority_key: Ed25519PrivateKey,
    at: datetime,
) -> None:
    said = said_of(issuer.signer.certificate, authority_key, at, by_all_names=False)
    passive = judged(gather(issuer.issue(holder)), said, trust, authority, at)
    assert (passive.revocation.outcome, passive.revocation.reason) == (Outcome.FAILED, Reason.REVOKED)
