"""The catalogues: both complete, in NFC, compiled, and neither holding a word that nobody says."""

import dataclasses
import re
import unicodedata
from pathlib import Path
from typing import get_args

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

import idcard
from kiosk import keys, ports
from kiosk.domain.ageing import Age
from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import Code, DeskMessage, Resolution, VisitReason
from kiosk.domain.corrections import CancelReason, EraseReason
from kiosk.domain.cover_basis import Online
from kiosk.domain.eligibility import CoverReason, CoverSource, NextStep
from kiosk.domain.holder import DUE, NOT_MADE, HolderSeen
from kiosk.domain.match import BirthGrade, Grade, Kind
from kiosk.domain.queue import Act, State
from kiosk.domain.queue import Refused as QueueRefused
from kiosk.domain.route_proposal import RouteFacts
from kiosk.domain.self_test import Outcome as StepOutcome
from kiosk.domain.self_test import Step
from kiosk.domain.staff import OverrideReason, Role
from kiosk.domain.ways import Paper, Refused, Way
from kiosk.domain.worklist import Field, Source, WorkState
from kiosk.insurance import gateway_errors
from kiosk.insurance.roster import errors as roster_errors
from kiosk.key_safe.safe import Kind as Opener
from kiosk.key_safe.state import OWN, SHARED, Resists
from kiosk.key_safe.state import PROBLEMS as KEY_PROBLEMS
from kiosk.services.outgoing import FAULTS, REASONS
from kiosk.services.province_state import PROBLEMS as PROVINCE_PROBLEMS
from kiosk.services.recheck import Recheck
from kiosk.services.staff_keys import KEY_REFUSALS
from kiosk.services.ticket_search import CopyReason
from kiosk.services.view import Hint
from kiosk.services.wallet_desk import Stage
from kiosk.store.desk_tables import NOTICE_EVENT_KINDS
from kiosk.store.tables import EVENT_KINDS, VISIT_STATES
from kiosk.web.common.factory import WEB
from kiosk.web.common.words import LOCALES
from kiosk.web.patient.spoken import STEPS
from kiosk.web.staff.failures import FAILURES
from kiosk.web.staff.looks import OF_MANY, OF_ONE, SAME

LANGUAGES = ("vi", "en")
DESK_CODES = [f"E{number:02}" for number in range(1, 19)] + ["help", "emergency", "card_left"]
# Whose errors count among those that must have words: they are loaded before anybody counts.
WITH_ERRORS = (keys, ports, gateway_errors, roster_errors)
PROBLEMS = (
    "no_such_ticket",
    "closed",
    "already_admitted",
    "anothers_number",
    "own_guardian",
    "needs_typing",
    "store_unavailable",
    "gone",
    "bad_name",
    "bad_birth",
    "bad_number",
    "login",
    "needs_second",
    "override_limit",
    "needs_holder_check",
    "bad_override",
    "bad_second",
    "bad_busy",
    "busy",
    "not_looked",
    "password_bad",
    "password_differs",
    "account_unknown",
    "account_last_administrator",
    "bad_officer",
    "bad_officer_number",
    "bad_times",
    "not_admitted",
    "same_room",
    "no_such_route",
    "policy",
    "bad_insurance",
    "bad_code",
    "bad_passport",
    *(f"bad_guardian_{field}" for field in ("name", "birth", "number", "ticket")),
)
PARTS = (
    "reader",
    "printer",
    "camera",
    "scanner",
    "store",
    "trust",
    "roster",
    "kiosk",
    "gateway",
    "deliveries",
    "province",
    "releases",
    "certificate",
)
SPOKEN_FOR = ("reader", "scanner", "printer", "light", "speech", "kiosk", "silent")
TEST_REASONS = ("missing", "store", "clock_behind", "no_anchor", "too_old", "source_unusable", "clips", "no_card")
PART_REASONS = ("missing", "input_method", "paper_out", "cover_open", "jam", "offline", "clips")
TRUST_REASONS = (
    "never_set_up",
    "damaged",
    "rolled_back",
    "demonstration_anchor",
    "not_vouched_for",
    "not_writable",
)
PROVINCE_REASONS = (
    *("quiet", "province_silent", "province_closed"),
    *("release_refused", "release_stale", "release_unusable", "release_withheld", "no_space"),
    *("list_rolled_back", "certificate_refused", "certificate_over"),
)
CALLS = ("help", "child", "emergency")
REPORT_WORDS = (
    *("title", "made", "clinic", "day", "nothing", "heads", "heads.why", "count", "minutes", "median", "p95", "spread"),
    *("value.minutes", "value.seconds", "admissions", "automatic", "desk_tickets", "cancelled", "assisted", "copies"),
    *("undone", "priority", "machine", "exceptions", "exceptions.open", "exceptions.oldest", "exceptions.settling"),
    *("by_hour", "by_room", "by_way", "by_assurance", "by_code", "waits", "overrides", "holder_checks", "down"),
)


def folder(language: str) -> Path:
    return LOCALES / language / "LC_MESSAGES"


def catalogue(language: str) -> Catalog:
    with (folder(language) / "messages.po").open("rb") as file:
        return read_po(file, locale=language)


def said_in(catalog: Catalog) -> dict[str, tuple[str, ...]]:
    """The words by id; a plural has several."""
    found = {}
    for message in catalog:
        if message.id:
            key = message.id if isinstance(message.id, str) else message.id[0]
            found[key] = (message.string,) if isinstance(message.string, str) else tuple(message.string)
    return found


def words(language: str) -> dict[str, tuple[str, ...]]:
    return said_in(catalogue(language))


def error_codes(kind: type[idcard.IdCardError] = idcard.IdCardError) -> set[str]:
    """The codes of the library's errors and of the kiosk's own; those of service, command and hub reach no page."""
    elsewhere = (
        "idcard.service",
        "idcard.cli",
        "kiosk.hub",
        "kiosk.lab",
        "kiosk.province",
        "kiosk.releases",
        "kiosk.wire",
    )
    subs = [sub for sub in kind.__subclasses__() if not sub.__module__.startswith(elsewhere)]
    return {kind.code}.union(*(error_codes(sub) for sub in subs))


def families() -> set[str]:
    """The ids that are put together while the kiosk runs."""
    return (
        {f"notice.{code}.{part}" for code in DESK_CODES for part in ("title", "why", "say", "do")}
        | {f"failure.press.{failure.press}" for failure in FAILURES.values()}
        | {f"desk.why.{message}" for message in DeskMessage}
        | {f"hint.{hint}" for hint in get_args(Hint) if hint}
        | {f"online.{word}" for word in Online}
        | {f"staff.age.{age}" for age in Age if age is not Age.FRESH}
        | {f"staff.notice.step.{kind}" for kind in ("came", "settled", *NOTICE_EVENT_KINDS)}
        | {f"staff.compare.{grade}" for grade in ("same", "differs", "missing")}
        | {f"staff.holder.{NOT_MADE}"}
        | {f"staff.{what}{seen}" for what in ("holder.", "holder.do.", "done.holder_") for seen in HolderSeen}
        | {f"staff.problem.key_{word}" for word in KEY_REFUSALS}
        | {f"staff.copy.reason.{reason}" for reason in CopyReason}
        | {f"staff.event.reason.{word}" for word in (*HolderSeen, NOT_MADE, *CopyReason, *OverrideReason)}
        | {f"called.{call}.{part}" for call in CALLS for part in ("title", "text")}
        | {f"reading.step.{step}" for step in STEPS}
        | {f"reading.state.{state}" for state in ("done", "now", "todo")}
        | {f"assurance.{rung}" for rung in Assurance}
        | {f"reason.{reason}" for reason in [*idcard.Reason, *CoverReason]}
        | {f"cover.next.{step}" for step in NextStep}
        | {f"match.grade.{grade}" for grade in Grade}
        | {f"match.kind.{kind}" for kind in Kind}
        | {f"match.birth.{grade}" for grade in BirthGrade}
        | {f"fact.{fact}" for fact in idcard.FactName}
        | {f"staff.resolution.{word}" for word in Resolution}
        | {f"picture.place_{side}" for side in ("below", "left", "right")}
        | {f"error.{code}" for code in error_codes()}
        | {f"reason.{word}" for word in VisitReason if f"error.{word}" not in words("vi")}
        | {f"staff.problem.{word}" for word in PROBLEMS}
        | {f"staff.type.sex.{word}" for word in ("M", "F", "unknown")}
        | {f"device.{part}" for part in PARTS}
        | {f"staff.recheck.{state}" for state in Recheck}
        | {f"reason.recheck_{state}" for state in (Recheck.REVERSED, Recheck.UNCLEAR, Recheck.LAPSED)}
        | {f"staff.cover.{source}" for source in CoverSource}
        | {f"staff.role.{role}" for role in Role}
        | {f"override.{reason}" for reason in OverrideReason}
        | {f"way.{way}{part}" for way in Way for part in ("", ".why")}
        | {f"way.refused.{why}" for why in Refused}
        | {f"paper.{paper}" for paper in Paper}
        | {f"work.field.{field}" for field in Field}
        | {f"work.source.{source}" for source in Source}
        | {f"work.state.{state}" for state in WorkState}
        | {f"staff.record.state.{state}" for state in VISIT_STATES}
        | {f"staff.event.{kind}" for kind in (*EVENT_KINDS, "ordered")}
        | {f"staff.event.reason.{reason}" for reason in [*CancelReason, *EraseReason, "wrong_room", "day_over"]}
        | {f"device.reason.{reason}" for reason in PART_REASONS + TRUST_REASONS + PROVINCE_REASONS}
        | {f"device.reason.province_{problem}" for problem in PROVINCE_PROBLEMS}
        | {f"province.certificate.{problem}" for problem in ("later", "refused", "over")}
        | {f"device.{part}" for part in ("light", "speech")}
        | {f"device.state.{word}" for word in ("paper_low", "untold", "silent")}
        | {f"device.remedy.{part}" for part in SPOKEN_FOR}
        | {f"selftest.step.{step}" for step in Step}
        | {f"selftest.remedy.{step}" for step in Step}
        | {f"selftest.outcome.{outcome}" for outcome in StepOutcome}
        | {f"selftest.state.{state}" for state in ("none", "ordered", "running", "passed", "failed")}
        | {f"selftest.reason.{reason}" for reason in (*TEST_REASONS, *PART_REASONS[2:6], "internal_fault")}
        | {f"route.fact.{field.name}" for field in dataclasses.fields(RouteFacts)}
        | {f"outgoing.reason.{reason}" for reason in REASONS}
        | {f"outgoing.fault.{fault}" for fault in FAULTS}
        | {f"queue.button.{act}" for act in Act if act is not Act.UNDO}
        | {f"queue.{part}.{act}" for part in ("act", "done") for act in Act}
        | {f"queue.state.{state}" for state in (State.CALLED, State.SERVING, State.ABSENT)}
        | {f"staff.problem.{why}" for why in QueueRefused}
        | {f"report.{word}" for word in REPORT_WORDS}
        | {f"report.holder.{word}" for word in [*HolderSeen, DUE, NOT_MADE]}
        | {f"staff.looks.page.{page}" for page in ("disclosed", "other", *OF_ONE, *OF_MANY) if page not in SAME}
        | {f"keys.group.{group}" for group in (OWN, SHARED)}
        | {f"keys.place.{place}" for place in ("file", *Opener)}
        | {f"keys.resists.{each}" for each in Resists}
        | {f"keys.problem.{why}" for why in KEY_PROBLEMS}
        | {f"wallet.stage.{stage}" for stage in Stage if stage is not Stage.ANSWERED}
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_is_said_in_nfc(language: str) -> None:
    text = (folder(language) / "messages.po").read_text(encoding="utf-8")
    assert unicodedata.is_normalized("NFC", text)
    assert not {key for key, said in words(language).items() if not all(part.strip() for part in said)}
    assert not [message.id for message in catalogue(language) if message.fuzzy and message.id]


def test_both_languages_have_the_same_words_and_places() -> None:
    vietnamese, english = words("vi"), words("en")
    assert set(vietnamese) == set(english)
    places = re.compile(r"%\((\w+)\)s")
    for key, said in vietnamese.items():
        assert {*places.findall(said[0])} == {*places.findall(english[key][0])}, key


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_up_to_date(language: str) -> None:
    with (folder(language) / "messages.mo").open("rb") as file:
        compiled = said_in(read_mo(file))
    assert compiled == said_in(catalogue(language))


def test_every_code_reason_and_error_has_words() -> None:
    assert sorted(families() - set(words("vi"))) == []
    assert {code.value for code in Code} <= set(DESK_CODES)


def test_no_word_is_said_by_nobody() -> None:
    sources = [*WEB.rglob("*.py"), *(WEB / "templates").rglob("*.html"), *(WEB / "templates").rglob("*.svg")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    mentioned = set(re.findall(r'"([a-z][\w-]*(?:\.[\w-]+)+)"', text))
    assert sorted(set(words("vi")) - mentioned - families()) == []


def test_every_word_that_is_asked_for_exists() -> None:
    sources = [*(WEB / "templates").rglob("*.html"), *(WEB / "templates").rglob("*.svg")]
    asked = set()
    for path in sources:
        text = path.read_text(encoding="utf-8")
        asked |= set(re.findall(r'\b(?:_|ngettext|gettext)\("([\w.-]+)"(?!\s*~)', text))
        asked |= set(re.findall(r'word_in\([\w.]+, "([\w.-]+)"', text))
    assert asked
    assert not asked - set(words("vi"))


def test_nobody_is_called_by_a_pronoun() -> None:
    assert not {key for key, said in words("vi").items() if re.search(r"\bbạn\b", " ".join(said), re.IGNORECASE)}
