"""One visit, measured from card down to the ticket on the screen, and what many visits leave behind.

``machine_p95_s`` is the machine's part of a visit: the kiosk's real processes, a real Chromium, and a simulated card
that answers as one does at 424 kbit/s with 12 ms a command for chip and host, with short lengths, PACE and active
authentication. What a person does (typing six digits, reading the name, choosing a room) is taken off; the pause in
which a sixth digit can still be taken back is the machine's. The figures of the server alone are measured within this
process. With ``IDCARD_BENCH_VISITS`` fewer visits are made.

``whole_visit_…`` are no measurement: a table of human times, drawn at random, beside what was measured. The peers are
published times of whole visits, people included: an order of magnitude, no comparison.
"""

import math
import os
import random
import statistics
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from _screen import Person, Seen, Weight, chromium, desk, staff_cookies, staff_pages, upright, weigh
from _server import server_times
from _soak import soak
from _standing import Standing, standing
from rich.console import Console
from rich.table import Table

from kiosk.demo.clerks import CLERKS
from kiosk.demo.provision import PATIENT

VISITS = int(os.environ.get("IDCARD_BENCH_VISITS") or 0)
SEEN, SOAKED, SETTLED, WEIGHED = (VISITS or each for each in (40, 1000, 500, 5))
WARM_UP = 2
PEERS = {
    "NHS Scotland, published": {"whole_visit_p50_s": 20.0},
    "hospital in Ho Chi Minh City, published": {"whole_visit_p50_s": 90.0},
}
# Half of all people take no longer, and nineteen of twenty: seconds. The sum of the medians is what facts on kiosks
# elsewhere leave to people; each is drawn on its own, so a slow typist is not slow at everything.
HUMAN = {
    "types six digits": (4.0, 9.0),
    "reads the name and chooses a room": (4.0, 8.0),
    "takes ticket and card": (2.5, 4.0),
}
DRAWS = 20_000
_P95 = 1.645


def p95(values: Sequence[float]) -> float:
    """The value that nineteen of twenty do not exceed."""
    return sorted(values)[math.ceil(0.95 * len(values)) - 1]


def human(median: float, most: float, draw: random.Random) -> float:
    """One person's time: lognormal, by its median and its 95th percentile."""
    return median * math.exp(draw.gauss(0, math.log(most / median) / _P95))


def whole_visits(machine: Sequence[float]) -> list[float]:
    """Visits with people in them, by calculation: each a measured machine's time and people's times that were drawn."""
    draw = random.Random(0)
    return [draw.choice(machine) + sum(human(*times, draw) for times in HUMAN.values()) for _ in range(DRAWS)]


def visits(kiosk: Standing) -> tuple[dict[str, float], list[float]]:
    """The machine's time in visits before a real screen, and its parts."""
    with chromium() as browser:
        person = Person(browser, kiosk)
        for number in range(WARM_UP):
            person.visit(number)
        busy = kiosk.cpu_s(PATIENT)
        seen = [person.visit(number) for number in range(WARM_UP, WARM_UP + SEEN)]
        busy = (kiosk.cpu_s(PATIENT) - busy) / len(seen)
    whole = [each.whole for each in seen]
    show_parts(seen)
    figures = {
        "machine_p50_s": round(statistics.median(whole), 3),
        "machine_p95_s": round(p95(whole), 3),
        "commands": float(seen[-1].commands),
        "process_cpu_ms_per_visit": round(1000 * busy, 0),
    }
    for part in ("felt", "pause", "card", "judged", "ticket", "waited"):
        figures[f"{part}_p50_s"] = round(statistics.median(getattr(each, part) for each in seen), 3)
    return figures, whole


def show_parts(seen: Sequence[Seen]) -> None:
    """The parts of a visit as a table."""
    words = {
        "felt": "card down → the screen asks for digits",
        "pause": "sixth digit → first command (0.45 s to take it back)",
        "card": "first command → last answer",
        "waited": "… of which waiting for the card",
        "judged": "last answer → the name stands there",
        "ticket": "room chosen → the ticket stands there",
    }
    table = Table(title=f"{len(seen)} visits, {seen[-1].commands} commands each, seconds", title_justify="left")
    for head in ("part", "median", "95 %", "most"):
        table.add_column(head)
    for name, text in words.items():
        values = [getattr(each, name) for each in seen]
        table.add_row(text, *(f"{value:.3f}" for value in (statistics.median(values), p95(values), max(values))))
    Console().print(table)


def pages(kiosk: Standing) -> dict[str, float]:
    """How soon pages are painted in a browser that never saw them, and how heavy they are."""
    lead = CLERKS[2]
    with chromium() as browser:
        cookies = staff_cookies(browser, kiosk, lead.sign, lead.password)
        kinds = staff_pages(browser, kiosk, cookies)
        wanted = {f"desk {kind}": kiosk.staff + path for kind, path in kinds.items()} | {"patient": kiosk.patient}
        weights = [
            weigh(upright(browser) if name == "patient" else desk(browser, cookies), name, address)
            for name, address in wanted.items()
            for _ in range(WEIGHED)
        ]
    paints = {name: statistics.median(each.paint_ms for each in weights if each.page == name) for name in wanted}
    show_pages(weights, paints)
    return {
        "first_paint_ms": round(max(paints.values())),
        "first_paint_patient_ms": round(paints["patient"]),
        "page_kb_max": round(max(each.kilobytes for each in weights), 1),
        "page_kb_patient": round(max(each.kilobytes for each in weights if each.page == "patient"), 1),
        "pages": float(len(wanted)),
    }


def show_pages(weights: Sequence[Weight], paints: dict[str, float]) -> None:
    """The pages as a table."""
    table = Table(title="pages in a browser that never saw them", title_justify="left")
    for head in ("page", "first paint, ms", "kB"):
        table.add_column(head)
    for name, paint in paints.items():
        table.add_row(name, f"{paint:.0f}", f"{max(each.kilobytes for each in weights if each.page == name):.1f}")
    Console().print(table)


def measure() -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """The figures of this area, and the peers'."""
    figures = server_times()
    people = WARM_UP + SEEN + SETTLED + SOAKED
    with TemporaryDirectory() as folder, standing(Path(folder) / "kiosk", people=people) as kiosk:
        timed, machine = visits(kiosk)
        figures |= timed | pages(kiosk)
    with TemporaryDirectory() as folder, standing(Path(folder) / "kiosk", people=people, kilobits=0) as kiosk:
        figures |= soak(kiosk, first=0, visits=SOAKED, warm_up=SETTLED)
    whole = whole_visits(machine)
    figures["whole_visit_p50_s"] = round(statistics.median(whole), 1)
    figures["whole_visit_p95_s"] = round(p95(whole), 1)
    return figures, PEERS
