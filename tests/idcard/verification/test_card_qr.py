"""A card's code against its chip, field by field."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from idcard.encoding.mrz import check_digit
from idcard.evidence import Evidence
from idcard.lds.layout import File
from idcard.testing import Holder, Issuer, SimulatedCard, records
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


def test_without_dg1_nobody_knows_whose_dg13_it_is(person: Holder, evidence: Evidence) -> None:
    files = {file: data for file, data in evidence.files.items() if file is not File.DG1}
    compared = compare_card_qr(CardQr.parse(person.card_qr_text()), replace(evidence, files=files))
    assert set(graded(compared).values()) == {Agreement.ONE_SIDED}


def test_a_number_that_the_mrz_does_not_say_is_dg13s(person: Holder, evidence: Evidence) -> None:
    text = person.mrz_text()
    optional = text[15:30]
    assert person.personal_number in optional
    digits = text[5:14] + text[14] + "<" * 15
    assert len(digits) == 25
    silent = text[:5] + digits + text[30:]
    composite = check_digit(silent[5:30] + silent[30:37] + silent[38:45] + silent[48:59])
    silent = silent[:59] + composite + silent[60:]
    files = evidence.files | {File.DG1: records.dg1(silent)}
    for number, agreement in ((person.personal_number, Agreement.SAME), ("036090999992", Agreement.OTHER)):
        compared = compare_card_qr(
            changed(person, QrField.PERSONAL_NUMBER, number), replace(evidence, files=dict(files))
        )
        assert graded(compared)[QrField.PERSONAL_NUMBER] is agreement
    without = {file: data for file, data in files.items() if file is not File.DG13}
    compared = compare_card_qr(CardQr.parse(person.card_qr_text()), replace(evidence, files=without))
    assert graded(compared)[QrField.PERSONAL_NUMBER] is Agreement.ONE_SIDED


def with_mrz(evidence: Evidence, text: str) -> Evidence:
    """The evidence with this MRZ, and without DG13."""
    files = {file: data for file, data in evidence.files.items() if file is not File.DG13}
    return replace(evidence, files=files | {File.DG1: records.dg1(text)})


def test_a_sex_that_the_mrz_leaves_open_is_one_sided(person: Holder, evidence: Evidence) -> None:
    text = person.mrz_text()
    compared = compare_card_qr(CardQr.parse(person.card_qr_text()), with_mrz(evidence, text[:37] + "<" + text[38:]))
    assert compared[3] == FieldComparison(field=QrField.SEX, agreement=Agreement.ONE_SIDED, printed="M", chip=None)


@pytest.mark.parametrize(
    ("name", "agreement"),
    [
        ("NGUYEN<<VAN<THU", Agreement.WITHOUT_ACCENTS),
        ("NGUYEN<<VAN", Agreement.PARTLY),
        ("NG", Agreement.PARTLY),
        ("N", Agreement.OTHER),
        ("NGUYEN<<VAN<THUY", Agreement.OTHER),
        ("TRAN<<VAN<THU", Agreement.OTHER),
    ],
)
def test_a_name_in_the_mrz_may_be_a_beginning_and_no_single_letter(
    person: Holder, evidence: Evidence, name: str, agreement: Agreement
) -> None:
    text = person.mrz_text()[:60] + name.ljust(30, "<")
    compared = compare_card_qr(CardQr.parse(person.card_qr_text()), with_mrz(evidence, text))
    assert graded(compared)[QrField.NAME] is agreement


@pytest.mark.parametrize(
    ("address", "agreement"),
    [
        ("Thôn Hòa Đức, Xã Mẫu", Agreement.SAME),
        ("Thôn Hòa Dức, Xã Mẫu", Agreement.WITHOUT_ACCENTS),
        ("Thôn Hòa Đưc, Xã Mẫu", Agreement.WITHOUT_ACCENTS),
        ("Thôn Hóa Đức, Xã Mẫu", Agreement.CHANGED),
        ("Thôn Hóa Dức, Xã Mẫù", Agreement.CHANGED),
        ("Thôn Hoa Dức, Xã Mẫu", Agreement.WITHOUT_ACCENTS),
        ("Thôn HòaĐức Xã Mẫu", Agreement.WRITTEN_DIFFERENTLY),
        ("Thôn Đức Hòa, Xã Mẫu", Agreement.CHANGED),
    ],
)
def test_a_lost_accent_is_told_from_another_word(
    issuer: Issuer,
    person: Holder,
    gather: Callable[..., Evidence],
    address: str,
    agreement: Agreement,
) -> None:
    """With as many marks as before, one was not lost but is another: a stroke for a tone, too."""
    here = replace(person, address="Thôn Hòa Đức, Xã Mẫu")
    compared = compare_card_qr(changed(here, QrField.ADDRESS, address), gather(issuer.issue(here)))
    assert graded(compared)[QrField.ADDRESS] is agreement


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
