"""Whatever a signed EF.SOD says, judging it gives a verdict: everything here is signed rightly, by the trusted signer.

Bytes that were changed under a signature are refused for that, and prove nothing about what lies behind it. So here the
attributes, the list of hashes and the certificates are made odd first and signed then.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from idcard.encoding import oids, tlv
from idcard.evidence import Evidence
from idcard.lds.layout import File
from idcard.testing import Issuer, SimulatedCard, der, sod
from idcard.testing.certificates import certificate, signer_extensions
from idcard.testing.sod import DocumentSigner
from idcard.trust.store import TrustStore
from idcard.verification.card import verify
from idcard.verification.facts import FactName, Outcome, Reason
from idcard.verification.verdict import Verdict

Gather = Callable[..., Evidence]
SIGNED_AT = datetime(2022, 2, 1, 2, tzinfo=UTC)
NAMES = {"type": oids.CONTENT_TYPE, "digest": oids.MESSAGE_DIGEST, "time": oids.SIGNING_TIME, "other": "1.2.3"}
shared = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)

ODD_TIMES = {
    "none": (),
    "two": (der.time(SIGNED_AT), der.time(SIGNED_AT)),
    "integer": (der.integer(5),),
    "digits": (tlv.build(0x17, b"999999999999Z"),),
    "empty": (tlv.build(0x17, b""),),
    "year 0": (tlv.build(0x18, b"00000101000000Z"),),
    "before year 1": (tlv.build(0x18, b"00010101000000+1400"),),
    "after year 9999": (tlv.build(0x18, b"99991231235959-1400"),),
    "zone": (tlv.build(0x18, b"20220201020000+9999"),),
    "no digits": (tlv.build(0x17, "\uff12202010200Z".encode()),),
    "no value": (b"",),
    "cut short": (b"\x17\x0d22",),
}


@dataclass
class Press:
    """Signs whatever it is given, and has it judged with the rest of an honest card."""

    signer: DocumentSigner
    evidence: Evidence
    trust: TrustStore
    at: datetime

    @property
    def listed(self) -> bytes:
        groups = {file.data_group: data for file, data in self.evidence.files.items() if file.data_group}
        return sod.lds_security_object(groups, "sha256")

    def attributes(self, content: bytes, **changes: tuple[bytes, ...]) -> bytes:
        usual = {
            "type": (der.oid(oids.LDS_SECURITY_OBJECT),),
            "digest": (der.octet_string(hashlib.new(self.signer.key.digest, content).digest()),),
            "time": (der.time(SIGNED_AT),),
        }
        made = {NAMES[name]: tlv.build(0x31, b"".join(values)) for name, values in (usual | changes).items()}
        return b"".join(der.sequence(der.oid(kind), values) for kind, values in made.items())

    def judge(self, content: bytes, attributes: bytes, certificates: bytes | None = None) -> Verdict:
        key = self.signer.key
        digest = sod.digest_algorithm(key.digest)
        info = der.sequence(
            der.integer(1),
            der.sequence(self.signer.issuer, der.integer(self.signer.serial)),
            digest,
            der.context(0, attributes),
            key.algorithm,
            der.octet_string(key.sign(tlv.build(0x31, attributes))),
        )
        body = der.sequence(
            der.integer(3),
            der.set_of(digest),
            der.sequence(der.oid(oids.LDS_SECURITY_OBJECT), der.context(0, der.octet_string(content))),
            der.context(0, self.signer.certificate if certificates is None else certificates),
            der.set_of(info),
        )
        data = tlv.build(File.SOD.tag, der.sequence(der.oid(oids.SIGNED_DATA), der.context(0, body)))
        return self.verdict({File.SOD: data})

    def verdict(self, files: Mapping[File, bytes]) -> Verdict:
        evidence = Evidence(
            files={**self.evidence.files, **files},
            access=self.evidence.access,
            witness=self.evidence.witness,
            active_authentication=self.evidence.active_authentication,
        )
        verdict = verify(evidence, self.trust, at=self.at)
        verdict.claimed_identity()
        assert set(verdict.to_dict()["facts"][0]) >= {"name", "outcome"}
        return verdict


@pytest.fixture(scope="module")
def press(issuer: Issuer, honest: SimulatedCard, gather: Gather, trust: TrustStore, at: datetime) -> Press:
    return Press(signer=issuer.signer, evidence=gather(honest), trust=trust, at=at)


def signature_of(verdict: Verdict) -> tuple[Outcome, Reason]:
    fact = verdict.fact(FactName.SIGNATURE)
    return fact.outcome, fact.reason


def test_the_press_signs_rightly(press: Press) -> None:
    assert press.judge(press.listed, press.attributes(press.listed)).meets()


@pytest.mark.parametrize("values", ODD_TIMES.values(), ids=ODD_TIMES.keys())
def test_an_odd_signing_time_is_a_fact(press: Press, values: tuple[bytes, ...]) -> None:
    """Nobody knows then whether the signer's certificate was in force, whoever signed."""
    verdict = press.judge(press.listed, press.attributes(press.listed, time=values))
    assert verdict.fact(FactName.SIGNATURE).outcome is not Outcome.PASSED
    assert verdict.fact(FactName.TRUST).outcome is not Outcome.PASSED
    assert not verdict.meets()


@pytest.mark.parametrize("name", ["two", "integer", "year 0", "before year 1"])
def test_a_signing_time_that_cannot_be_read_is_inconclusive(press: Press, name: str) -> None:
    verdict = press.judge(press.listed, press.attributes(press.listed, time=ODD_TIMES[name]))
    assert signature_of(verdict) == (Outcome.INCONCLUSIVE, Reason.MALFORMED_SECURITY_OBJECT)
    assert verdict.fact(FactName.INTEGRITY).outcome is Outcome.PASSED


values = st.lists(
    st.one_of(
        st.binary(max_size=30),
        st.builds(tlv.build, st.sampled_from([0x02, 0x04, 0x06, 0x17, 0x18, 0x30]), st.binary(max_size=24)),
        st.builds(
            lambda digits, zone: tlv.build(0x18, digits + zone),
            st.from_regex(rb"[0-9]{14}", fullmatch=True),
            st.sampled_from([b"Z", b"", b"+1400", b"-2359", b".5Z", b"+9999"]),
        ),
    ),
    max_size=2,
).map(tuple)


@shared
@given(name=st.sampled_from(list(NAMES)), values=values)
@example(name="time", values=ODD_TIMES["before year 1"])
def test_any_attribute_gives_a_verdict(press: Press, name: str, values: tuple[bytes, ...]) -> None:
    press.judge(press.listed, press.attributes(press.listed, **{name: values}))


@shared
@given(attributes=st.binary(max_size=80))
def test_any_attributes_give_a_verdict(press: Press, attributes: bytes) -> None:
    assert not press.judge(press.listed, attributes).meets()


@shared
@given(content=st.binary(min_size=1, max_size=80))
@example(content=b"\x30\x80")
@example(content=der.sequence(der.integer(0), der.sequence(der.oid("1.2.3")), der.sequence()))
def test_any_list_gives_a_verdict(press: Press, content: bytes) -> None:
    verdict = press.judge(content, press.attributes(content))
    assert not verdict.meets()


@shared
@given(where=st.integers(0, 1 << 16), mask=st.integers(1, 255))
def test_a_list_with_a_changed_byte_gives_a_verdict(press: Press, where: int, mask: int) -> None:
    content = bytearray(press.listed)
    content[where % len(content)] ^= mask
    press.judge(bytes(content), press.attributes(bytes(content)))


@shared
@given(algorithm=st.one_of(st.sampled_from([*oids.HASHES, "1.2.3", "2.999"]).map(der.oid), st.binary(max_size=12)))
def test_any_hash_algorithm_gives_a_verdict(press: Press, algorithm: bytes) -> None:
    _, _, hashes = tlv.parse_one(press.listed, 0x30).children()
    content = der.sequence(der.integer(0), der.sequence(algorithm), hashes.to_bytes())
    press.judge(content, press.attributes(content))


@pytest.fixture(scope="module")
def certified(issuer: Issuer) -> Callable[..., bytes]:
    """The signer's certificate anew, rightly signed by the CSCA, with something else in it."""

    def make(**changes: Any) -> bytes:
        usual: dict[str, Any] = {
            "subject": issuer.name.to_der(),
            "spki": issuer.signer.key.spki,
            "issuer": issuer.name.to_der(),
            "signer": issuer.csca_key,
            "serial": issuer.signer.serial,
            "validity": issuer.signer.validity,
            "extensions": signer_extensions(issuer.signer.key.spki, issuer.csca_key.spki, demonstration=True),
        }
        return certificate(**(usual | changes))

    return make


@dataclass
class Written:
    """A validity whose times are written in any way."""

    times: bytes

    def to_der(self) -> bytes:
        return tlv.build(0x30, self.times)


@shared
@given(times=values)
@example(times=(tlv.build(0x18, b"00010101000000+1400"), tlv.build(0x18, b"99991231235959-1400")))
def test_any_validity_of_the_signer_gives_a_verdict(
    press: Press, certified: Callable[..., bytes], times: tuple[bytes, ...]
) -> None:
    odd = certified(validity=Written(b"".join(times)))
    press.judge(press.listed, press.attributes(press.listed), odd)


EXTENSIONS = [
    oids.BASIC_CONSTRAINTS,
    oids.KEY_USAGE,
    oids.EXTENDED_KEY_USAGE,
    oids.DOCUMENT_TYPE_LIST,
    oids.SUBJECT_KEY_IDENTIFIER,
    oids.AUTHORITY_KEY_IDENTIFIER,
    "1.2.3",
]


@shared
@given(
    kind=st.sampled_from(EXTENSIONS),
    critical=st.booleans(),
    value=st.one_of(
        st.binary(max_size=30),
        st.builds(lambda *parts: der.sequence(*parts), st.binary(max_size=8), st.binary(max_size=8)),
        st.builds(tlv.build, st.sampled_from([0x01, 0x02, 0x03, 0x04, 0x30, 0x31]), st.binary(max_size=12)),
    ),
)
def test_any_extension_of_the_signer_gives_a_verdict(
    press: Press, certified: Callable[..., bytes], kind: str, critical: bool, value: bytes
) -> None:
    one = der.sequence(der.oid(kind), der.boolean(True) if critical else b"", der.octet_string(value))
    press.judge(press.listed, press.attributes(press.listed), certified(extensions=(one,)))


@shared
@given(key=st.binary(max_size=60), name=st.binary(max_size=40))
def test_any_key_and_name_of_the_signer_give_a_verdict(
    press: Press, certified: Callable[..., bytes], key: bytes, name: bytes
) -> None:
    for changes in ({"spki": tlv.build(0x30, key)}, {"subject": tlv.build(0x30, name)}, {"subject": name}):
        press.judge(press.listed, press.attributes(press.listed), certified(**changes))


SIGNED_FILES = [File.DG1, File.DG2, File.DG11, File.DG12, File.DG13, File.DG14, File.DG15]


@shared
@given(file=st.sampled_from(SIGNED_FILES), data=st.binary(max_size=120), tagged=st.booleans())
def test_any_signed_file_gives_a_verdict(press: Press, file: File, data: bytes, tagged: bool) -> None:
    content = tlv.build(file.tag, data) if tagged else data
    files = {**press.evidence.files, file: content}
    groups = {one.data_group: value for one, value in files.items() if one.data_group}
    signed = sod.build(groups, press.signer, at=SIGNED_AT)
    press.verdict({file: content, File.SOD: signed})


@shared
@given(
    file=st.sampled_from([File.DG1, File.DG2, File.DG13, File.DG14, File.DG15]),
    where=st.integers(0, 1 << 16),
    mask=st.integers(1, 255),
)
def test_any_signed_file_with_a_changed_byte_gives_a_verdict(press: Press, file: File, where: int, mask: int) -> None:
    content = bytearray(press.evidence.files[file])
    content[where % min(len(content), 2000)] ^= mask
    files = {**press.evidence.files, file: bytes(content)}
    groups = {one.data_group: value for one, value in files.items() if one.data_group}
    press.verdict({file: bytes(content), File.SOD: sod.build(groups, press.signer, at=SIGNED_AT)})
