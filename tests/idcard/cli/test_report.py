"""Simulated cards read, judged and shown."""

import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

import idcard
from idcard.cli.report import read_and_judge, show
from idcard.cli.steps import Steps
from idcard.cli.texts import Language
from idcard.cli.trusted import Trusted
from idcard.report import Report, to_json
from idcard.testing import Holder, Issuer, SimulatedCard, dishonest

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def nobody(progress: idcard.Progress) -> None:
    """Asks for no progress."""


def report_on(card: SimulatedCard, trust: Path | None, policy: idcard.Policy = idcard.VIETNAM_STRICT) -> Report:
    """What came of this card."""
    return read_and_judge(idcard.Can("999991"), card, trusted(trust), policy, NOW, nobody)


def trusted(trust: Path | None) -> Trusted:
    return Trusted.of(trust, None, None, None, None, None)


def shown(report: Report, language: Language = Language.EN) -> str:
    """The report as somebody reads it who redirects it into a file."""
    console = Console(file=io.StringIO(), width=40, highlight=False)
    show(report, console, language)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert isinstance(text, str)
    return text


def test_an_honest_card_is_proved(issuer: Issuer, holder: Holder, trust: Path) -> None:
    report = report_on(issuer.issue(holder), trust)
    assert report.met
    text = shown(report)
    assert text.startswith("PROVED under the policy vietnam_strict.\n")
    assert "Holder, proved" in text
    assert "Nguyễn Văn Thử" in text
    assert "1990-01-15" in text
    assert "FAILED" not in text


def test_in_vietnamese_too(issuer: Issuer, holder: Holder, trust: Path) -> None:
    text = shown(report_on(issuer.issue(holder), trust), Language.VI)
    assert text.startswith("ĐÃ XÁC MINH theo chính sách vietnam_strict.\n")
    assert "Ngày sinh" in text
    assert "15/01/1990" in text
    assert "Nam" in text


def test_without_a_trust_store_nothing_is_proved_and_that_is_said(issuer: Issuer, holder: Holder) -> None:
    report = report_on(issuer.issue(holder), None)
    assert not report.met
    text = shown(report)
    assert text.startswith("NOT PROVED under the policy vietnam_strict.\n")
    assert "use --trust DIR" in text
    assert "NOT proved" in text
    assert "Nguyễn Văn Thử" in text


def test_reading_only_is_met_without_trust_and_proves_nobody(issuer: Issuer, holder: Holder) -> None:
    report = report_on(issuer.issue(holder), None, idcard.READING_ONLY)
    assert report.met
    assert report.verified is None
    text = shown(report)
    assert text.startswith("READ, under the policy reading_only: nothing has failed, and nothing proves who this is.")
    assert "What the chip says, NOT proved" in text


@pytest.mark.parametrize("make", [dishonest.altered_dg1, dishonest.altered_dg13, dishonest.cloned_chip])
@pytest.mark.parametrize("policy", [idcard.VIETNAM_STRICT, idcard.STRICT, idcard.READING_ONLY])
def test_a_dishonest_card_fails(
    make: Callable[[Issuer, Holder], SimulatedCard], policy: idcard.Policy, issuer: Issuer, holder: Holder, trust: Path
) -> None:
    report = report_on(make(issuer, holder), trust, policy)
    assert not report.met
    assert report.verified is None
    text = shown(report)
    assert text.startswith("FAILED under the policy")
    assert "✗" in text
    assert "Holder, proved" not in text


def test_strict_wants_a_revocation_list(issuer: Issuer, holder: Holder, trust: Path) -> None:
    report = report_on(issuer.issue(holder), trust, idcard.STRICT)
    assert not report.met
    assert shown(report).startswith("NOT PROVED under the policy strict.")


def test_json_of_a_proved_card(issuer: Issuer, holder: Holder, trust: Path) -> None:
    told = to_json(report_on(issuer.issue(holder), trust))
    assert told["met"] is True
    assert told["verdict"]["met"] is True
    assert told["access"] == {"protocol": "PACE", "key": "CAN"}
    assert "DG1" in told["files"]
    identity = told["identity"]
    assert identity["verified"] is True
    assert (identity["name"], identity["birth"], identity["expiry"]) == ("Nguyễn Văn Thử", "1990-01-15", "2030-01-15")
    assert identity["never_expires"] is False
    assert identity["portrait"]["media_type"] == "image/jpeg"


def test_json_of_a_claim(issuer: Issuer, holder: Holder) -> None:
    told = to_json(report_on(issuer.issue(holder), None))
    assert (told["met"], told["trust_given"]) == (False, False)
    assert told["identity"]["verified"] is False
    assert told["identity"]["portrait"] is None


def test_a_chip_cannot_write_on_the_terminal_what_it_likes(issuer: Issuer, holder: Holder) -> None:
    card = issuer.issue(holder)
    dg13 = card.files[idcard.File.DG13]
    card.files[idcard.File.DG13] = dg13.replace(
        "Nguyễn Văn Thử".encode(), "[red]\x1b[2JVăn Th".encode().ljust(19, b"x")
    )
    assert len(card.files[idcard.File.DG13]) == len(dg13)
    text = shown(report_on(card, None))
    assert "\x1b" not in text
    assert "[red]\ufffd[2J" in text


def test_steps_are_shown_on_a_terminal_and_nowhere_else(issuer: Issuer, holder: Holder) -> None:
    for terminal in (True, False):
        console = Console(file=io.StringIO(), force_terminal=terminal, width=80)
        with Steps(console, Language.EN) as steps:
            read_and_judge(idcard.Can("999991"), issuer.issue(holder), trusted(None), idcard.READING_ONLY, NOW, steps)
        text = console.file.getvalue()  # type: ignore[attr-defined]
        assert ("✓ The chip proves itself" in text) is terminal
        assert bool(text) is terminal


def test_a_step_that_was_not_finished_is_not_ticked(issuer: Issuer, holder: Holder) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=80)
    with pytest.raises(idcard.WrongAccessKey), Steps(console, Language.EN) as steps:
        read_and_judge(idcard.Can("000000"), issuer.issue(holder), trusted(None), idcard.READING_ONLY, NOW, steps)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "Opening the chip" in text
    assert "✓" not in text


@pytest.mark.parametrize(
    ("language", "heading"),
    [(Language.EN, "signature right, signer not accepted"), (Language.VI, "chữ ký đúng, nhưng không chấp nhận nơi ký")],
)
def test_an_expired_signer_of_a_known_issuer_is_not_headed_unknown(
    issuer: Issuer, holder: Holder, trust: Path, language: Language, heading: str
) -> None:
    expired = report_on(dishonest.expired_signer(issuer, holder), trust)
    stranger = report_on(issuer.issue(holder), None)
    assert expired.verdict.rung is stranger.verdict.rung is idcard.Rung.SIGNED
    assert heading in shown(expired, language)
    assert heading in idcard.html_report(expired.verdict, language.value)
    assert heading not in shown(stranger, language)
