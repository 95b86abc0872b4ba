"""Whatever a chip says, judging it gives a verdict, and only what was signed passes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from idcard.evidence import ActiveAuthenticationProof, Evidence
from idcard.lds.layout import File
from idcard.testing import SimulatedCard
from idcard.trust.store import TrustStore
from idcard.verification.card import verify
from idcard.verification.facts import FactName, Outcome, Reason

Gather = Callable[..., Evidence]
FILES = [File.COM, File.SOD, File.DG1, File.DG2, File.DG13, File.DG14, File.DG15]
shared = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)


@shared
@given(file=st.sampled_from(FILES), data=st.binary(max_size=200))
@example(file=File.DG15, data=bytes.fromhex("0083100001"))
def test_any_bytes_in_any_file_give_a_verdict(
    file: File, data: bytes, honest: SimulatedCard, gather: Gather, trust: TrustStore, at: datetime
) -> None:
    evidence = gather(honest)
    verdict = verify(replace(evidence, files=dict(evidence.files) | {file: data}), trust, at=at)
    if file is File.COM:
        assert verdict.fact(FactName.CONSISTENCY).reason is Reason.LISTS_DIFFER
    else:
        assert not verdict.meets()


@shared
@given(file=st.sampled_from(FILES), where=st.integers(0, 1 << 16), mask=st.integers(1, 255))
def test_a_changed_byte_of_a_data_group_never_passes(
    file: File, where: int, mask: int, honest: SimulatedCard, gather: Gather, trust: TrustStore, at: datetime
) -> None:
    evidence = gather(honest)
    data = bytearray(evidence.files[file])
    data[where % len(data)] ^= mask
    verdict = verify(replace(evidence, files=dict(evidence.files) | {file: bytes(data)}), trust, at=at)
    if file.data_group is not None:
        assert verdict.fact(FactName.INTEGRITY).outcome is Outcome.FAILED
        assert not verdict.meets()


@shared
@given(challenge=st.binary(min_size=8, max_size=8), response=st.binary(max_size=300))
def test_any_answer_but_the_right_one_is_wrong(
    challenge: bytes, response: bytes, honest: SimulatedCard, gather: Gather, trust: TrustStore, at: datetime
) -> None:
    proof = ActiveAuthenticationProof(challenge=challenge, response=response)
    verdict = verify(gather(honest, active_authentication=proof), trust, at=at)
    assert verdict.fact(FactName.GENUINE_CHIP).outcome is Outcome.FAILED


@shared
@given(mrz=st.text(max_size=40), qr=st.text(max_size=80), card_access=st.binary(max_size=60))
def test_any_text_that_is_given_gives_a_verdict(
    mrz: str, qr: str, card_access: bytes, honest: SimulatedCard, gather: Gather, trust: TrustStore, at: datetime
) -> None:
    evidence = gather(honest, given_mrz=mrz, given_card_qr=qr)
    assert evidence.access is not None
    evidence = replace(evidence, access=replace(evidence.access, card_access=card_access))
    assert verify(evidence, trust, at=at).fact(FactName.CONSISTENCY).outcome is Outcome.FAILED
