"""What key agreement with the chip leaves behind, judged again: chip authentication and PACE-CAM.

Theory of operation. In chip authentication the chip's static key (signed, in DG14 or EF.CardSecurity) and the
terminal's ephemeral key give new session keys; the first answer that is sealed with them shows that the chip has its
private key. In version 2 the chip shows it at once, with a nonce and a token in clear. In both versions, whoever knows
the ephemeral private key can compute all of that alone. So the transcript convinces a judge who made the key and kept
it; to anybody else it is the word of the reader, which has to sign for it. A reader that saw the chip fail records no
answer, or a bare status word: that is a copy, whoever says so.

In PACE with chip authentication mapping the chip sends a scalar that turns its static key into the point it had sent
for the mapping. Such a pair is easy to invent, too: what counts is that the session was opened with that point, and of
that only the reader can bear witness.

Source: ICAO Doc 9303-11, "Chip Authentication" and "PACE with Chip Authentication Mapping"; BSI TR-03110-2.
"""

from dataclasses import dataclass, field

from idcard.crypto.agreement_keys import AgreementKey, claimed_key, load_agreement_key
from idcard.crypto.cipher import CipherSuite, suite_of_pace
from idcard.crypto.domains import Domain, EcDomain, Scalar
from idcard.crypto.kdf import session_keys
from idcard.crypto.strength import CURRENT
from idcard.crypto.tokens import DYNAMIC_AUTHENTICATION_DATA, is_mapped, keys_of_answer
from idcard.errors import IdCardError, ProtocolViolation, Unsupported, UnsupportedAlgorithm
from idcard.evidence import WITNESSED_HERE, ChipAuthenticationProof, Evidence, PaceCamProof
from idcard.iso7816.apdu import ResponseApdu
from idcard.iso7816.secure_messaging import SecureChannel
from idcard.lds.layout import File
from idcard.lds.pace_domains import domain_of_session
from idcard.lds.security_infos import SecurityInfos
from idcard.verification.answers import chip_fact
from idcard.verification.chip_keys import Signed, is_in_dg14, key_files, keys_of, offered, sources_of
from idcard.verification.facts import Fact, Outcome, Reason

_DH, _ECDH = "0.4.0.127.0.7.2.2.3.1.", "0.4.0.127.0.7.2.2.3.2."
_CIPHERS = ("1", "2", "3", "4")
_STATUS_BYTES = 2
_CHIP_AUTHENTICATION, _PACE_CAM = "chip authentication", "PACE-CAM"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Expectation:
    """What the judge itself contributed, so that nobody can show it something old or invented.

    :param challenge: the eight bytes that it gave for active authentication.
    :param ephemeral_key: the private key that it made for chip authentication, big-endian.
    :param witnesses: fingerprints of the device keys whose word it takes.
    :param nonces: the nonces with which it asked an authority about the signer: an answer to another does not count.
        None where somebody else may have asked; an answer then counts for its time, whoever got it.
    """

    challenge: bytes | None = None
    ephemeral_key: bytes | None = None
    witnesses: frozenset[str] = field(default=frozenset({WITNESSED_HERE}))
    nonces: frozenset[bytes] | None = None

    def __repr__(self) -> str:
        return "Expectation(…)"


NOTHING_EXPECTED = Expectation()
"""Where the judge contributed nothing; it takes its own process's word."""


def chip_authentication(
    evidence: Evidence, proof: ChipAuthenticationProof, signed: Signed, expectation: Expectation
) -> Fact:
    """The fact that follows from the transcript of chip authentication."""
    own = expectation.ephemeral_key is not None
    private = expectation.ephemeral_key if own else proof.ephemeral_private_key
    try:
        sources = sources_of(evidence, proof, 2 if _is_token(proof) else 1)
        if proof.oid not in {oid for _, infos in sources for oid, _ in offered(infos)}:
            return chip_fact(Outcome.INCONCLUSIVE, Reason.CHIP_KEY_NOT_SIGNED, protocol=_CHIP_AUTHENTICATION)
        if proof.refused:
            sw = proof.response.hex().upper()
            return chip_fact(Outcome.INCONCLUSIVE, Reason.CHIP_REFUSED, protocol=_CHIP_AUTHENTICATION, sw=sw)
        suite, keys = _suite(proof.oid), [_chip_key(infos, proof) for _, infos in sources]
        if len(proof.response) <= _STATUS_BYTES:
            return _wrong(Reason.CHIP_WRONG_ANSWER, _CHIP_AUTHENTICATION)
        if private is not None and not any(_scalar(key, proof, private) for key in keys):
            return _wrong(Reason.CHIP_REPLAYED if own else Reason.CHIP_WRONG_ANSWER, _CHIP_AUTHENTICATION)
        if private is not None:
            keys = [key for key in keys if _holds(proof, suite, key, private)][:1]
        if not keys:
            return _wrong(Reason.CHIP_WRONG_ANSWER, _CHIP_AUTHENTICATION)
        in_dg14 = all(is_in_dg14(evidence, key) for key in keys)
        weak = next(filter(None, map(CURRENT.agreement_weakness, keys)), "")
    except Unsupported as error:
        return _unsupported(error, _CHIP_AUTHENTICATION)
    except ProtocolViolation:
        return chip_fact(Outcome.INCONCLUSIVE, Reason.CHIP_KEY_UNUSABLE, protocol=_CHIP_AUTHENTICATION)
    if not own and evidence.witness not in expectation.witnesses:
        return chip_fact(Outcome.INCONCLUSIVE, Reason.WITNESS_MISSING, protocol=_CHIP_AUTHENTICATION)
    if not in_dg14:
        key = File.CARD_SECURITY.label
        return chip_fact(Outcome.INCONCLUSIVE, Reason.CHIP_KEY_NOT_SIGNED, protocol=_CHIP_AUTHENTICATION, key=key)
    return signed.right_answer(File.DG14, witnessed=not own, weak=weak, protocol=_CHIP_AUTHENTICATION)


def pace_cam(evidence: Evidence, proof: PaceCamProof, signed: Signed, expectation: Expectation) -> Fact:
    """The fact that follows from the transcript of PACE with chip authentication mapping.

    The key is the one in EF.CardSecurity; DG14's stands in only where that file was not read.
    """
    file = File.CARD_SECURITY if File.CARD_SECURITY in evidence.files else File.DG14
    try:
        infos = dict(key_files(evidence)).get(file, SecurityInfos(infos=()))
        keys = _keys_in(_session_domain(evidence, proof), infos)
        if not keys:
            return chip_fact(Outcome.INCONCLUSIVE, Reason.CHIP_KEY_UNUSABLE, protocol=_PACE_CAM)
        right = [key for key in keys if is_mapped(key, proof.chip_authentication_data, proof.mapping_public_key)]
        if not right:
            return _wrong(Reason.CHIP_WRONG_ANSWER, _PACE_CAM)
        weak = CURRENT.agreement_weakness(right[0])
    except Unsupported as error:
        return _unsupported(error, _PACE_CAM)
    except ProtocolViolation:
        return chip_fact(Outcome.INCONCLUSIVE, Reason.CHIP_KEY_UNUSABLE, protocol=_PACE_CAM)
    if evidence.witness not in expectation.witnesses:
        return chip_fact(Outcome.INCONCLUSIVE, Reason.WITNESS_MISSING, protocol=_PACE_CAM)
    return signed.right_answer(file, witnessed=True, weak=weak, protocol=_PACE_CAM)


def _wrong(reason: Reason, protocol: str) -> Fact:
    return chip_fact(Outcome.FAILED, reason, protocol=protocol)


def _unsupported(error: Unsupported, protocol: str) -> Fact:
    oid = str(error.facts.get("oid") or "")
    return chip_fact(Outcome.INCONCLUSIVE, Reason.UNSUPPORTED_ALGORITHM, protocol=protocol, oid=oid)


def _chip_key(infos: SecurityInfos, proof: ChipAuthenticationProof) -> AgreementKey:
    """The chip's static key by its number; where the transcript gives none, the only key of its kind.

    :raises ProtocolViolation: if there is no such key, or more than one.
    """
    found = keys_of(infos, proof)
    if len(found) != 1:
        raise ProtocolViolation("no chip authentication key, or more than one")
    return load_agreement_key(found[0])


def _session_domain(evidence: Evidence, proof: PaceCamProof) -> Domain:
    """The curve of the session, of which EF.CardAccess may write out the parameters.

    :raises UnsupportedAlgorithm: if it is none, or nobody says which.
    """
    domain = domain_of_session(proof.parameter_id, None if evidence.access is None else evidence.access.card_access)
    if not isinstance(domain, EcDomain):
        raise UnsupportedAlgorithm("chip authentication mapping over a finite field")
    return domain


def _keys_in(domain: Domain, infos: SecurityInfos) -> list[AgreementKey]:
    """The chip's static keys on the session's own curve: with another generator the mapping would show nothing."""
    keys = [claimed_key(info.public_key) for info in infos.chip_keys if info.oid.endswith(".2")]
    return [key.proved() for key in keys if key.domain == domain]


def _scalar(key: AgreementKey, proof: ChipAuthenticationProof, private: bytes) -> Scalar | None:
    """The terminal's private key in the domain of ``key``; None where the public key that was sent is not its."""
    domain, scalar = key.domain, key.domain.scalar_of(private)
    if scalar is None or proof.ephemeral_public_key not in domain.forms(domain.public_key(scalar)):
        return None
    return scalar


def _is_token(proof: ChipAuthenticationProof) -> bool:
    """Whether the chip answered with nonce and token, as in version 2; a sealed answer never begins so."""
    return proof.response[:1] == bytes([DYNAMIC_AUTHENTICATION_DATA])


def _holds(proof: ChipAuthenticationProof, suite: CipherSuite, key: AgreementKey, private: bytes) -> bool:
    """Whether the answer shows the keys on which the chip's static key and this one agree: by its token or its seal."""
    scalar = _scalar(key, proof, private)
    if scalar is None:
        return False
    secret = key.domain.agree(scalar, key.public_key)
    try:
        answer = ResponseApdu.from_bytes(proof.response)
        if _is_token(proof):
            public, data = proof.ephemeral_public_key, answer.data
            keys_of_answer(suite, proof.oid, key.domain, secret=secret, public_key=public, answer=data)
        else:
            SecureChannel(session_keys(suite, secret), _counter_before(suite, proof.counter)).unprotect(answer)
    except IdCardError:
        return False
    return True


def _counter_before(suite: CipherSuite, counter: int) -> bytes:
    size = suite.block_bytes
    return ((counter - 1) % (1 << 8 * size)).to_bytes(size)


def _suite(oid: str) -> CipherSuite:
    arc = oid.removeprefix(_ECDH).removeprefix(_DH)
    if arc not in _CIPHERS:
        raise UnsupportedAlgorithm("chip authentication with an unknown cipher", oid=oid)
    return suite_of_pace(int(arc))
