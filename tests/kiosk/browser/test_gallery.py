"""Every screen in a real Chromium, served by a real server: axe, geometry, nothing cut.

A pairwise sample of language × size of type × contrast × orientation. With ``KIOSK_GALLERY=<folder>`` the pictures are
kept there; with ``KIOSK_GALLERY_ALL=1`` the whole product is run.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from kiosk.domain.flow import Screen
from kiosk.services.view import ScreenView

UPRIGHT, LYING = (1080, 1920), (1366, 768)
SAMPLE = [
    ("vi", 100, "normal", UPRIGHT),
    ("en", 150, "normal", UPRIGHT),
    ("vi", 150, "high", UPRIGHT),
    ("en", 100, "high", LYING),
    ("vi", 125, "normal", LYING),
    ("vi", 150, "normal", LYING),
    ("en", 125, "high", UPRIGHT),
]
ALL = list(product(("vi", "en"), (100, 125, 150), ("normal", "high"), (UPRIGHT, LYING)))
LOOKS = ALL if os.environ.get("KIOSK_GALLERY_ALL") else SAMPLE
LEAST_TARGET = 96
LEAST_CAPITAL_MM = 6.1
"""EN 301 549, 5.1.4: 0.7 degrees at 500 mm."""
GEOMETRY = (Path(__file__).parent / "geometry.js").read_text(encoding="utf-8")


def test_the_sample_holds_every_pair_of_choices() -> None:
    """Every page is shown in every look of the sample; so every pair with a page is in it, too."""
    for one, other in combinations(range(4), 2):
        assert {(look[one], look[other]) for look in SAMPLE} == {(look[one], look[other]) for look in ALL}


@pytest.mark.parametrize(("language", "size", "contrast", "shape"), LOOKS)
def test_every_screen(
    samples: Mapping[str, ScreenView],
    served: Any,
    open_in: Callable[..., Page],
    axe: Callable[[Page], list[str]],
    language: str,
    size: int,
    contrast: str,
    shape: tuple[int, int],
) -> None:
    served.desk.show(samples["attract"])
    page = open_in(shape, f"lang={language}&size={size}&contrast={contrast}")
    wrong: dict[str, object] = {}
    for name, view in samples.items():
        served.desk.show(replace(view, version=0))
        if view.screen is Screen.ATTRACT:
            page.goto(f"{served.address}/?lang={language}&size={size}&contrast={contrast}")
        page.wait_for_selector(f'[data-screen="{view.screen}"][data-version="{served.desk.view().version}"]')
        found = page.evaluate(GEOMETRY, measures(served.config.mm_per_px))
        keep(page, f"{name}-{language}-{size}-{contrast}-{'upright' if shape == UPRIGHT else 'lying'}")
        found["axe"] = axe(page)
        faults = {kind: fault for kind, fault in found.items() if fault}
        if faults:
            wrong[name] = faults
    assert not wrong, "\n".join(
        f"{name} {kind} {fault}" for name, kinds in wrong.items() for kind, fault in kinds.items()
    )


def measures(millimetres_per_pixel: float) -> dict[str, float]:
    return {
        "leastTarget": LEAST_TARGET,
        "leastCapital": LEAST_CAPITAL_MM,
        "millimetresPerPixel": millimetres_per_pixel,
    }


def keep(page: Page, name: str) -> None:
    folder = os.environ.get("KIOSK_GALLERY")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
