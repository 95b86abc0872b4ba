"""Every part fails on every screen, and the clock jumps on each: nobody is lost, nobody is admitted twice or by halves.

What came of each cell stands in ``docs/faults.md``, which is written from this:
``KIOSK_FAULTS_WRITE=1 pytest tests/kiosk/services/test_faults.py -n 0``.
"""

import os
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from kiosk.domain.flow import Screen
from kiosk.province.sending import Outcome
from kiosk.store.tables import Visit
from tests.kiosk.services.fault_rig import CLOCKS, ENDS, FAULTS, JUMPS, WAYS, Rig, go_on, leave, walk

Kiosk = Any
PAGE = Path(__file__).parents[3] / "docs" / "faults.md"
WRITES = "KIOSK_FAULTS_WRITE" in os.environ
WHOLE = WRITES or "FUZZ" in os.environ
"""``script/test --all`` runs every cell; else an eighth of them, and all where somebody is about to be admitted."""
DONE = frozenset({Screen.TICKET, Screen.DESK, Screen.CALLED, Screen.TAKE_CARD, Screen.CLOSED})
"""Screens of somebody whose visit has ended: who is asked about there comes next."""
OPEN = tuple(screen for screen in Screen if screen is not Screen.CLOSED)


def cells(faults: Iterable[str], screens: Iterable[Screen]) -> list[tuple[str, Screen]]:
    """The cells that are run."""
    screens = tuple(screens)
    return [
        (fault, screen)
        for column, fault in enumerate(faults)
        for row, screen in enumerate(screens)
        if WHOLE or screen is Screen.CONFIRM or (column + row) % 8 == 0
    ]


def on_page() -> dict[tuple[str, str], str]:
    """What the page says of each fault and screen."""
    found: dict[tuple[str, str], str] = {}
    heads: list[str] = []
    for line in PAGE.read_text("utf-8").splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        if line.startswith("| screen |"):
            heads = cells
        elif heads and line.startswith("| `"):
            found |= {(heads[place], cells[0]): cell for place, cell in enumerate(cells) if place}
    return found


def write(fault: str, screen: str, said: str) -> None:
    """Put a cell into the page; its row and its column must be there."""
    lines, place = PAGE.read_text("utf-8").splitlines(), 0
    for number, line in enumerate(lines):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| screen |"):
            place = cells.index(f"`{fault}`") if f"`{fault}`" in cells else 0
        elif place and cells[0] == f"`{screen}`":
            cells[place] = said
            lines[number] = f"| {' | '.join(cells)} |"
    PAGE.write_text("\n".join(lines) + "\n", "utf-8")


def visits(kiosk: Kiosk) -> list[Visit]:
    with kiosk.database.read() as session:
        found = list(session.scalars(select(Visit)))
        session.expunge_all()
    return found


def check_books(rig: Rig) -> None:
    """No number twice on a day, no person admitted twice on a day, and a ticket that is shown is in the store."""
    found = visits(rig.kiosk)
    numbers = [(each.day, each.number) for each in found]
    assert len(numbers) == len(set(numbers))
    people = [(each.day, each.person_day_tag) for each in found if each.state == "admitted"]
    assert len(people) == len(set(people))
    view = rig.kiosk.patient.view()
    if view.screen is Screen.TICKET:
        assert view.ticket is not None
        assert view.ticket.number in [each.number for each in found if each.state == "admitted"]
    else:
        assert view.ticket is None
    if view.screen is Screen.DESK:
        assert view.desk is not None


def ailing(kiosk: Kiosk) -> set[str]:
    return {row.part for row in kiosk.staff.devices() if row.state.get("ok") is False}


def said_of(rig: Rig, fault: str, screen: Screen) -> str:
    """What the patient sees when it fails, and where the way leads."""
    at_once = rig.screen()
    who = "insured"
    if screen in DONE:
        if at_once is not Screen.CLOSED:
            leave(rig)
        who = "old"
    elif at_once in DONE and at_once not in ENDS:
        go_on(rig, who)
    end = walk(rig, who)
    view = rig.kiosk.patient.view()
    assert end in ENDS, f"nobody is left standing: {end}"
    code = "" if view.desk is None else f" {view.desk.public_code}"
    return f"{at_once.value} → {end.value}{code}"


@pytest.mark.parametrize(("fault", "screen"), cells(FAULTS, Screen))
def test_whatever_fails_wherever_nobody_is_lost(rig: Rig, fault: str, screen: Screen) -> None:
    WAYS[screen](rig)
    assert rig.screen() is screen
    FAULTS[fault].begin(rig)
    for _ in range(2):
        rig.turn()
    said = said_of(rig, fault, screen)
    check_books(rig)
    if rig.screen() is not Screen.CLOSED:
        assert set(FAULTS[fault].told) <= ailing(rig.kiosk)
    if WRITES:
        write(fault, screen.value, said)
    assert on_page()[fault, screen.value] == said
    if fault == "hub_away":
        assert set(rig.hub_said) == {Outcome.UNREACHABLE}
    FAULTS[fault].end(rig)
    rig.kiosk.free_disk()
    rig.kiosk.clock.advance(5.1)
    for _ in range(3):
        rig.turn()
        leave(rig)
    assert walk(rig, "old") is Screen.TICKET, "once it works again, so does the machine"
    check_books(rig)


@pytest.mark.parametrize(("jump", "screen"), cells(JUMPS, OPEN))
def test_wherever_the_clock_jumps_nobody_is_admitted_by_a_wrong_one(rig: Rig, jump: str, screen: Screen) -> None:
    WAYS[screen](rig)
    before, made = rig.kiosk.clock.now(), {each.id for each in visits(rig.kiosk)}
    CLOCKS[jump].begin(rig)
    for _ in range(2):
        rig.turn()
    said = said_of(rig, jump, screen)
    check_books(rig)
    late = [each for each in visits(rig.kiosk) if each.state == "admitted" and each.id not in made]
    if JUMPS[jump] < -timedelta(hours=1):
        assert not late, "by a clock that lags behind what is written nobody is admitted"
    assert all(each.created_at >= before - timedelta(hours=1) for each in late)
    if WRITES:
        write(jump, screen.value, said)
    assert on_page()[jump, screen.value] == said


def test_every_screen_and_every_fault_is_on_the_page() -> None:
    every = {(fault, screen.value) for fault in FAULTS for screen in Screen}
    every |= {(jump, screen.value) for jump in JUMPS for screen in OPEN}
    assert {cell for cell, said in on_page().items() if "→" in said} == every
