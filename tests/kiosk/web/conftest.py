"""The patient's app over a desk that shows one given snapshot and records which calls reached it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kiosk.config import PatientConfig
from kiosk.services.parts import ScannerHealth
from kiosk.services.view import Call, OtherVisit, ScreenView
from kiosk.web.patient import create_patient_app

OWN = "http://127.0.0.1:8000"


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

    def type_digits(self, digits: str) -> None:
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

    def no_qr(self) -> None:
        self.calls.append("no_qr")

    def no_card(self) -> None:
        self.calls.append("no_card")

    def not_me(self) -> None:
        self.calls.append("not_me")

    def stop(self) -> None:
        self.calls.append("stop")

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
