"""The service's description in OpenAPI 3.1: served, committed as ``docs/openapi.json``, and compared with the app.

After a change, write ``docs/openapi.json`` anew from :func:`as_json`.
"""

import json
from typing import Any, Final

from idcard.identity import Sex
from idcard.verification.facts import FactName, Outcome, Reason, Rung
from idcard.verification.provenance import ChallengeFrom


def _object(properties: dict[str, Any], required: list[str] | None = None, **more: Any) -> dict[str, Any]:
    names = list(properties) if required is None else required
    return {"type": "object", "properties": properties, "required": names, "additionalProperties": False, **more}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _text(description: str = "") -> dict[str, Any]:
    return {"type": "string", **({"description": description} if description else {})}


def _maybe(kind: str = "string", **more: Any) -> dict[str, Any]:
    return {"type": [kind, "null"], **more}


_ANY: Final[dict[str, Any]] = {"type": "object"}
_FLAG: Final[dict[str, Any]] = {"type": "boolean"}
_BASE64: Final[dict[str, Any]] = {"type": "string", "contentEncoding": "base64"}

_KEYS: Final[dict[str, Any]] = {
    "can": {"type": "string", "pattern": "^[0-9]{6}$", "description": "The six digits of the card access number."},
    "mrz": _text("The lines of the machine-readable zone."),
    "card_qr": _text("The text of the QR code on a Vietnamese card."),
}
_PORTRAIT: Final = _FLAG | {"description": "Give the portrait's bytes too, where the identity is verified."}

_SCHEMAS: Final[dict[str, Any]] = {
    "State": _object(
        {
            "number": {"type": "integer", "minimum": 0, "description": "The number of the last change."},
            "reader": _FLAG | {"description": "Whether a reader is there."},
            "card": _FLAG | {"description": "Whether a card lies on it."},
        }
    ),
    "Readers": _object({"readers": {"type": "array", "items": _text()}}),
    "ReadRequest": _object(
        _KEYS
        | {
            "challenge": _BASE64 | {"description": "Eight bytes of your own, which the chip signs."},
            "portrait": _PORTRAIT,
            "evidence": _FLAG | {"description": "Give the evidence file too, for another machine to judge."},
        },
        required=[],
        oneOf=[{"required": [name]} for name in _KEYS],
    ),
    "VerifyRequest": _object(
        {
            "evidence": _BASE64
            | {"description": "An evidence file; a sealed one, where the service was given the key that opens it."},
            "challenge": _BASE64 | {"description": "The eight bytes that you gave; an answer to others fails."},
            "ephemeral_key": _BASE64 | {"description": "The private key that you made for chip authentication."},
            "devices": {
                "type": "array",
                "maxItems": 1000,
                "items": _BASE64,
                "description": "The Ed25519 public keys (32 bytes each) of the devices that you know. "
                "A file that none of them signed is not met. Without it, no device's word is taken.",
            },
            "portrait": _PORTRAIT,
        },
        required=["evidence"],
    ),
    "Fact": _object(
        {
            "name": {"enum": [name.value for name in FactName]},
            "outcome": {"enum": [outcome.value for outcome in Outcome]},
            "reason": {"enum": [reason.value for reason in Reason]},
            "accepted": _FLAG,
            "details": {"type": "object", "additionalProperties": _text()},
        }
    ),
    "Verdict": {
        "type": "object",
        "description": "idcard.verdict/1; later versions of the same number may add fields.",
        "properties": {
            "schema": {"const": "idcard.verdict/1"},
            "at": {"type": "string", "format": "date-time"},
            "policy": _text(),
            "policy_digest": _text(description="SHA-256 of all that the policy says but its name."),
            "met": _FLAG,
            "facts": {"type": "array", "items": _ref("Fact")},
            "anchor": _maybe(description="SHA-256 of the trust anchor's certificate."),
            "signer": _maybe(description="SHA-256 of the document signer's certificate."),
            "trust_version": _text(),
            "rung": {"enum": [rung.value for rung in Rung]},
            "provenance": _ref("Provenance"),
        },
        "required": ["schema", "at", "policy", "met", "facts", "anchor", "signer", "trust_version", "rung"],
    },
    "Provenance": _object(
        {
            "witness": {"enum": ["here", "device", "none"], "description": "Who bears witness to the reading."},
            "device": _maybe(description="The fingerprint of the device that signed the evidence."),
            "believed": _FLAG | {"description": "Whether that witness is one of those that were named."},
            "read_at": _maybe(format="date-time", description="When the card was read, as the witness says."),
            "challenge": {
                "enum": [one.value for one in ChallengeFrom],
                "description": "Who chose the challenge that the chip answered.",
            },
        }
    ),
    "Identity": _object(
        {
            "verified": _FLAG | {"description": "Whether it is proved. Where false, it is what the chip claims."},
            **{
                name: _maybe()
                for name in (
                    "name",
                    "name_latin",
                    "personal_number",
                    "document_number",
                    "issuing_state",
                    "nationality",
                )
            },
            "birth": _maybe(description="1990-01-15, or 1990-01, or 1990."),
            "sex": {"enum": [*(sex.value for sex in Sex), None]},
            "expiry": _maybe(format="date"),
            "never_expires": _FLAG,
            "portrait": {
                "oneOf": [
                    {"type": "null"},
                    _object(
                        {"media_type": _text(), "bytes": {"type": "integer"}, "image": _BASE64}, ["media_type", "bytes"]
                    ),
                ]
            },
        }
    ),
    "Report": _object(
        {
            "met": _FLAG | {"description": "Whether the policy is met. Act on this, and on nothing else."},
            "verdict": _ref("Verdict"),
            "trust_given": _FLAG,
            "authority": {
                "enum": ["not_asked", "answered", "unreachable"],
                "description": "Whether an authority was asked about a signer that no anchor knows.",
            },
            "reader": _text(),
            "access": {
                "oneOf": [
                    {"type": "null"},
                    _object({"protocol": {"enum": ["PACE", "BAC"]}, "key": {"enum": ["MRZ", "CAN"]}}),
                ]
            },
            "files": {"type": "array", "items": _text()},
            "identity": {"oneOf": [{"type": "null"}, _ref("Identity")]},
            "device": _maybe(
                description="SHA-256 of the public key with which the evidence file is signed; null where it is not."
            ),
            "evidence": _BASE64,
            "sealed": _FLAG | {"description": "Beside an evidence file: whether only whom it is for can read it."},
        },
        required=["met", "verdict", "trust_given", "authority", "reader", "access", "files", "identity", "device"],
    ),
    "Error": _object(
        {
            "error": _object(
                {
                    "code": _text("A code of the library, bad_request, refused, too_many_waiting or internal."),
                    "message": _text("For developers; without anything about a person."),
                    "facts": {"type": "object"},
                }
            )
        }
    ),
}


def _json(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": _ref(name)}}


def _answers(name: str, *errors: str) -> dict[str, Any]:
    errors = ("400", "401", *errors)
    known = {
        "400": "The request is not understood.",
        "401": "The token is missing or wrong, or the request comes from a web page.",
        "403": "The chip does not open with this key.",
        "413": "The body is too large.",
        "429": "Too many programs wait already. Ask again a little later.",
        "409": "There is no card, or somebody is reading it.",
        "502": "Trouble with the card.",
        "503": "There is no reader.",
    }
    told = {code: {"description": known[code], "content": _json("Error")} for code in sorted(set(errors))}
    return {"200": {"description": "The answer.", "content": _json(name)}, **told}


def _get(summary: str, name: str, *errors: str, parameters: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {"get": {"summary": summary, "parameters": parameters or [], "responses": _answers(name, *errors)}}


def _post(summary: str, body: str, name: str, *errors: str) -> dict[str, Any]:
    request = {"required": True, "content": _json(body)}
    return {"post": {"summary": summary, "requestBody": request, "responses": _answers(name, *errors)}}


def _query(name: str, description: str, default: int, most: int) -> dict[str, Any]:
    schema = {"type": "integer", "minimum": 0, "maximum": most, "default": default}
    return {"name": name, "in": "query", "description": description, "schema": schema}


DESCRIPTION: Final[dict[str, Any]] = {
    "openapi": "3.1.0",
    "info": {
        "title": "idcard",
        "version": "1",
        "summary": "Reads chip identity cards on this machine's reader and says what is proved.",
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    },
    "servers": [{"url": "http://127.0.0.1:8765"}],
    "security": [{"token": []}],
    "paths": {
        "/v1/readers": _get("The names of the readers.", "Readers", "503"),
        "/v1/state": _get("Whether a reader and a card are there.", "State"),
        "/v1/events": _get(
            "Waits for a card to come or go.",
            "State",
            "400",
            "429",
            parameters=[
                _query("after", "The number of the last change that you know.", 0, 1 << 53),
                _query("wait", "How many seconds to wait at most.", 25, 30),
            ],
        ),
        "/v1/read": _post(
            "Reads the card and judges it.", "ReadRequest", "Report", "400", "403", "409", "413", "502", "503"
        ),
        "/v1/verify": _post("Judges an evidence file.", "VerifyRequest", "Report", "400", "413"),
        "/v1/openapi.json": {
            "get": {
                "summary": "This description.",
                "parameters": [],
                "responses": {
                    "200": {
                        "description": "The answer.",
                        "content": {"application/json": {"schema": {"type": "object"}}},
                    },
                    "400": {"description": "The request is not understood.", "content": _json("Error")},
                    "401": {"description": "The token is missing.", "content": _json("Error")},
                },
            }
        },
    },
    "components": {
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        "schemas": _SCHEMAS,
    },
}


def as_json() -> str:
    """The description as it is committed."""
    return json.dumps(DESCRIPTION, indent=2, ensure_ascii=False) + "\n"
