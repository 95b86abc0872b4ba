"""What devices ask the hub, in OpenAPI 3.1: committed as ``docs/hub-openapi.json``, and compared with the app.

After a change, write ``docs/hub-openapi.json`` anew from :func:`as_json`. Bodies are CBOR, which no schema language
describes; what is in them stands in ``docs/hub.md`` and ``docs/enrolment.md``.
"""

import json
from typing import Any, Final

from kiosk.wire.batch import BATCH_LIMIT, MEDIA_TYPE
from kiosk.wire.joining import AUTHORITY_PATH, JOIN_PATH, JOINING_LIMIT, JOINING_TYPE, LATE_PATH, RENEW_PATH

EVENTS_PATH: Final = "/v1/events"
HEALTH_PATH: Final = "/v1/health"
RELEASES_PATH: Final = "/v1/releases/{path}"

_WORDS: Final = {
    "400": "The request is not in its form.",
    "401": "Nobody is known who signed this, or whose certificate was shown.",
    "403": "Whoever asks is not let in, or not any more.",
    "404": "Nothing is released under this path.",
    "413": "The body is too large, as it came or unpacked.",
    "415": "The body is of another type, or packed in another way.",
    "429": "Too much at once; Retry-After says when to come again.",
    "500": "A fault of the hub.",
    "503": "The store cannot be used now; Retry-After says when to come again.",
}
_RETRY: Final = {
    "Retry-After": {"schema": {"type": "integer", "minimum": 1}, "description": "Seconds.", "required": True}
}


def _bytes(kind: str, most: int, what: str) -> dict[str, Any]:
    return {kind: {"schema": {"type": "string", "format": "binary", "maxLength": most, "description": what}}}


def _error(code: str) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": _WORDS[code],
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    }
    return answer | ({"headers": _RETRY} if code in ("429", "503") else {})


def _answers(well: dict[str, Any], *errors: str) -> dict[str, Any]:
    return {"200": {"description": "The answer."} | well, **{code: _error(code) for code in sorted({*errors, "500"})}}


def _joining(summary: str, what: str, **more: Any) -> dict[str, Any]:
    body = {"required": True, "content": _bytes(JOINING_TYPE, JOINING_LIMIT, what)}
    grant = {"content": _bytes(JOINING_TYPE, 1 << 18, "A grant.")}
    answers = _answers(grant, "400", "401", "403", "413", "415", "429", "503")
    return {"post": {"summary": summary, "requestBody": body, "responses": answers, **more}}


def _header(name: str, description: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "header", "description": description, "schema": {"type": "string", **schema}}


_PACKED: Final = _header("Content-Encoding", "How the body is packed.", enum=["identity", "gzip", "deflate"])
_PATH: Final = {
    **{"name": "path", "in": "path", "required": True},
    "description": "Such as metadata/timestamp.json; slashes are as they are.",
    "schema": {"type": "string"},
}
_FILE: Final = {
    "content": _bytes("application/octet-stream", 1 << 26, "A signed list, or a released file."),
    "headers": {
        "Cache-Control": {"schema": {"type": "string"}, "description": "A file never changes; the newest list does."}
    },
}

DESCRIPTION: Final[dict[str, Any]] = {
    "openapi": "3.1.0",
    "info": {
        "title": "kiosk hub",
        "version": "1",
        "summary": "What a clinic's devices send to the hub of their province, and fetch from it.",
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    },
    "servers": [{"url": "https://hub.example"}],
    "security": [{"certificate": []}],
    "paths": {
        EVENTS_PATH: {
            "post": {
                "summary": "Sends a signed batch of events, heartbeats and ends of audit chains.",
                "parameters": [_PACKED],
                "requestBody": {"required": True, "content": _bytes(MEDIA_TYPE, BATCH_LIMIT, "A signed batch.")},
                "responses": _answers(
                    {"content": _bytes(MEDIA_TYPE, BATCH_LIMIT, "What is settled, and what is missing.")},
                    *("400", "401", "403", "413", "415", "429", "503"),
                ),
            }
        },
        HEALTH_PATH: {
            "get": {
                "summary": "Whether an event could be stored now.",
                "responses": _answers(
                    {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Health"}}}}, "503"
                ),
            }
        },
        AUTHORITY_PATH: {
            "get": {
                "summary": "The certificate of the hub's authority, DER: judged by the mark in a joining code.",
                "security": [],
                "responses": _answers({"content": _bytes("application/pkix-cert", 4096, "DER.")}),
            }
        },
        JOIN_PATH: _joining(
            "Asks to be let in; asked again with the same bytes.", "A request with a code.", security=[]
        ),
        LATE_PATH: _joining("Renews a certificate that has run out.", "A signed request.", security=[]),
        RENEW_PATH: _joining("Renews a certificate that is good.", "A signed request."),
        RELEASES_PATH: {
            "get": {
                "summary": "A file of the releases: see docs/releases.md.",
                "parameters": [_PATH],
                "responses": _answers(_FILE, "404"),
            }
        },
    },
    "components": {
        "securitySchemes": {"certificate": {"type": "mutualTLS", "description": "Of the hub's own authority."}},
        "schemas": {
            "Error": {
                "type": "object",
                "properties": {"error": {"type": "string", "pattern": "^[a-z_]{1,40}$"}},
                "required": ["error"],
                "additionalProperties": False,
            },
            "Health": {
                "type": "object",
                "properties": {"status": {"const": "ok"}},
                "required": ["status"],
                "additionalProperties": False,
            },
        },
    },
}


def as_json() -> str:
    """The description as it is committed."""
    return json.dumps(DESCRIPTION, indent=2, ensure_ascii=False) + "\n"
