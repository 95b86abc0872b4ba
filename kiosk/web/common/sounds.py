"""The clips that the page plays; none of them knows a person."""

from http import HTTPStatus

from flask import Flask, Response, abort

from kiosk.audio.clips import Clips


def add_sounds(app: Flask, clips: Clips) -> None:
    """Give the app its clips."""

    @app.get("/speech/<language>/<clip>.opus")
    def clip(language: str, clip: str) -> Response:
        file = clips.file(language, clip)
        if file is None:
            abort(HTTPStatus.NOT_FOUND)
        return Response(file.read_bytes(), mimetype="audio/ogg")
