"""The call screen's app: the page for a television, the part of it that changes, and the clips that it plays."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

from flask import Flask, Response, make_response, render_template
from flask_babel import force_locale

from kiosk.audio.clips import Clips
from kiosk.call_config import CallConfig
from kiosk.domain.route import Clinic
from kiosk.domain.tickets import VIETNAM_TIME
from kiosk.services.calls import CallBoard, Heard
from kiosk.web.common.door import bound_rate
from kiosk.web.common.factory import base_app
from kiosk.web.common.preferences import Preferences, use_preferences
from kiosk.web.common.sounds import add_sounds
from kiosk.web.common.voice import Own, Said, Voice, said

_PER_SECOND, _BURST = 20.0, 400
"""Of one television: it asks every second or two, and fetches a clip for each word of a call."""
SHOWN = 5
"""How many calls stand on the screen: the latest, large, and those before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A call on the screen, with its place in both languages, and the clips that say it."""

    seq: int
    number: int
    time: str
    name_vi: str
    name_en: str
    place_vi: str
    place_en: str
    clips: str


def create_call_app(board: CallBoard, config: CallConfig) -> Flask:
    """The app of the call screen; it takes nothing from anybody.

    :param board: the calls as they were last heard of.
    """
    # No page here has a form, so the key of its session signs nothing that would have to outlive the process.
    key = os.urandom(32)
    app = base_app(
        "call", host=config.host, port=config.port, session_key=key, camera=False, sound=True, public=config.public_name
    )
    bound_rate(app, per_second=_PER_SECOND, burst=_BURST)
    clips = Clips(config.speech_clips)
    speaker = _Speaker(Voice(clips), config)
    add_sounds(app, clips)

    def shown(template: str) -> Response:
        calls = [speaker.shown(call) for call in board.calls[:SHOWN]]
        use_preferences(Preferences(contrast=config.contrast))
        now = datetime.now(UTC).astimezone(VIETNAM_TIME).strftime("%H:%M")
        words = {"clinic": config.clinic, "config": config, "now": now}
        return make_response(render_template(template, calls=calls, fresh=board.is_fresh, **words))

    @app.get("/")
    def show() -> Response:
        return shown("call/page.html")

    @app.get("/calls")
    def calls() -> Response:
        return shown("call/calls.html")

    @app.get("/health")
    def health() -> Response:
        return Response(status=HTTPStatus.NO_CONTENT)

    return app


class _Speaker:
    def __init__(self, voice: Voice, config: CallConfig) -> None:
        self._voice, self._config = voice, config

    def shown(self, call: Heard) -> Shown:
        clinic = self._config.clinic
        name_vi, name_en, place_vi, place_en = _place(clinic, call.room_id)
        return Shown(
            seq=call.seq,
            number=call.number,
            time=call.time,
            name_vi=name_vi,
            name_en=name_en,
            place_vi=place_vi,
            place_en=place_en,
            clips=self._clips(_said(clinic, call)),
        )

    def _clips(self, phrases: tuple[Said, ...]) -> str:
        """The clips in each language that is spoken, each with its language before it."""
        if self._config.speech == "off":
            return ""
        names: list[str] = []
        for language in self._config.speech_languages:
            use_preferences(Preferences(language=language))
            with force_locale(language):
                names += [f"{language}:{name}" for name in self._voice.clips(phrases).split()]
        return " ".join(names)


def _said(clinic: Clinic, call: Heard) -> tuple[Said, ...]:
    if call.room_id is None:
        return (said("call.said.desk", number=call.number, desk=clinic.desk),)
    name_vi, name_en, place_vi, place_en = _place(clinic, call.room_id)
    room = (Own(vi=name_vi, en=name_en), Own(vi=place_vi, en=place_en))
    return (said("call.said.room", number=call.number), *room)


def _place(clinic: Clinic, room_id: str | None) -> tuple[str, str, str, str]:
    """Name and place of where a call leads, in both languages."""
    if room_id is None:
        return f"Quầy số {clinic.desk}", f"Desk {clinic.desk}", "", ""
    room = clinic.room_or_bare(room_id)
    return room.name_vi, room.name_en, room.place_vi, room.place_en
