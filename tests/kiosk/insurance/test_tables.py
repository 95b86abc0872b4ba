"""The insurer's tables: each row of the result codes, sources and dates, and a schema that lets nothing through."""

import tomllib
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from idcard import ConfigurationError
from idcard.vietnam.provinces import PROVINCES, province_name
from kiosk.domain.codes import Code
from kiosk.domain.cover_answer import CoverAnswer, judge
from kiosk.domain.eligibility import CoverReason, NextStep, Step
from kiosk.insurance import table_schema, tables
from kiosk.insurance.papers import way_policy
from kiosk.interop.checkin_table import checkin_table
from kiosk.interop.fhir import fhir_systems

DAY = date(2026, 11, 23)
FILES = sorted(tables.DATA.rglob("*.toml"))

# Every code of the service, by hand: what the patient's screen shows, what staff read, and what is done next.
ROWS = {
    "000": (Step.ADMIT, None, "covered", "none"),
    "001": (Step.DESK, "E10", "cover_army", "paper_card"),
    "002": (Step.DESK, "E10", "cover_police", "paper_card"),
    "003": (Step.DESK, "E10", "cover_dates_missing", "look_up"),
    "004": (Step.ADMIT, None, "covered", "none"),
    "010": (Step.NOT_COVERED, "E08", "cover_ended", "look_up"),
    "050": (Step.NOT_COVERED, "E07", "cover_no_data", "other_number"),
    "051": (Step.DESK, "E07", "cover_number_wrong", "scan_again"),
    "052": (Step.DESK, "E07", "cover_province_wrong", "scan_again"),
    "053": (Step.DESK, "E07", "cover_benefit_wrong", "scan_again"),
    "054": (Step.DESK, "E10", "cover_officer_unknown", "settings"),
    "055": (Step.DESK, "E10", "cover_officer_name", "settings"),
    "060": (Step.DESK, "E09", "cover_name_differs", "other_spelling"),
    "061": (Step.DESK, "E09", "cover_name_nearly", "other_spelling"),
    "070": (Step.DESK, "E09", "cover_birth_differs", "year_only"),
    "100": (Step.DESK, "E10", "cover_book_fault", "later"),
    "101": (Step.DESK, "E10", "cover_service_fault", "later"),
    "110": (Step.DESK, "E08", "cover_withdrawn", "look_up"),
    "120": (Step.DESK, "E08", "cover_reported_left", "look_up"),
    "121": (Step.DESK, "E08", "cover_moved_province", "look_up"),
    "122": (Step.DESK, "E08", "cover_moved_within_province", "look_up"),
    "123": (Step.DESK, "E08", "cover_listed_again", "look_up"),
    "124": (Step.DESK, "E08", "cover_stopped", "look_up"),
    "130": (Step.DESK, "E17", "cover_child_without_card", "guardian"),
    "205": (Step.DESK, "E10", "cover_bad_question", "settings"),
    "401": (Step.DESK, "E10", "cover_account_refused", "settings"),
    "500": (Step.DESK, "E10", "cover_service_fault", "later"),
    "777": (Step.DESK, "E10", "cover_unknown_result", "look_up"),
}


@pytest.mark.parametrize("code", ROWS)
def test_each_result_code_amounts_to_its_row(code: str) -> None:
    answer = CoverAnswer(
        result_code=code,
        asked_number="036060999901",
        number="GD4363699999901",
        home_clinic="36001",
        valid_from=date(2026, 1, 1),
        as_of=datetime(2026, 11, 23, 1, tzinfo=UTC),
    )
    decision = judge(answer, tables.result_table(), on=DAY, clinic="36001")
    step, desk, reason, next_step = ROWS[code]
    assert (decision.step, decision.code, decision.result) == (step, desk and Code(desk), code)
    assert decision.reasons == (CoverReason(reason),)
    assert decision.next is NextStep(next_step)


def test_the_rows_are_those_of_the_table() -> None:
    assert set(tables.result_table().rows) == set(ROWS) - {"777"}


def test_the_page_names_every_result_code(root: Path) -> None:
    page = (root / "docs" / "eligibility.md").read_text("utf-8")
    for code, row in tables.result_table().rows.items():
        (line,) = (line for line in page.splitlines() if line.startswith(f"| `{code}` |"))
        assert line.endswith(f"| {row.code.value if row.code else ''} | {row.next.value} |")


def test_only_faults_that_say_nothing_of_the_person_let_the_roster_decide() -> None:
    rows = tables.result_table().rows
    assert {code for code, row in rows.items() if row.next.off_line} == {
        "054",
        "055",
        "100",
        "101",
        "205",
        "401",
        "500",
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_table_says_where_it_comes_from(path: Path) -> None:
    about = tomllib.loads(path.read_text("utf-8"))["about"]
    assert set(about) == {"title", "source", "as_of", "confidence"}
    assert isinstance(about["as_of"], date)


def test_no_table_is_left_unread() -> None:
    read = [
        tables.groups, tables.benefit_levels, tables.provinces, tables.facilities, tables.visit_kinds, tables.routes,
        tables.profile, checkin_table, fhir_systems,
    ]  # fmt: skip
    titles = {load().about.title for load in read}  # type: ignore[operator]
    assert len(titles) == len(read)
    assert tables.result_table().rows
    assert tables.route_rules()
    assert way_policy().rules
    assert len(FILES) == len(read) + 3


def test_groups_and_their_benefit() -> None:
    groups = tables.groups()
    assert {group: groups.payer_of(group).id for group in ("DN", "HT", "TE", "HS", "GD")} == {  # type: ignore[union-attr]
        "DN": "employer", "HT": "insurer", "TE": "state", "HS": "subsidised", "GD": "household",
    }  # fmt: skip
    assert groups.payer_of("ZZ") is None
    assert tables.result_table().paper_groups == {"QN", "HC", "LS", "XK", "CY", "CA"}
    levels = tables.benefit_levels()
    assert [level.percent for level in levels.level] == [100, 100, 95, 80, 100]
    assert levels.of("3").groups == ("HT", "TC", "CN")  # type: ignore[union-attr]
    assert levels.of("6") is None
    listed = {group for payer in groups.payer for group in payer.groups}
    assert {group for level in levels.level for group in level.groups} <= listed
    assert tables.result_table().paper_groups <= listed


@pytest.mark.parametrize("day", [date(2024, 12, 31), date(2025, 1, 1), date(2025, 6, 30), date(2025, 7, 1), DAY])
def test_provinces_are_those_of_personal_numbers_before_and_after_the_mergers(day: date) -> None:
    table = tables.provinces()
    assert {province.code for province in table.province} == {code[1:] for code in PROVINCES}
    for code in PROVINCES:
        assert table.name(code[1:], day) == province_name(code, day)
    assert table.name("99", day) is None


def test_nam_dinh_is_a_part_of_ninh_binh_since_july_2025() -> None:
    table = tables.provinces()
    assert (table.name("36", date(2025, 6, 30)), table.name("36", date(2025, 7, 1))) == ("Nam Định", "Ninh Bình")
    assert [table.same("36", other, DAY) for other in ("35", "37", "38", "99")] == [True, True, False, False]
    assert not table.same("36", "37", date(2025, 6, 30))
    assert not table.same("99", "99", DAY)


@pytest.mark.parametrize(
    ("code", "good"), [("36001", True), ("36C54", True), ("36000", True), ("3600", False), ("c6001", False)]
)
def test_a_facilitys_code_has_its_shape(code: str, good: bool) -> None:
    assert tables.facilities().well_formed(code) is good
    assert tables.facilities().name(code) is None


def test_codes_of_visits_are_dated() -> None:
    kinds = tables.visit_kinds().kind
    assert [kind.code for kind in kinds if kind.in_force(DAY)] == [f"{n:02}" for n in range(1, 17)]
    assert [kind.code for kind in kinds if kind.in_force(date(2026, 7, 31))] == [f"{n:02}" for n in range(1, 11)]
    routes = tables.routes()
    assert len([route for route in routes.route if route.in_force(DAY)]) == 27
    before, since = routes.of("1.2", date(2025, 6, 30)), routes.of("1.2", date(2025, 7, 1))
    assert before is not None
    assert since is not None
    assert before.name_vi != since.name_vi
    assert routes.of("1.8", date(2025, 6, 30))
    assert routes.of("1.8", DAY) is None


def test_the_provinces_figures_are_its_profiles() -> None:
    profile = tables.profile()
    assert (profile.figures.linked, profile.figures.insured, profile.figures.clinics) == (1_650_741, 1_674_222, 288)
    assert round(100 * profile.figures.linked / profile.figures.insured, 1) == 98.6
    assert set(profile.province.codes) <= set(profile.province.merged_codes)


ABOUT: dict[str, Any] = {"title": "t", "source": "s", "as_of": DAY, "confidence": "confirmed"}
ROW = {"meaning": "m", "step": "desk", "reason": "cover_ended", "next": "look_up", "desk": "E08"}
ADMITS = {"meaning": "m", "step": "admit", "reason": "covered", "next": "none", "cards": "either"}


def results(*rows: dict[str, Any], unknown: dict[str, Any] = ROW) -> dict[str, Any]:
    return {"about": ABOUT, "result": rows, "unknown": unknown}


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (results(ROW | {"code": "010"}, ROW | {"code": "010"}), "twice"),
        (results(ROW | {"code": "10"}), "code"),
        (results(ROW | {"code": "010", "step": "perhaps"}), "step"),
        (results(ROW | {"code": "010", "reason": "because"}), "reason"),
        (results(ROW | {"code": "010", "next": "sing"}), "next"),
        (results(ROW | {"code": "010", "colour": "red"}), "colour"),
        (results(ROW | {"code": "010", "cards": "either"}), "which cards count"),
        (results({**ROW, "code": "010", "step": "admit"}), "no desk code"),
        (results(ADMITS | {"code": "000", "cards": "none"}), "which cards count"),
        (results(unknown=ADMITS), "must not admit"),
        ({"result": (), "unknown": ROW}, "about"),
        (results() | {"about": ABOUT | {"confidence": "sure"}}, "confidence"),
        (results() | {"about": ABOUT | {"source": ""}}, "source"),
    ],
)
def test_the_schema_of_result_codes_is_strict(value: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        table_schema.Results.model_validate(value)


RULE = {"code": "1.1", "first_day": DAY, "when": {"own": True}}
KIND = {"code": "01", "name_vi": "v", "name_en": "e", "first_day": DAY}
PROVINCE = {"code": "36", "name": "n"}


@pytest.mark.parametrize(
    ("schema", "value", "why"),
    [
        (table_schema.Rules, {"rule": [RULE | {"when": {}}]}, "without a condition"),
        (table_schema.Rules, {"rule": [RULE | {"when": {"rich": True}}]}, "rich"),
        (table_schema.Rules, {"rule": [RULE | {"when": {"level": "best"}}]}, "level"),
        (table_schema.Rules, {"rule": [RULE | {"last_day": date(2026, 1, 1)}]}, "before the first"),
        (table_schema.Rules, {"rule": [RULE | {"code": "one"}]}, "code"),
        (table_schema.VisitKinds, {"kind": [KIND, KIND]}, "twice"),
        (table_schema.Routes, {"route": [KIND | {"code": "1.1"}, KIND | {"code": "1.1"}]}, "twice"),
        (table_schema.Provinces, {"province": [PROVINCE, PROVINCE], "merger": []}, "twice"),
        (
            table_schema.Provinces,
            {"province": [PROVINCE], "merger": [{"day": DAY, "name": "n", "codes": ["37"]}]},
            "37",
        ),
        (table_schema.Facilities, {"shape": {"pattern": "[", "temporary": "000"}}, "pattern"),
        (table_schema.BenefitLevels, {"level": [{"code": "6", "percent": 101, "groups": []}]}, "percent"),
        (table_schema.Figures, {"insured": 1, "linked": 2, "clinics": 1, "clinics_by_card": 1}, "larger"),
    ],
)
def test_the_other_schemas_are_strict(schema: type[table_schema.Part], value: dict[str, Any], why: str) -> None:
    about = {"about": ABOUT} if issubclass(schema, table_schema.Table) else {}
    with pytest.raises(ValueError, match=why):
        schema.model_validate(about | value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [(None, "missing"), ("result = [", "malformed"), ("[about]\ntitle = 'x'", "wrong_setting")],
)
def test_a_clinics_own_table_is_refused_at_start(tmp_path: Path, text: str | None, reason: str) -> None:
    path = tmp_path / "own.toml"
    if text is not None:
        path.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as refused:
        tables.result_table(path)
    assert refused.value.reason == reason
    assert "own.toml" in str(refused.value)
