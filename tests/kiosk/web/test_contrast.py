"""The contrasts of the tokens, computed again: 7:1 and more for words, 3:1 for edges of controls."""

import re
from pathlib import Path

import pytest

from kiosk.web.common.factory import WEB

CSS = WEB / "static" / "css"
WORDS = 7.0
EDGES = 3.0
NORMAL = [
    ("ink", "paper"), ("ink", "card"), ("ink", "paper-deep"), ("ink", "leaf-tint"), ("ink", "sun-tint"),
    ("ink", "clay-tint"), ("ink", "sun"), ("ink-soft", "paper"), ("ink-soft", "card"), ("ink-soft", "paper-deep"),
    ("leaf-deep", "paper"), ("leaf-deep", "card"), ("leaf-deep", "leaf-tint"), ("on-leaf", "leaf"),
    ("on-leaf", "leaf-deep"), ("on-sun", "sun"), ("clay", "clay-tint"), ("clay", "card"), ("clay", "paper"),
]  # fmt: skip
BOUNDS = [("edge", "paper"), ("edge", "card"), ("edge", "paper-deep"), ("leaf", "paper"), ("clay", "clay-tint")]


def tokens(selector: str) -> dict[str, str]:
    """The colours that a rule of the tokens sets."""
    text = (CSS / "tokens.css").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for block in re.findall(re.escape(selector) + r"\s*\{([^}]*)\}", text):
        found |= dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})\b", block))
    return found


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_scale_is_the_known_one() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", [":root", ':root[data-contrast="high"]'])
@pytest.mark.parametrize(("pairs", "least"), [(NORMAL, WORDS), (BOUNDS, EDGES)], ids=["words", "edges"])
def test_every_pair_reaches_its_contrast(theme: str, pairs: list[tuple[str, str]], least: float) -> None:
    colours = tokens(":root") | (tokens(theme) if theme != ":root" else {})
    high = theme != ":root"
    # In high contrast the page's ink is never put on the yellow: what stands there has a token of its own.
    used = [pair for pair in pairs if not (high and pair == ("ink", "sun"))]
    poor = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in used}
    assert not {pair: ratio for pair, ratio in poor.items() if ratio < least}


def test_high_contrast_is_black_white_and_one_yellow() -> None:
    colours = set(tokens(':root[data-contrast="high"]').values())
    assert len(colours) == 3
    assert {"#000000", "#ffffff"} <= colours


def test_colours_stand_in_the_tokens_and_nowhere_else() -> None:
    allowed = {"tokens.css", "print.css", "pictures.css", "contrast.css"}
    strays = {
        path.name: found
        for path in Path(CSS).glob("*.css")
        if path.name not in allowed and (found := re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;\s])", path.read_text("utf-8")))
    }
    assert not strays
