"""Releases as plain files: ``/v1/releases/``.

They are signed. What is for all is no secret; a clinic's own files, its roster among them, are shown to that clinic
alone, where a proxy says who asks. Nobody is shown a list. A file that bears its version or its hash in its name never
changes; only ``timestamp.json`` does.
"""

import re
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, abort, request, send_file

from kiosk.hub.joining_views import CLIENT

_LIST = re.compile(r"metadata/(?:timestamp|\d{1,9}\.[a-z]{1,32})\.json")
_FOR_ALL = re.compile(r"targets/[a-z]{1,32}/[0-9a-f]{64}\.[a-z0-9][a-z0-9.-]{0,95}")
_OWN = re.compile(
    r"targets/[a-z]{1,32}/(?P<clinic>[A-Za-z0-9][A-Za-z0-9._-]{0,31})/[0-9a-f]{64}\.[a-z0-9][a-z0-9.-]{0,95}"
)
_NEVER_CHANGES: Final = "public, max-age=31536000, immutable"


def releases_blueprint(folder: Path, *, behind_proxy: bool) -> Blueprint:
    """What shows the files in this folder, as :class:`kiosk.releases.repository.Repository` lays them out.

    :param behind_proxy: a proxy says whose request it is; else, in a trial, nobody knows, and all is shown to all.
    """
    blueprint = Blueprint("releases", __name__, url_prefix="/v1/releases")

    @blueprint.get("/<path:path>")
    def released(path: str) -> Response:
        own = _OWN.fullmatch(path)
        if not (own or _LIST.fullmatch(path) or _FOR_ALL.fullmatch(path)):
            abort(404)
        if own and behind_proxy and request.headers.get(CLIENT, "").partition("/")[0] != own["clinic"]:
            abort(404)
        place = folder / path
        if not place.is_file():
            abort(404)
        response = send_file(place.resolve(), mimetype="application/octet-stream", conditional=True, etag=True)
        response.cache_control.clear()
        response.headers["Cache-Control"] = "no-cache" if path.endswith("timestamp.json") else _NEVER_CHANGES
        return response

    return blueprint
