"""Releases as plain files, for a hub whose web server does not show them itself: ``/v1/releases/``.

They are signed, and nothing in them is secret, but they are shown to nobody who asks for a list. A file that bears its
version or its hash in its name never changes; only ``timestamp.json`` does.
"""

import re
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, abort, send_file

_LIST = re.compile(r"metadata/(?:timestamp|\d{1,9}\.[a-z]{1,32})\.json")
_FILE = re.compile(r"targets/(?:[a-z0-9][a-z0-9-]{0,31}/){1,2}[0-9a-f]{64}\.[a-z0-9][a-z0-9.-]{0,95}")
_NEVER_CHANGES: Final = "public, max-age=31536000, immutable"


def releases_blueprint(folder: Path) -> Blueprint:
    """What shows the files in this folder, as :class:`kiosk.releases.repository.Repository` lays them out."""
    blueprint = Blueprint("releases", __name__, url_prefix="/v1/releases")

    @blueprint.get("/<path:path>")
    def released(path: str) -> Response:
        if not (_LIST.fullmatch(path) or _FILE.fullmatch(path)):
            abort(404)
        place = folder / path
        if not place.is_file():
            abort(404)
        response = send_file(place.resolve(), mimetype="application/octet-stream", conditional=True, etag=True)
        response.cache_control.clear()
        response.headers["Cache-Control"] = "no-cache" if path.endswith("timestamp.json") else _NEVER_CHANGES
        return response

    return blueprint
