"""The patient's app: the page, the news that it waits for, and the taps that it sends."""

import secrets
from collections.abc import Callable
from threading import BoundedSemaphore

from flask import Flask

from idcard import ConfigurationError
from kiosk.audio.clips import Clips
from kiosk.config import PatientConfig
from kiosk.services.parts import ScannerHealth
from kiosk.services.view import PatientScreens
from kiosk.web.common.factory import base_app, read_session_key
from kiosk.web.common.serving import LONG_POLLS
from kiosk.web.common.sounds import add_sounds
from kiosk.web.common.voice import Voice
from kiosk.web.patient.assisted import add_assisted
from kiosk.web.patient.closed import add_closed_page
from kiosk.web.patient.measures import add_measures
from kiosk.web.patient.page import Page
from kiosk.web.patient.taps import FRAME_LIMIT, SCAN_LIMIT, add_taps
from kiosk.web.patient.views import add_views


def create_patient_app(
    desk: PatientScreens | None,
    config: PatientConfig,
    trust_problem: ConfigurationError | None = None,
    scanner: ScannerHealth | None = None,
    helped: Callable[[], bool] | None = None,
) -> Flask:
    """The app of one kiosk's patient screen.

    :param desk: the visit at this kiosk; None where a problem keeps all visits out.
    :param trust_problem: why no visit can be served, or None; then every page is a 503 that shows the way to the desk.
    :param scanner: who is told how a scanner does that types into the page, if anybody.
    :param helped: whether a clerk helps here now, where the pages are there only then; None: they always are.
    :raises ConfigurationError: when the session key cannot be used.
    """
    key = read_session_key(config.session_key)
    app = base_app(
        "patient",
        host=config.host,
        port=config.port,
        session_key=key,
        camera=trust_problem is None,
        limits={"camera": FRAME_LIMIT, "scan": SCAN_LIMIT},
        sound=True,
    )
    boot, waiting = secrets.token_hex(4), BoundedSemaphore(LONG_POLLS)
    clips = Clips(config.speech_clips)
    page = Page(screens=desk, config=config, boot=boot, waiting=waiting, scanner=scanner, voice=Voice(clips))
    add_sounds(app, clips)
    add_measures(app, config.mm_per_px)
    if trust_problem is not None:
        add_closed_page(app, page, trust_problem)
    else:
        if helped is not None:
            add_assisted(app, helped)
        add_views(app, page)
        add_taps(app, page)
    return app
