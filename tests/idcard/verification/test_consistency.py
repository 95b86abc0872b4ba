from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from idcard.encoding import tlv
from idcard.evidence import Evidence
from idcard.identity import BirthDate
from idcard.lds.details import Dg11
from idcard.lds.layout import File
from idcard.testing import Holder, Issuer, SimulatedCard, records
from idcard.trust.store import TrustStore
from idcard.verification.card import verify
from idcard.verification.consistency import consistency, dg11_agrees, dg13_agrees
from idcard.verification.facts import Fact, FactName, Outcome, Reason
from idcard.verification.identity import Contents
from idcard.verification.passive_authentication import passive_authentication
from idcard.verification.policy import STRICT
from idcard.vietnam.dg13 import Dg13

Gather = Callable[..., Evidence]
Judge = Callable[..., Fact]


@pytest.fixture
def judge(honest: SimulatedCard, gather: Gather, trust: TrustStore, at: datetime) -> Judge:
    def run(*, passive: dict[str, Any] | None = None, **changes: Any) -> Fact:
        evidence = gather(honest, **changes)
        judged = replace(passive_authentication(evidence, trust, at), **(passive or {}))
        intact = {file: data for file, data in evidence.files.items() if file in judged.intact}
        return consistency(evidence, judged, Contents.of(intact), at)

    return run


def test_everything_that_was_given_is_compared(judge: Judge, holder: Holder) -> None:
    fact = judge(given_mrz=holder.mrz_information, given_card_qr=holder.card_qr_text())
    assert (fact.outcome, fact.reason) == (Outcome.PASSED, Reason.CONSISTENT)
    assert fact.details["compared"] == "com,signer,dg13,mrz,card_qr,times"


@pytest.mark.parametrize("layout", [2021, 2024])
def test_the_qr_code_of_either_card_agrees(judge: Judge, holder: Holder, layout: Any) -> None:
    assert judge(given_card_qr=holder.card_qr_text(layout=layout)).outcome is Outcome.PASSED


def test_the_mrz_of_another_card_is_noticed(judge: Judge, holder: Holder) -> None:
    other = replace(holder, birth=date(1990, 1, 16)).mrz_information
    fact = judge(given_mrz=other)
    assert (fact.outcome, fact.reason) == (Outcome.FAILED, Reason.MRZ_DIFFERS)


@pytest.mark.parametrize(
    "change",
    [{"personal_number": "036090999992"}, {"birth": date(1990, 1, 16)}, {"name": "Nguyễn Văn Khác"}],
    ids=["number", "birth", "name"],
)
def test_the_qr_code_of_another_card_is_noticed(judge: Judge, holder: Holder, change: dict[str, Any]) -> None:
    fact = judge(given_card_qr=replace(holder, **change).card_qr_text())
    assert (fact.outcome, fact.reason) == (Outcome.FAILED, Reason.CARD_QR_DIFFERS)


def test_a_text_that_is_no_card_qr_is_inconclusive(judge: Judge) -> None:
    fact = judge(given_card_qr="https://example.test/")
    assert (fact.outcome, fact.reason) == (Outcome.INCONCLUSIVE, Reason.CARD_QR_UNREADABLE)


@pytest.mark.parametrize(
    "com", [records.com((1, 2, 13, 14)), records.com((1, 2, 3, 13, 14, 15)), b"\x60\x00", b"", b"\x60\x03\x5c\x01\xaa"]
)
def test_an_ef_com_that_is_not_the_signed_list_is_noticed(
    judge: Judge, honest: SimulatedCard, gather: Gather, com: bytes
) -> None:
    fact = judge(files=dict(gather(honest).files) | {File.COM: com})
    assert (fact.outcome, fact.reason) == (Outcome.FAILED, Reason.LISTS_DIFFER)


@pytest.mark.parametrize(
    "change",
    [
        {"personal_number": "036090999992"},
        {"name": "Nguyễn Văn Khác"},
        {"birth": date(1991, 1, 15)},
        {"sex": "F"},
        {"expiry": date(2031, 1, 15)},
    ],
    ids=["number", "name", "birth", "sex", "expiry"],
)
def test_dg13_that_says_something_else_is_noticed(
    honest: SimulatedCard, holder: Holder, change: dict[str, Any], issuer: Issuer, gather: Gather, at: datetime
) -> None:
    contents = Contents.of(honest.files)
    assert contents.mrz is not None
    assert not dg13_agrees(contents.mrz, Dg13.parse(records.dg13(replace(holder, **change))))


def test_dg13_that_leaves_something_out_agrees(honest: SimulatedCard) -> None:
    contents = Contents.of(honest.files)
    assert contents.mrz is not None
    assert contents.dg13 is not None
    silent = replace(contents.dg13, personal_number=None, name=None, birth=None, sex=None, expiry=None)
    assert dg13_agrees(contents.mrz, silent)
    assert dg13_agrees(contents.mrz, replace(silent, birth=BirthDate(year=1990)))


def test_a_name_that_the_mrz_cuts_short_agrees(issuer: Issuer, holder: Holder) -> None:
    long = replace(holder, name="Nguyễn Hoàng Phương Thảo Nguyên Trang Anh")
    contents = Contents.of(issuer.issue(long).files)
    assert contents.mrz is not None
    assert contents.dg13 is not None
    assert dg13_agrees(contents.mrz, contents.dg13)


def test_signed_dg13_that_contradicts_dg1_fails(
    honest: SimulatedCard, holder: Holder, gather: Gather, trust: TrustStore, at: datetime
) -> None:
    evidence = gather(honest)
    passive = passive_authentication(evidence, trust, at)
    lying = Contents.of(honest.files | {File.DG13: records.dg13(replace(holder, name="Nguyễn Văn Khác"))})
    fact = consistency(evidence, passive, lying, at)
    assert (fact.outcome, fact.reason) == (Outcome.FAILED, Reason.DATA_GROUPS_DIFFER)


@pytest.mark.parametrize("file", [File.DG1, File.DG2, File.DG13])
def test_signed_files_that_do_not_follow_their_format_are_inconclusive(
    honest: SimulatedCard, gather: Gather, trust: TrustStore, at: datetime, file: File
) -> None:
    evidence = gather(honest)
    contents = Contents.of(honest.files | {file: b"\x00\x00"})
    assert contents.malformed == (file,)
    fact = consistency(evidence, passive_authentication(evidence, trust, at), contents, at)
    assert (fact.outcome, fact.reason, fact.details["files"]) == (
        Outcome.INCONCLUSIVE,
        Reason.MALFORMED_DATA_GROUP,
        file.label,
    )


def test_what_is_not_signed_is_not_compared(judge: Judge, holder: Holder) -> None:
    fact = judge(passive={"intact": frozenset()}, given_mrz=holder.mrz_information)
    assert (fact.outcome, fact.reason) == (Outcome.INCONCLUSIVE, Reason.INTEGRITY_NOT_VERIFIED)


def dg11(**fields: bytes) -> Dg11:
    tags = {"name": 0x5F0E, "number": 0x5F10, "birth": 0x5F2B}
    return Dg11.parse(tlv.build(0x6B, *(tlv.build(tags[name], value) for name, value in fields.items())))


@pytest.mark.parametrize(
    ("fields", "agrees"),
    [
        ({}, True),
        ({"name": "NGUYỄN<<VĂN<THỬ".encode(), "number": b"036090999991", "birth": b"19900115"}, True),
        ({"name": b"Nguyen Van Thu"}, True),
        ({"name": b"NGUYEN<<VAN<KHAC"}, False),
        ({"number": b"036090999992"}, False),
        ({"birth": b"19900116"}, False),
        ({"birth": b"19900215"}, False),
        ({"birth": b"19910115"}, False),
        ({"birth": b"00000115"}, True),
        ({"birth": b"00000116"}, False),
        ({"birth": b"19900000"}, True),
        ({"birth": b"19900100"}, True),
        ({"birth": b"19900200"}, False),
    ],
)
def test_dg11_is_compared_with_dg1(honest: SimulatedCard, fields: dict[str, bytes], agrees: bool) -> None:
    mrz = Contents.of(honest.files).mrz
    assert mrz is not None
    assert dg11_agrees(mrz, dg11(**fields)) is agrees


@pytest.mark.parametrize(
    ("birth", "said", "agrees"),
    [
        ("<<0115", b"19900115", True),
        ("<<0115", b"19900116", False),
        ("90<<<<", b"19900115", True),
        ("90<<<<", b"19910115", False),
        ("900000", b"19900115", True),
        ("900100", b"19900115", True),
        ("900100", b"19900215", False),
    ],
)
def test_what_the_mrz_leaves_open_agrees_with_dg11(
    honest: SimulatedCard, birth: str, said: bytes, agrees: bool
) -> None:
    mrz = Contents.of(honest.files).mrz
    assert mrz is not None
    assert dg11_agrees(replace(mrz, birth=birth), dg11(birth=said)) is agrees


def test_of_another_state_only_the_birth_is_compared(honest: SimulatedCard) -> None:
    mrz = Contents.of(honest.files).mrz
    assert mrz is not None
    foreign = replace(mrz, issuing_state="UTO")
    assert dg11_agrees(foreign, dg11(name="ΠΑΠΑΔΟΠΟΥΛΟΣ".encode(), number=b"1", birth=b"19900115"))
    assert not dg11_agrees(foreign, dg11(birth=b"19910115"))


def test_a_signed_dg11_that_contradicts_dg1_fails(
    honest: SimulatedCard, gather: Gather, trust: TrustStore, at: datetime
) -> None:
    evidence = gather(honest)
    lying = replace(Contents.of(honest.files), dg11=dg11(birth=b"19910115"))
    fact = consistency(evidence, passive_authentication(evidence, trust, at), lying, at)
    assert (fact.outcome, fact.reason) == (Outcome.FAILED, Reason.DATA_GROUPS_DIFFER)
    telling = replace(lying, dg11=dg11(birth=b"19900115"))
    fact = consistency(evidence, passive_authentication(evidence, trust, at), telling, at)
    assert (fact.outcome, fact.details["compared"]) == (Outcome.PASSED, "com,signer,dg11,dg13,times")


@pytest.mark.parametrize("file", [File.DG11, File.DG12])
def test_a_detail_that_is_not_signed_is_not_compared(
    judge: Judge, honest: SimulatedCard, gather: Gather, file: File
) -> None:
    content = tlv.build(file.tag, tlv.build(0x5F2B, b"19910115"))
    fact = judge(files=dict(gather(honest).files) | {file: content})
    assert (fact.outcome, fact.reason) == (Outcome.INCONCLUSIVE, Reason.INTEGRITY_NOT_VERIFIED)


@pytest.mark.parametrize(
    ("com", "details"),
    [
        (records.com((1, 2, 13, 14)), {"hidden": "15"}),
        (records.com((1, 2, 3, 13, 14, 15, 16)), {"not_signed": "3,16"}),
        (records.com((1, 2, 3, 13)), {"hidden": "14,15", "not_signed": "3"}),
        (b"", {"com": "malformed"}),
    ],
)
def test_what_ef_com_hides_and_adds_is_named(
    judge: Judge, honest: SimulatedCard, gather: Gather, com: bytes, details: dict[str, str]
) -> None:
    fact = judge(files=dict(gather(honest).files) | {File.COM: com})
    assert {key: text for key, text in fact.details.items() if key != "compared"} == details


def test_an_ef_com_is_a_remark_where_the_policy_says_so(
    honest: SimulatedCard, gather: Gather, trust: TrustStore, at: datetime
) -> None:
    evidence = gather(honest, files={**gather(honest).files, File.COM: records.com((1, 2))})
    verdict = verify(evidence, trust, at=at)
    assert verdict.fact(FactName.CONSISTENCY).outcome is Outcome.PASSED
    assert verdict.require()
    assert FactName.CONSISTENCY in {fact.name for fact in verdict.unmet(STRICT)}


def test_an_ef_com_hides_no_contradiction(judge: Judge, honest: SimulatedCard, gather: Gather, holder: Holder) -> None:
    """Whoever changes the unsigned list as well must not turn a failure into a remark."""
    files = dict(gather(honest).files) | {File.COM: records.com((1, 2))}
    other = replace(holder, name="Trần Thị Khác").card_qr_text()
    assert judge(files=files, given_card_qr=other).reason is Reason.CARD_QR_DIFFERS
    assert judge(files=files, given_card_qr="nonsense").reason is Reason.CARD_QR_UNREADABLE
    both = judge(given_mrz="nonsense", given_card_qr="nonsense")
    assert (both.outcome, both.reason) == (Outcome.FAILED, Reason.MRZ_DIFFERS)


def test_a_state_that_nobody_knows_is_inconclusive(
    honest: SimulatedCard, gather: Gather, trust: TrustStore, at: datetime
) -> None:
    evidence = gather(honest)
    contents = Contents.of(honest.files)
    assert contents.mrz is not None
    odd = replace(contents, mrz=replace(contents.mrz, issuing_state="QQQ"), dg13=None)
    fact = consistency(evidence, passive_authentication(evidence, trust, at), odd, at)
    assert (fact.outcome, fact.reason) == (Outcome.INCONCLUSIVE, Reason.ISSUING_STATE_UNKNOWN)


def test_a_contradiction_outweighs_what_cannot_be_decided(
    honest: SimulatedCard, gather: Gather, trust: TrustStore, at: datetime
) -> None:
    evidence = gather(honest, given_mrz="nonsense")
    contents = Contents.of(honest.files)
    assert contents.mrz is not None
    odd = replace(contents, mrz=replace(contents.mrz, issuing_state="QQQ"), dg13=None)
    fact = consistency(evidence, passive_authentication(evidence, trust, at), odd, at)
    assert (fact.outcome, fact.reason) == (Outcome.FAILED, Reason.MRZ_DIFFERS)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Nguyễn Văn Thử", Reason.CONSISTENT),
        ("NGUYỄN VĂN THỬ", Reason.CONSISTENT),
        ("Nguyễn Văn Khác", Reason.CARD_QR_DIFFERS),
    ],
)
@pytest.mark.parametrize("without", [None, File.DG13])
def test_the_name_in_the_qr_code_is_the_mrzs_or_dg13s(
    judge: Judge, honest: SimulatedCard, gather: Gather, holder: Holder, name: str, reason: Reason, without: File | None
) -> None:
    files = {file: data for file, data in gather(honest).files.items() if file is not without}
    fact = judge(files=files, given_card_qr=replace(holder, name=name).card_qr_text())
    assert fact.reason is reason


def test_a_name_is_cut_short_only_where_the_mrz_is_full(honest: SimulatedCard) -> None:
    contents = Contents.of(honest.files)
    assert contents.mrz is not None
    assert contents.dg13 is not None
    assert not dg13_agrees(replace(contents.mrz, given_names="VAN"), contents.dg13)


def test_where_there_is_nothing_to_compare_nothing_was_performed(trust: TrustStore, at: datetime) -> None:
    evidence = Evidence(files={})
    fact = consistency(evidence, passive_authentication(evidence, trust, at), Contents(), at)
    assert (fact.outcome, fact.reason) == (Outcome.NOT_PERFORMED, Reason.NOTHING_TO_COMPARE)
