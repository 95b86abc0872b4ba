"""The ways to show a page go round."""

from kiosk.web.common.preferences import CONTRASTS, LANGUAGES, SIZES, Preferences, current_preferences


def test_sizes_go_round() -> None:
    preferences = Preferences()
    seen = [preferences.size]
    for _ in range(len(SIZES) - 1):
        preferences = preferences.bigger
        seen.append(preferences.size)
    assert tuple(seen) == SIZES
    assert preferences.bigger.size == SIZES[0]


def test_there_and_back() -> None:
    preferences = Preferences()
    assert preferences.other_language.language == LANGUAGES[1]
    assert preferences.other_contrast.contrast == CONTRASTS[1]
    assert preferences.other_language.other_language == preferences
    assert preferences.other_contrast.other_contrast == preferences


def test_a_query_carries_them() -> None:
    preferences = Preferences(language="en", size=150, contrast="high")
    assert Preferences.from_query({name: str(value) for name, value in preferences.query.items()}) == preferences


def test_outside_a_request_they_are_the_default() -> None:
    assert current_preferences() == Preferences()
