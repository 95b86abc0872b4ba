"""The picture over a real store: officers, a browser that has no script, and a small invented province."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kiosk.hub.config import HubConfig
from kiosk.hub.picture.accounts import Officers
from kiosk.hub.picture.config import PictureConfig
from kiosk.hub.picture.roles import OfficerRole
from kiosk.hub.picture.sessions import Logins
from kiosk.hub.picture.web.app import create_picture_app
from kiosk.hub.store.database import HubDatabase

# A Monday, 08:02 at the clinics.
NOW = datetime(2026, 11, 23, 1, 2, tzinfo=UTC)
PASSWORD = "chiều qua bến cũ"
PORT = 8908
OWN = {"Host": f"127.0.0.1:{PORT}", "Origin": f"http://127.0.0.1:{PORT}"}
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@dataclass(kw_only=True)
class Picture:
    """The picture's app over a store; the test sets its clocks."""

    database: HubDatabase
    config: PictureConfig = field(default_factory=lambda: PictureConfig(port=PORT))
    now: datetime = NOW
    ticks: float = 0.0
    officers: Officers = field(init=False)
    app: Flask = field(init=False)

    def __post_init__(self) -> None:
        self.officers = Officers(self.database, lambda: self.now, hasher=CHEAP)
        logins = Logins(self.officers, idle_s=900, now=lambda: self.ticks)
        hub = HubConfig(mode="demo", keys=Path("keys"), store=Path("hub.db"), port=8907, picture=self.config)
        self.app = create_picture_app(self.database, hub, self.config, logins, lambda: self.now)

    def later(self, **by: float) -> None:
        step = timedelta(**by)
        self.now += step
        self.ticks += step.total_seconds()

    def somebody(self, role: OfficerRole = OfficerRole.OFFICER, sign: str = "ha.tran") -> "Browser":
        """A browser at which an officer of this role is logged in."""
        self.officers.add(sign, role, PASSWORD, by="test")
        browser = Browser(self.app.test_client())
        assert browser.log_in(sign).status_code == 303
        return browser


class Browser:
    """A browser without script: it sends a form with the token of the page that it is on."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, headers=OWN | headers)

    def post(self, path: str, *, seen: str = "/login", **fields: Any) -> TestResponse:
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.get(seen).text)
        assert token
        return self.client.post(path, headers=OWN, data=fields | {"csrf_token": token[1]})

    def log_in(self, sign: str, password: str = PASSWORD) -> TestResponse:
        return self.post("/login", sign=sign, password=password)


@pytest.fixture
def picture(hub: Any) -> Picture:
    """The picture over an empty store of each kind."""
    return Picture(database=hub.database)


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store with all tables, in a file to be copied."""
    path = tmp_path_factory.mktemp("empty") / "hub.db"
    database = HubDatabase.open(f"sqlite:///{path}")
    database.migrate()
    database.close()
    return path


@pytest.fixture
def on_sqlite(tmp_path: Path, empty_store: Path) -> Iterator[Picture]:
    """The picture over an empty store in a file."""
    shutil.copy(empty_store, tmp_path / "hub.db")
    database = HubDatabase.open(f"sqlite:///{tmp_path / 'hub.db'}")
    yield Picture(database=database)
    database.close()
