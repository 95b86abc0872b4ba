"""A card's code against its chip, field by field."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from idcard.evidence import Evidence
from idcard.lds.layout import File
from idcard.testing import Holder, Issuer, SimulatedCard
from idcard.verification.card_qr import Agreement, FieldComparison, QrField, compare_card_qr, is_of_this_card
from idcard.vietnam.card_qr import CardQr

FIELDS = {
    QrField.PERSONAL_NUMBER: 0, QrField.OLD_NUMBER: 1, QrField.NAME: 2, QrField.BIRTH: 3, QrField.SEX: 4,
    QrField.ADDRESS: 5, QrField.ISSUED: 6,
}  # fmt: skip


@pytest.fixture(scope="module")
def person(holder: Holder) -> Holder:
    return replace(holder, old_number="123456789", address="Thôn Hòa Bình, Xã Mẫu, Nam Định")


@pytest.fixture(scope="module")
def evidence(issuer: Issuer, person: Holder, gather: Callable[..., Evidence]) -> Evidence:
    return gather(issuer.issue(person))


def changed(person: Holder, field: QrField, text: str) -> CardQr:
    fields = person.card_qr_text().split("|")
    fields[FIELDS[field]] = text
    return CardQr.parse("|".join(fields))


def graded(comparisons: tuple[FieldComparison, ...]) -> dict[QrField, Agreement]:
    return {one.field: one.agreement for one in comparisons}


def test_the_code_of_the_card_is_the_same_in_every_field(person: Holder, evidence: Evidence) -> None:
    compared = compare_card_qr(CardQr.parse(person.card_qr_text()), evidence)
    assert graded(compared) == dict.fromkeys(QrField, Agreement.SAME)
    assert is_of_this_card(compared)


@pytest.mark.parametrize(("field", "text", "agreement"), [
    (QrField.PERSONAL_NUMBER, "036090999992", Agreement.OTHER),
    (QrField.NAME, "NGUYỄN VĂN THỬ", Agreement.WRITTEN_DIFFERENTLY),
    (QrField.NAME, "Nguyen Van Thu", Agreement.WITHOUT_ACCENTS),
    (QrField.NAME, "Nguyễn Van Thử", Agreement.WITHOUT_ACCENTS),
    (QrField.NAME, "Nguyễn Văn Thứ", Agreement.OTHER),
    (QrField.NAME, "Nguyễn Văn Thu Hà", Agreement.OTHER),
    (QrField.BIRTH, "1990", Agreement.PARTLY),
    (QrField.BIRTH, "011990", Agreement.PARTLY),
    (QrField.BIRTH, "16011990", Agreement.OTHER),
    (QrField.SEX, "Nữ", Agreement.OTHER),
    (QrField.ADDRESS, "Thôn Hoà Bình, Xã Mẫu, Nam Định", Agreement.WRITTEN_DIFFERENTLY),
    (QrField.ADDRESS, "Thôn Hòa Bình - Xã Mẫu - Nam Định", Agreement.WRITTEN_DIFFERENTLY),
    (QrField.ADDRESS, "Thon Hoa Binh, Xa Mau, Nam Dinh", Agreement.WITHOUT_ACCENTS),
    (QrField.ADDRESS, "Thôn Hòa Bình, Xã Mẫu, Ninh Bình", Agreement.CHANGED),
    (QrField.ADDRESS, "", Agreement.ONE_SIDED),
    (QrField.ISSUED, "02022022", Agreement.CHANGED),
    (QrField.ISSUED, "", Agreement.ONE_SIDED),
    (QrField.OLD_NUMBER, "", Agreement.ONE_SIDED),
    (QrField.OLD_NUMBER, "987654321", Agreement.CHANGED),
])  # fmt: skip
def test_a_difference_has_its_grade(
    person: Holder, evidence: Evidence, field: QrField, text: str, agreement: Agreement
) -> None:
    compared = compare_card_qr(changed(person, field, text), evidence)
    assert graded(compared) == dict.fromkeys(QrField, Agreement.SAME) | {field: agreement}
    assert is_of_this_card(compared) is (agreement is not Agreement.OTHER)


def test_without_dg13_the_mrz_is_all_there_is(person: Holder, evidence: Evidence) -> None:
    files = {file: data for file, data in evidence.files.items() if file is not File.DG13}
    compared = graded(compare_card_qr(CardQr.parse(person.card_qr_text()), replace(evidence, files=files)))
    assert compared == {
        QrField.PERSONAL_NUMBER: Agreement.SAME, QrField.NAME: Agreement.WITHOUT_ACCENTS,
        QrField.BIRTH: Agreement.PARTLY, QrField.SEX: Agreement.SAME, QrField.ADDRESS: Agreement.ONE_SIDED,
        QrField.ISSUED: Agreement.ONE_SIDED, QrField.OLD_NUMBER: Agreement.ONE_SIDED,
    }  # fmt: skip
    other = compare_card_qr(changed(person, QrField.BIRTH, "16011990"), replace(evidence, files=files))
    assert not is_of_this_card(other)


def test_a_name_that_the_mrz_cuts_short(issuer: Issuer, person: Holder, gather: Callable[..., Evidence]) -> None:
    long = replace(person, name="Nguyễn Thị Phương Thảo Nguyên Khánh Linh")
    evidence = gather(issuer.issue(long))
    files = {file: data for file, data in evidence.files.items() if file is not File.DG13}
    compared = graded(compare_card_qr(CardQr.parse(long.card_qr_text()), replace(evidence, files=files)))
    assert compared[QrField.NAME] is Agreement.PARTLY


def test_with_nothing_read_everything_is_one_sided(person: Holder) -> None:
    compared = graded(compare_card_qr(CardQr.parse(person.card_qr_text()), Evidence(files={})))
    assert set(compared.values()) == {Agreement.ONE_SIDED}


def test_it_prints_no_value(person: Holder, evidence: Evidence) -> None:
    compared = compare_card_qr(CardQr.parse(person.card_qr_text()), evidence)
    assert repr(compared[1]) == "FieldComparison(name, same)"
    assert (compared[1].printed, compared[1].chip) == (person.name, person.name)


def test_another_card_is_another(issuer: Issuer, person: Holder, honest: SimulatedCard, evidence: Evidence) -> None:
    stranger = replace(person, personal_number="036199999992", name="Trần Thị Khác", birth=date(1999, 5, 6), sex="F")
    compared = compare_card_qr(CardQr.parse(stranger.card_qr_text()), evidence)
    others = {one.field for one in compared if one.agreement is Agreement.OTHER}
    assert others == {QrField.PERSONAL_NUMBER, QrField.NAME, QrField.BIRTH, QrField.SEX}
