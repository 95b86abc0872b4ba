"""A machine that waits for its clerk: nothing of the patient's pages is there, and nothing is taken."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from kiosk.ports import StoreUnavailable
from kiosk.services.view import ScreenView
from kiosk.web.patient.assisted import add_assisted

WAITS = "Màn hình này do nhân viên mở"


@pytest.fixture
def helped() -> list[bool]:
    """Whether somebody helps now."""
    return [False]


@pytest.fixture
def machine(open_page: Callable[..., Any], samples: Mapping[str, ScreenView], helped: list[bool]) -> Any:
    app, client, desk = open_page(samples["confirm_six"])
    add_assisted(app, lambda: helped[0])
    return client, desk


def test_nothing_of_a_visit_is_there_while_nobody_helps(machine: Any, helped: list[bool]) -> None:
    client, desk = machine
    for path in ("/", "/screen", "/screen?after=1", "/ticket.png", "/?lang=en"):
        answer = client.get(path)
        assert answer.status_code == 503, path
        assert WAITS in answer.text
        assert "TRẦN" not in answer.text
    assert client.post("/tap/stop").status_code in (400, 503)
    assert desk.calls == []
    assert client.get("/health").status_code == 204
    with client.get("/static/css/waits.css") as style:
        assert style.status_code == 200


def test_the_page_that_waits_is_told_when_somebody_helps(machine: Any, helped: list[bool]) -> None:
    client, _ = machine
    assert client.get("/screen?waits=1").status_code == 204
    helped[0] = True
    assert client.get("/screen?waits=1").status_code == 200
    assert "TRẦN THỊ M**" in client.get("/").text
    helped[0] = False
    assert client.get("/").status_code == 503


def test_where_nobody_can_say_whose_name_it_would_be_it_waits(
    open_page: Callable[..., Any], samples: Mapping[str, ScreenView]
) -> None:
    def nobody_knows() -> bool:
        raise StoreUnavailable("the store refuses", sqlite="SQLITE_FULL")

    app, client, _ = open_page(samples["attract"])
    add_assisted(app, nobody_knows)
    assert WAITS in client.get("/").text
