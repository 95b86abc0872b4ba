"""The check-in table: its fields and rules one by one, and its XML before a validator that is not ours."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from idcard import ConfigurationError
from kiosk.insurance.tables import DATA
from kiosk.interop.checkin_table import CheckinTable, FaultKind, checkin_table
from kiosk.interop.checkin_xml import NotReported, Refused, Waits, birth_moment, checkin_row, checkin_xml
from kiosk.interop.visit import OpenedVisit, OrderKind

MakeVisit = Callable[..., OpenedVisit]
TAGS = (
    "MA_LK STT MA_BN HO_TEN SO_CCCD NGAY_SINH GIOI_TINH MA_THE_BHYT MA_DKBD GT_THE_TU GT_THE_DEN MA_DOITUONG_KCB "
    "NGAY_VAO NGAY_VAO_NOI_TRU LY_DO_VNT MA_LY_DO_VNT MA_LOAI_KCB MA_CSKCB MA_DICH_VU TEN_DICH_VU MA_THUOC TEN_THUOC "
    "MA_VAT_TU TEN_VAT_TU NGAY_YL DU_PHONG"
)


@pytest.fixture
def table() -> CheckinTable:
    return checkin_table()


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(DATA / "checkin.xsd")))


@pytest.fixture
def row(make_visit: MakeVisit, table: CheckinTable) -> dict[str, str]:
    made = checkin_row(make_visit(), table)
    assert isinstance(made, dict)
    return made


def test_the_table_has_the_26_fields_of_the_decision_in_their_order(table: CheckinTable) -> None:
    assert " ".join(table.tags) == TAGS
    assert len(table.tags) == 26


def test_the_schema_has_the_fields_lengths_and_needs_of_the_table(table: CheckinTable) -> None:
    xs = "{http://www.w3.org/2001/XMLSchema}"
    elements = etree.parse(str(DATA / "checkin.xsd")).findall(f"{xs}complexType/{xs}sequence/{xs}element")
    assert [element.get("name") for element in elements] == list(table.tags)
    for element, field in zip(elements, table.field, strict=True):
        [longest], [shortest] = element.iter(f"{xs}maxLength"), element.iter(f"{xs}minLength")
        assert (int(longest.get("value")), shortest.get("value") == "1") == (field.longest, field.required), field.tag


def test_a_visit_becomes_its_row(row: dict[str, str]) -> None:
    filled = {tag: value for tag, value in row.items() if value}
    assert filled == {
        "MA_LK": "019ab000-0000-7000-8000-000000000001",
        "STT": "1",
        "MA_BN": "019ab000-0000-7000-8000-000000000001",
        "HO_TEN": "Nguyễn Thị Ước Mẫu",
        "SO_CCCD": "036190999000",
        "NGAY_SINH": "199001150000",
        "GIOI_TINH": "2",
        "MA_THE_BHYT": "GD4363690999000",
        "MA_DKBD": "36999",
        "GT_THE_TU": "20260101",
        "GT_THE_DEN": "20271231",
        "MA_DOITUONG_KCB": "1.1",
        "NGAY_VAO": "202611230742",
        "MA_LOAI_KCB": "01",
        "MA_CSKCB": "36999",
        "MA_DICH_VU": "02.1896",
        "TEN_DICH_VU": "Khám Nội",
        "NGAY_YL": "202611230750",
    }


@pytest.mark.parametrize(
    ("birth", "moment"),
    [("1950", "195000000000"), ("1950-07", "195007000000"), ("1990-01-15", "199001150000"), (None, ""), ("", "")],
)
def test_what_is_not_known_of_a_birth_is_zeros(birth: str | None, moment: str) -> None:
    assert birth_moment(birth) == moment


@pytest.mark.parametrize("birth", ["1950", "1950-07", "1990-10-10"])
def test_a_birth_of_any_exactness_is_taken_by_the_schema(
    make_visit: MakeVisit, table: CheckinTable, schema: etree.XMLSchema, birth: str
) -> None:
    made = checkin_row(make_visit(person_birth=birth), table)
    assert isinstance(made, dict)
    assert schema.validate(etree.fromstring(checkin_xml([made])))


@pytest.mark.parametrize(
    ("sex", "code"), [("M", "1"), ("F", "2"), ("<", "3"), (None, "3")]
)  # fmt: skip
def test_sexes(make_visit: MakeVisit, table: CheckinTable, sex: str | None, code: str) -> None:
    made = checkin_row(make_visit(person_sex=sex), table)
    assert isinstance(made, dict)
    assert made["GIOI_TINH"] == code


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"order": None}, "service_unknown"),
        ({"order_route": None}, "route_unknown"),
        ({"person_insurance_number": None}, "insurance_number_unknown"),
    ],
)
def test_a_row_waits_for_what_is_not_known(
    make_visit: MakeVisit, table: CheckinTable, changes: dict[str, Any], reason: str
) -> None:
    assert checkin_row(make_visit(**changes), table) == Waits(reason=reason)


def test_who_comes_at_own_cost_needs_no_card(make_visit: MakeVisit, table: CheckinTable) -> None:
    made = checkin_row(make_visit(person_insurance_number=None, order_route="9"), table)
    assert isinstance(made, dict)
    assert made["MA_THE_BHYT"] == ""


@pytest.mark.parametrize(
    ("changes", "reason"), [({"order_route": "2"}, "route_not_reported"), ({"person": None}, "record_gone")]
)
def test_who_is_not_reported(make_visit: MakeVisit, table: CheckinTable, changes: dict[str, Any], reason: str) -> None:
    assert checkin_row(make_visit(**changes), table) == NotReported(reason=reason)


def test_a_newborn_whose_hour_of_birth_nobody_knows_goes_to_a_person(
    make_visit: MakeVisit, table: CheckinTable
) -> None:
    young = checkin_row(make_visit(person_birth="2026-11-01"), table)
    assert isinstance(young, Refused)
    assert [str(fault) for fault in young.faults] == ["NGAY_SINH.malformed"]
    assert isinstance(checkin_row(make_visit(person_birth="2026-10-25"), table), dict)


@pytest.mark.parametrize("kind", OrderKind)
def test_each_kind_of_first_cost_has_its_fields(
    make_visit: MakeVisit, table: CheckinTable, schema: etree.XMLSchema, kind: OrderKind
) -> None:
    made = checkin_row(make_visit(order_kind=kind), table)
    assert isinstance(made, dict)
    costs = {tag for tag in ("MA_DICH_VU", "MA_THUOC", "MA_VAT_TU") if made[tag]}
    assert len(costs) == 1
    assert schema.validate(etree.fromstring(checkin_xml([made])))


WRONG = [
    ("MA_LK", "", FaultKind.MISSING),
    ("HO_TEN", "", FaultKind.MISSING),
    ("HO_TEN", "Ô" * 256, FaultKind.TOO_LONG),
    ("HO_TEN", "Lê\x07Thị", FaultKind.MALFORMED),
    ("SO_CCCD", "036 190 999", FaultKind.MALFORMED),
    ("NGAY_SINH", "19900132", FaultKind.MALFORMED),
    ("NGAY_SINH", "199002300000", FaultKind.MALFORMED),
    ("NGAY_SINH", "199013000000", FaultKind.MALFORMED),
    ("GIOI_TINH", "4", FaultKind.MALFORMED),
    ("MA_THE_BHYT", "GD0363690999000", FaultKind.MALFORMED),
    ("MA_DKBD", "3699", FaultKind.MALFORMED),
    ("GT_THE_TU", "20260231", FaultKind.MALFORMED),
    ("GT_THE_DEN", "20251231", FaultKind.TOO_EARLY),
    ("MA_DOITUONG_KCB", "", FaultKind.MISSING),
    ("MA_DOITUONG_KCB", "1.1.1", FaultKind.TOO_LONG),
    ("NGAY_VAO", "202611232561", FaultKind.MALFORMED),
    ("NGAY_VAO_NOI_TRU", "202611220742", FaultKind.TOO_EARLY),
    ("MA_LOAI_KCB", "1", FaultKind.MALFORMED),
    ("MA_CSKCB", "", FaultKind.MISSING),
    ("MA_DICH_VU", "", FaultKind.MISSING),
    ("TEN_DICH_VU", "", FaultKind.MISSING),
    ("NGAY_YL", "", FaultKind.MISSING),
    ("STT", "１", FaultKind.MALFORMED),
]


@pytest.mark.parametrize(("tag", "value", "kind"), WRONG)
def test_every_rule_of_the_table_refuses(
    row: dict[str, str], table: CheckinTable, tag: str, value: str, kind: FaultKind
) -> None:
    assert not table.faults(row)
    assert (tag, kind) in {(fault.tag, fault.kind) for fault in table.faults(row | {tag: value})}


def test_a_day_in_hospital_needs_its_reason(row: dict[str, str], table: CheckinTable) -> None:
    [fault] = table.faults(row | {"NGAY_VAO_NOI_TRU": "202611230800"})
    assert str(fault) == "LY_DO_VNT.missing"


BETWEEN_FIELDS = {"GT_THE_DEN", "NGAY_VAO_NOI_TRU", "MA_DICH_VU", "TEN_DICH_VU"}
BEYOND_A_PATTERN = {("NGAY_SINH", "199002300000"), ("GT_THE_TU", "20260231")}


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        (tag, value)
        for tag, value, _ in WRONG
        if tag not in BETWEEN_FIELDS and "\x07" not in value and (tag, value) not in BEYOND_A_PATTERN
    ],
)
def test_the_schema_refuses_what_the_table_refuses_of_one_field(
    row: dict[str, str], schema: etree.XMLSchema, tag: str, value: str
) -> None:
    assert not schema.validate(etree.fromstring(checkin_xml([row | {tag: value}])))


def test_the_document_is_read_back_as_it_was(row: dict[str, str], schema: etree.XMLSchema) -> None:
    odd = row | {"HO_TEN": 'Nguyễn <&> "Đ" \']]>', "DU_PHONG": "\U00020000 Ơ"}
    root = etree.fromstring(checkin_xml([odd, row | {"STT": "2"}]))
    assert schema.validate(root), schema.error_log
    assert [child.tag for child in root] == ["DSACH_TRANG_THAI_KCB", "CHUKYDONVI"]
    assert [{field.tag: field.text or "" for field in element} for element in root[0]] == [odd, row | {"STT": "2"}]


def test_a_document_without_a_row_is_none() -> None:
    with pytest.raises(ValueError, match="a row"):
        checkin_xml([])


def test_a_later_decision_is_data(tmp_path: Path, make_visit: MakeVisit) -> None:
    text = (DATA / "checkin_fields.toml").read_text("utf-8")
    later = tmp_path / "later.toml"
    later.write_text(text.replace('tag = "DU_PHONG"\nkind = "text"', 'tag = "THEM"\nkind = "number"'), "utf-8")
    made = checkin_row(make_visit(), checkin_table(later))
    assert isinstance(made, dict)
    assert [*made][-1] == "THEM"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('tag = "DU_PHONG"', 'tag = "STT"'),
        ("newborn_days = 28", "newborn_days = 28\nunknown = 1"),
        ('one_of = ["MA_DICH_VU"', 'one_of = ["MA_KHONG_CO"'),
        ('pattern = "[123]"', 'pattern = "["'),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(tmp_path: Path, before: str, after: str) -> None:
    text = (DATA / "checkin_fields.toml").read_text("utf-8")
    assert before in text
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(text.replace(before, after), "utf-8")
    with pytest.raises(ConfigurationError):
        checkin_table(wrong)


def test_moments_are_local(make_visit: MakeVisit, table: CheckinTable) -> None:
    late = checkin_row(make_visit(arrived_at=datetime(2026, 11, 23, 17, 30, tzinfo=UTC)), table)
    assert isinstance(late, dict)
    assert late["NGAY_VAO"] == "202611240030"
