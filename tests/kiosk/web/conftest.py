"""The patient's app over a desk that shows one given snapshot and records which calls reached it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from kiosk.config import PatientConfig
from kiosk.insurance.roster.delivery import describe
from kiosk.insurance.roster.importing import Own, Target, import_roster
from kiosk.insurance.roster.lines import COLUMNS
from kiosk.keys import PersonTags, create_secret, load_secret
from kiosk.services.parts import ScannerHealth
from kiosk.services.view import Call, OtherVisit, ScreenView
from kiosk.web.patient import create_patient_app

OWN = "http://127.0.0.1:8000"


class Compiled(BytecodeCache):
    """Templates that an earlier app of this process compiled, by their path and content."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


@pytest.fixture(scope="session", autouse=True)
def compiled_templates() -> Iterator[None]:
    """Each test has an app of its own; most of its time would go into compiling the same templates again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "jinja_options", Flask.jinja_options | {"bytecode_cache": Compiled()})
        yield


class ShownView:
    """A view provider: it shows what it was given, and notes the calls. It knows no rule of a visit."""

    def __init__(self, shown: ScreenView) -> None:
        self.shown = shown
        self.calls: list[str] = []
        self.image: bytes | None = None

    def view(self) -> ScreenView:
        return self.shown

    def wait(self, after: int, timeout_s: float) -> ScreenView:
        return self.shown

    @contextmanager
    def in_visit(self, visit: str) -> Iterator[None]:
        if visit != self.shown.visit:
            raise OtherVisit
        yield

    def type_digits(self, digits: str, tries_left: int | None = None) -> None:
        if len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
            raise ValueError("six digits")
        self.calls.append("type_digits")

    def show_image(self, image: bytes, visit: str | None = None) -> None:
        if visit != self.shown.visit:
            raise OtherVisit
        self.calls.append(f"show_image {len(image)}")

    def show_code(self, scanned: str, visit: str | None = None) -> None:
        if visit != self.shown.visit:
            raise OtherVisit
        self.calls.append(f"show_code {len(scanned)}")

    def choose_room(self, room_id: str) -> None:
        if room_id not in {room.id for room in self.shown.rooms}:
            raise ValueError("no such room")
        self.calls.append(f"choose_room {room_id}")

    def for_child(self) -> None:
        self.calls.append("for_child")

    def agree(self) -> None:
        self.calls.append("agree")

    def disagree(self) -> None:
        self.calls.append("disagree")

    def no_qr(self) -> None:
        self.calls.append("no_qr")

    def no_card(self) -> None:
        self.calls.append("no_card")

    def not_me(self) -> None:
        self.calls.append("not_me")

    def stop(self) -> None:
        self.calls.append("stop")

    def print_ticket(self) -> None:
        self.calls.append("print_ticket")

    def acknowledge(self) -> None:
        self.calls.append("acknowledge")

    def more_time(self) -> None:
        self.calls.append("more_time")

    def touch(self) -> None:
        self.calls.append("touch")

    def call_staff(self, what: Call) -> None:
        self.calls.append(f"call_staff {what}")

    def ticket_image(self) -> bytes | None:
        return self.image


class OwnPage(FlaskClient):
    """A client that calls the server by its own name, with the headers that its own page sends."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        kwargs.setdefault("base_url", OWN)
        return super().open(*args, **kwargs)


Open = Callable[..., tuple[Flask, FlaskClient, ShownView]]


@pytest.fixture
def open_page(page_config: PatientConfig) -> Open:
    """Opens the patient's app on a snapshot: the app, a client that behaves as its own page, and the desk."""

    def open_app(shown: ScreenView, scanner: ScannerHealth | None = None) -> tuple[Flask, FlaskClient, ShownView]:
        desk = ShownView(shown)
        app = create_patient_app(desk, page_config, scanner=scanner)
        app.test_client_class = OwnPage
        client = app.test_client()
        client.environ_base |= {"HTTP_ORIGIN": OWN, "HTTP_SEC_FETCH_SITE": "same-origin", "HTTP_X_VISIT": shown.visit}
        return app, client, desk

    return open_app


@dataclass
class Reception:
    """A staff desk with a roster that an insurer delivers, names included, and all pages over it."""

    desk: Any
    folder: Path
    key: X25519PrivateKey
    online: Any = None
    delivered: int = 0

    def deliver(self, *lines: dict[str, str]) -> None:
        """A roster of these people, or a delta with these changes."""
        self.delivered += 1
        file = self.folder / f"v{self.delivered}.csv"
        usual = {"status": "row", "valid_from": "2026-01-01", "benefit": "4", "home_clinic": "79999"}
        rows = [",".join((usual | line).get(column, "") for column in COLUMNS) for line in lines]
        file.write_text("\n".join((",".join(COLUMNS), *rows)) + "\n", "utf-8")
        base = f"v{self.delivered - 1}" if self.delivered > 1 else None
        at = datetime(2026, 11, 22, 23, tzinfo=UTC)
        describe(file, version=f"v{self.delivered}", sequence=self.delivered, as_of=at, base=base, key=None)
        own = Own(clinics=frozenset({"79999"}), public_key=self.key.public_key())
        tags = PersonTags(load_secret(self.folder / "roster.key"))
        import_roster(file, Target(roster=self.folder / "roster.db", tags=tags, own=own))

    def open(self) -> None:
        """Put the pages over the roster that was delivered."""
        self.parts, self.others = self.desk.others(self.folder / "roster.db", self.folder / "roster.key", self.online)
        self.desk.staff.admission._roster = self.parts.roster
        self.desk.with_form = "/arrivals/papers"
        self.desk.client = self.desk.log_in(self.desk.app(others=self.others))

    @property
    def work(self) -> list[tuple[str, str, str]]:
        """Field, grade and state of what is to be put right."""
        return [(row.field.value, row.grade, row.state.value) for row in self.parts.worklist.rows()]


@pytest.fixture
def reception(desk: Any, tmp_path: Path) -> Reception:
    create_secret(tmp_path / "roster.key")
    return Reception(desk=desk, folder=tmp_path, key=desk.private)
