"""One snapshot of the visit made into HTML: the whole page, or the part of it that changes."""

from dataclasses import dataclass
from http import HTTPStatus
from threading import BoundedSemaphore
from typing import Any

from flask import Response, make_response, render_template, request

from kiosk.config import PatientConfig
from kiosk.domain.flow import Screen
from kiosk.services.parts import ScannerHealth
from kiosk.services.view import PatientScreens, ScreenView
from kiosk.web.common.preferences import Preferences, current_preferences, use_preferences
from kiosk.web.common.voice import Voice
from kiosk.web.patient.sessions import begin_session
from kiosk.web.patient.spoken import STEPS, hint_of, room_words, said, spoken

QR_SCREENS = frozenset(
    {Screen.ATTRACT, Screen.CHILD, Screen.DIGITS, Screen.PLACE_CARD, Screen.SHOW_QR, Screen.STILL_THERE}
)
"""Where the QR of a card is of use, so that the camera may look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What every view of the patient's app needs.

    ``boot`` names this run of the process: a page from an earlier run loads itself again. ``waiting`` bounds the pages
    that wait for news, because each holds a thread. ``scanner`` is told how one does that types.
    """

    screens: PatientScreens | None
    config: PatientConfig
    boot: str
    waiting: BoundedSemaphore
    voice: Voice
    scanner: ScannerHealth | None = None

    @property
    def desk(self) -> PatientScreens:
        """The visit; there is one wherever a page asks for it."""
        if self.screens is None:
            raise RuntimeError("a closed kiosk has no visit")
        return self.screens

    def whole(self, view: ScreenView) -> Response:
        """The page, for a browser that has none yet."""
        self._turn(view)
        status = HTTPStatus.SERVICE_UNAVAILABLE if view.screen is Screen.CLOSED else HTTPStatus.OK
        return make_response(render_template("patient/page.html", **self._context(view)), status)

    def part(self, view: ScreenView) -> Response:
        """The part that changes, for the page that shows the screen named in the query ``shown``."""
        self._turn(view)
        return make_response(render_template("patient/part.html", **self._context(view)))

    def _turn(self, view: ScreenView) -> None:
        """Begin anew with the next person: language, type and session of the last one end."""
        begin_session(view.visit)
        if view.screen is Screen.ATTRACT and request.args.get("shown", Screen.ATTRACT) != Screen.ATTRACT:
            use_preferences(Preferences())

    def _context(self, view: ScreenView) -> dict[str, Any]:
        qr_lane = view.camera != "none" or self.config.scanner != "none"
        clinic = self.config.clinic
        return {
            "phrases": spoken(view, desk=clinic.desk, hotline=bool(clinic.hotline), qr_lane=qr_lane),
            "hint_phrases": hint_of(view),
            "voice": self.voice,
            "said": said,
            "room_words": room_words,
            "config": self.config,
            "view": view,
            "clinic": clinic,
            "reader": self.config.reader_position,
            "boot": self.boot,
            "camera": "on" if view.camera == "browser" and view.screen in QR_SCREENS else "off",
            "wedge": "on" if self.config.scanner == "wedge" and view.screen in QR_SCREENS else "off",
            "qr_lane": qr_lane,
            "steps": STEPS,
            "query": current_preferences().query | {"shown": view.screen.value},
        }
