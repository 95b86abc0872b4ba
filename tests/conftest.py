"""What all tests share: how hypothesis searches, and the marks that folders give."""

import os
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.database import DirectoryBasedExampleDatabase

ROOT = Path(__file__).parents[1]

# No deadline: a machine shared by others is slow at times. On the build server the same examples each time.
settings.register_profile(
    "house",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    database=None if os.environ.get("CI") else DirectoryBasedExampleDatabase(ROOT / "build" / "hypothesis"),
)
settings.load_profile("house")

MARKS = {ROOT / "tests" / "e2e": pytest.mark.e2e, ROOT / "tests" / "kiosk" / "browser": pytest.mark.browser}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for folder, mark in MARKS.items():
            if folder in item.path.parents:
                item.add_marker(mark)


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT
