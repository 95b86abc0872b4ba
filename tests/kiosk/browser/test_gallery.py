"""Every screen in a real Chromium, served by a real server: axe, geometry, nothing cut.

A pairwise sample of screen × language × size of type × contrast × orientation; in it each screen also has the largest
type both upright and lying. With ``KIOSK_GALLERY=<folder>`` the pictures are kept there; with ``KIOSK_GALLERY_ALL=1``,
as ``script/test --all`` sets it, the whole product is run.
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
Look = tuple[str, int, str, tuple[int, int]]
SAMPLE: dict[Look, int] = {
    ("vi", 150, "normal", UPRIGHT): 0,
    ("en", 150, "high", LYING): 0,
    ("en", 100, "normal", LYING): 0,
    ("vi", 125, "high", UPRIGHT): 0,
    ("en", 150, "high", UPRIGHT): 1,
    ("vi", 150, "normal", LYING): 1,
    ("vi", 100, "high", UPRIGHT): 1,
    ("en", 125, "normal", LYING): 1,
}
"""The looks, and which half of the screens is shown in each: every second one, from this one on."""
WHOLE: list[Look] = list(product(("vi", "en"), (100, 125, 150), ("normal", "high"), (UPRIGHT, LYING)))
ALL = bool(os.environ.get("KIOSK_GALLERY_ALL"))
LEAST_TARGET = 96
LEAST_CAPITAL_MM = 6.1
"""EN 301 549, 5.1.4: 0.7 degrees at 500 mm."""
GEOMETRY = (Path(__file__).parent / "geometry.js").read_text(encoding="utf-8")


def test_the_sample_holds_every_pair_of_choices(samples: Mapping[str, ScreenView]) -> None:
    sample = {(*look, name) for look, half in SAMPLE.items() for name in list(samples)[half::2]}
    whole = {(*look, name) for look in WHOLE for name in samples}
    for one, other in combinations(range(5), 2):
        assert {(each[one], each[other]) for each in sample} == {(each[one], each[other]) for each in whole}
    largest = {(name, shape) for _, size, _, shape, name in sample if size == 150}
    assert largest == set(product(samples, (UPRIGHT, LYING)))


@pytest.mark.parametrize(("language", "size", "contrast", "shape"), WHOLE if ALL else SAMPLE)
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
    for name in samples if ALL else list(samples)[SAMPLE[language, size, contrast, shape] :: 2]:
        view = samples[name]
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


@pytest.mark.parametrize("shape", [UPRIGHT, LYING])
def test_the_longest_notice_of_what_is_read_fits(
    samples: Mapping[str, ScreenView], served: Any, open_in: Callable[..., Page], shape: tuple[int, int]
) -> None:
    page = open_in(shape)
    changed = {"internal_key": served.config.session_key, "port": served.config.port + 1}
    other = type(served)(desk=served.desk, config=served.config.model_copy(update=changed))
    other.start()
    try:
        for language, name in product(("vi", "en"), ("attract", "attract_hint")):
            served.desk.show(replace(samples[name], version=0))
            page.goto(f"{other.address}/?lang={language}&size=150")
            page.wait_for_function("document.fonts.ready.then(() => true)")
            found = page.evaluate(GEOMETRY, measures(other.config.mm_per_px))
            keep(page, f"notice-{name}-{language}-{'upright' if shape == UPRIGHT else 'lying'}")
            assert not {kind: fault for kind, fault in found.items() if fault}, name
    finally:
        page.goto("about:blank")
        other.stop()


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
