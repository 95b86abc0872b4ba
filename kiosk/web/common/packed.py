"""Styles and scripts, compressed once when the process starts.

Only these: they hold no secret. A page holds tokens beside what people typed, and the length of its compressed form
could tell about them (BREACH), so pages leave as they are.
"""

import gzip
from functools import cache
from pathlib import Path

from flask import Flask, Response, request

_KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}


def add_packed(app: Flask) -> None:
    """Let the app's styles and scripts go out compressed to browsers that take that; to be called after the door."""
    packed = _packed(Path(app.static_folder or ""))

    @app.before_request
    def give() -> Response | None:
        name = (request.view_args or {}).get("filename") if request.endpoint == "static" else None
        content = packed.get(name or "")
        if content is None or not request.accept_encodings.quality("gzip"):
            return None
        headers = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        return Response(content, content_type=_KINDS[Path(str(name)).suffix], headers=headers)


@cache
def _packed(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.suffix in _KINDS)
    return {path.relative_to(folder).as_posix(): gzip.compress(path.read_bytes(), mtime=0) for path in files}
