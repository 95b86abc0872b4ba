"""One page a code for clerks: every code has one, whole in both languages, and none knows a person."""

import re
from typing import Any

import pytest

from kiosk.domain.codes import Code
from kiosk.web.staff.failures import FAILURES

LANGUAGES = ("vi", "en")


def test_every_code_has_its_page() -> None:
    assert set(FAILURES) == {code.value for code in Code} | {"E12"}
    assert {f"E{number:02}" for number in range(1, 19)} <= set(FAILURES)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", FAILURES)
def test_a_page_says_why_what_to_say_and_what_to_press(desk: Any, code: str, language: str) -> None:
    html = desk.get(f"/failures/{code}?lang={language}")
    answers = re.findall(r"<dd>(.*?)</dd>", html)
    assert len(answers) == 5
    assert all(len(answer) > 5 for answer in answers)
    assert not re.search(r"(?:notice|failure)s?\.[\w.]+", " ".join(answers))


def test_all_codes_stand_on_one_page_to_print(desk: Any) -> None:
    assert desk.get("/failures").count("<article") == len(FAILURES)


def test_a_code_that_does_not_exist_has_no_page(desk: Any) -> None:
    desk.get("/failures/E99", status=404)


def test_whoever_sees_e05_is_told_to_say_nothing_of_forgery(desk: Any) -> None:
    html = desk.get("/failures/E05?lang=en")
    said = re.search(r"sheet-say.*?<dd>(.*?)</dd>", html, re.S)
    assert said is not None
    assert not re.search(r"fake|forged|copied|suspect", said[1])


def test_an_exception_leads_to_the_page_of_its_code(desk: Any) -> None:
    desk.checkin.notify(Code.READER_LOST)
    assert 'href="/failures/E14' in desk.get()
