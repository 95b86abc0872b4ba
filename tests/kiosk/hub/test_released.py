"""Released files: what is for all, and what is for one clinic alone."""

from http import HTTPStatus
from pathlib import Path

import pytest
from flask import Flask

from kiosk.hub.joining_views import CLIENT
from kiosk.hub.releases import releases_blueprint

NAME = f"{'0' * 64}.whole.pack"


def shown(folder: Path, place: str, client: str | None, *, behind_proxy: bool = True) -> int:
    path = folder / "targets" / place / NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    app = Flask("released")
    app.register_blueprint(releases_blueprint(folder, behind_proxy=behind_proxy))
    headers = {} if client is None else {CLIENT: client}
    return app.test_client().get(f"/v1/releases/targets/{place}/{NAME}", headers=headers, buffered=True).status_code


@pytest.mark.parametrize("place", ["roster/36001", "config/36001", "roster/TYT-01"])
def test_a_clinics_own_files_are_shown_to_it_alone(tmp_path: Path, place: str) -> None:
    own = place.partition("/")[2]
    assert shown(tmp_path, place, f"{own}/desk-1") == HTTPStatus.OK
    for client in ("36002/desk-1", f"x{own}/desk-1", f"/{own}", "", None):
        assert shown(tmp_path, place, client) == HTTPStatus.NOT_FOUND
    assert shown(tmp_path, place, None, behind_proxy=False) == HTTPStatus.OK


def test_what_is_for_all_is_shown_to_all(tmp_path: Path) -> None:
    assert shown(tmp_path, "trust", "36002/desk-1") == HTTPStatus.OK
    assert shown(tmp_path, "roster/36001/more", "36001/desk-1") == HTTPStatus.NOT_FOUND
