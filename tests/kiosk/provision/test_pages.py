"""What the page for whoever installs a kiosk shows is what the kit does."""

import html
from pathlib import Path

import pytest

from kiosk.provision.files import files_of, packages_of
from kiosk.provision.machine import Machine, machine_of
from kiosk.provision.settings import KitSettings, Profile


@pytest.fixture
def example(root: Path) -> Machine:
    return machine_of(Profile.PATIENT, root / "docs" / "assets" / "kit-example", root / "docs" / "assets")


def test_the_picture_of_the_dry_run_shows_every_file(root: Path, example: Machine) -> None:
    drawn = (root / "docs" / "assets" / "provision-dry-run.svg").read_text("utf-8")
    shown = html.unescape(drawn).replace("\xa0", " ")
    missing = [str(file.path) for file in files_of(example) if str(file.path) not in shown]
    assert not missing, "draw it again: script/draw-provision"
    assert all(package in shown for package in packages_of(example))


def test_the_pictures_fetch_nothing(root: Path) -> None:
    for picture in ("provision-dry-run", "kit-machine", "kit-start", "kit-upgrade"):
        drawn = (root / "docs" / "assets" / f"{picture}.svg").read_text("utf-8")
        assert "url(http" not in drawn
        assert "href=" not in drawn


def test_every_setting_of_the_kit_is_in_the_page(root: Path) -> None:
    page = (root / "docs" / "kiosk-install.md").read_text("utf-8")
    whole = KitSettings()
    for name in KitSettings.model_fields:
        inner = getattr(type(getattr(whole, name)), "model_fields", {name: None})
        assert all(setting in page for setting in inner), name
