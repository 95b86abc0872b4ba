"""Once the screen is cleared nobody learns who was here: not from an answer, not from a file, not from the log."""

import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from flask.testing import FlaskClient

from kiosk.config import PatientConfig
from kiosk.domain.flow import Screen
from kiosk.web.patient import create_patient_app

# The fixture's class lives in conftest.py, from which nothing can be imported.
Kiosk = Any
OWN = "http://127.0.0.1:8000"
ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")


@pytest.fixture
def logged() -> Iterator[list[Any]]:
    """All that the kiosk's own log is told, before it is made into lines."""
    with structlog.testing.capture_logs() as entries:
        yield entries


@pytest.fixture
def client(kiosk: Kiosk, page_config: PatientConfig) -> FlaskClient:
    """A browser at the kiosk's own page, over the visit that really runs."""
    app = create_patient_app(kiosk.patient, page_config)
    return app.test_client()


def needles(kiosk: Kiosk, who: str) -> set[str]:
    """What tells of a person: the name and each part of it, number, digits, dates, masked name."""
    holder = kiosk.holders[who]
    name = holder.name
    ours = f"{kiosk.staff._clinic.name_vi} Phường Mẫu"
    words = {name, name.upper(), *(word for word in name.split() if len(word) > 2 and word not in ours)}
    numbers = {holder.personal_number, holder.personal_number[-6:], holder.can}
    births = {f"{holder.birth:%d/%m/%Y}", f"{holder.birth:%Y%m%d}", f"{holder.birth:%y%m%d}", holder.birth.isoformat()}
    return words | numbers | births


def found(data: bytes, words: set[str]) -> set[str]:
    return {word for word in words for encoding in ENCODINGS if word.encode(encoding) in data}


def every_answer(client: FlaskClient) -> Iterator[tuple[str, bytes]]:
    """The body and headers of everything that can be fetched, in every look."""
    rules = sorted({rule.rule for rule in client.application.url_map.iter_rules() if "GET" in (rule.methods or ())})
    for rule in rules:
        address = re.sub(r"<path:filename>", "css/tokens.css", rule)
        address = address.replace("<language>", "vi").replace("<clip>", "bar.help")
        for query in ("", "?lang=en", "?shown=confirm", "?shown=ticket&after=0"):
            response = client.get(address + query, base_url=OWN, buffered=True)
            yield address + query, response.data + str(response.headers).encode()


def admitted(kiosk: Kiosk, client: FlaskClient) -> None:
    """A visit that a page has followed: what it was shown is what must not be shown again."""
    kiosk.put("insured")
    kiosk.digits("insured")
    shown = client.get("/", base_url=OWN).text
    assert kiosk.patient.view().masked_name in shown
    kiosk.patient.choose_room("noi")
    assert client.get("/ticket.png", base_url=OWN).status_code == 200


def sent_to_desk(kiosk: Kiosk, client: FlaskClient) -> None:
    kiosk.put("insured")
    kiosk.bench.take()
    kiosk.turn()
    kiosk.show_qr("insured")
    kiosk.patient.no_card()


@pytest.mark.parametrize("visit", [admitted, sent_to_desk])
def test_nothing_of_the_last_patient_is_left(
    kiosk: Kiosk,
    client: FlaskClient,
    logged: list[Any],
    caplog: pytest.LogCaptureFixture,
    visit: Callable[[Kiosk, FlaskClient], None],
) -> None:
    caplog.set_level(logging.DEBUG)
    words = needles(kiosk, "insured")
    visit(kiosk, client)
    kiosk.patient.acknowledge()
    kiosk.take()
    kiosk.turn(2)
    assert kiosk.screen is Screen.ATTRACT
    told = {where: found(body, words | {"TRẦN THỊ M"}) for where, body in every_answer(client)}
    assert not {where: what for where, what in told.items() if what}
    assert client.get("/ticket.png", base_url=OWN).status_code == 404
    files = {path.name: found(path.read_bytes(), words) for path in kiosk.path.parent.rglob("*") if path.is_file()}
    assert len(files) > 2
    # The roster is the insurer's: it knows the insured by keyed hashes, whether they were here or not.
    assert not {name: what for name, what in files.items() if what}
    assert logged
    assert not found((repr(logged) + caplog.text).encode(), words)


def test_the_search_would_find_somebody(kiosk: Kiosk) -> None:
    """What is looked for is what a page or file would hold: a search that finds nothing anywhere proves nothing."""
    words = needles(kiosk, "insured")
    assert "036199900001" in words
    assert found("…Trần Thị Mẫu…".encode("utf-16-le"), words) == {"Trần Thị Mẫu", "Trần", "Thị"}


def test_the_visit_itself_is_another_object_and_holds_nothing(kiosk: Kiosk, client: FlaskClient) -> None:
    admitted(kiosk, client)
    before = kiosk.patient._machine.visit
    kiosk.patient.acknowledge()
    kiosk.take()
    after = kiosk.patient._machine.visit
    assert after is not before
    assert [after.key, after.proved, after.ticket, after.ticket_image] == [None] * 4
    assert after.masked_name == ""


def test_back_leads_nowhere(kiosk: Kiosk, client: FlaskClient) -> None:
    """Every address of the page shows the present visit and is kept by nobody."""
    admitted(kiosk, client)
    answer = client.get("/", base_url=OWN)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers
    kiosk.patient.acknowledge()
    kiosk.take()
    assert 'data-screen="attract"' in client.get("/?shown=ticket", base_url=OWN).text
