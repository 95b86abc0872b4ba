"""The manifest beside an import file: which roster it is, and the hash by which the file is known.

The signature, where there is one, is Ed25519 over the manifest without its field ``signature``, as canonical JSON:
keys sorted, no spaces, UTF-8.

Source: RFC 8032, "Ed25519".
"""

import base64
import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from kiosk.insurance.roster.errors import Refusal, RosterRefused
from kiosk.keys import canonical_json, damaged_key, read_key

MAX_BYTES = 1 << 16
Version = Annotated[str, Field(pattern=r"^[0-9A-Za-z._-]{1,64}$")]


class Manifest(BaseModel):
    """What a manifest says.

    ``sequence`` rises with each delivery, whole or delta; ``as_of`` is when the rows were true; ``base`` is the version
    that a delta changes; ``rows`` counts the lines without the header.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1]
    kind: Literal["full", "delta"]
    version: Version
    sequence: Annotated[int, Field(ge=1, le=2**53, strict=True)]
    as_of: AwareDatetime
    base: Version | None = None
    rows: Annotated[int, Field(ge=0, le=10**9, strict=True)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    signature: str | None = None

    @model_validator(mode="after")
    def _only_a_delta_has_a_base(self) -> Self:
        if (self.kind == "delta") is (self.base is None):
            raise ValueError("a delta names its base, and nothing else does")
        return self

    @property
    def is_delta(self) -> bool:
        """Whether it changes a roster instead of replacing it."""
        return self.kind == "delta"


def manifest_of(file: Path) -> Path:
    """Where the manifest of an import file lies, where no other place is named."""
    return file.with_name(file.name + ".manifest.json")


def read_manifest(path: Path, publisher: Ed25519PublicKey | None) -> Manifest:
    """The manifest in this file.

    :param publisher: whose signature is demanded; None where none is.
    :raises RosterRefused: if it is missing, malformed, or not signed by the publisher.
    """
    value = _json(path)
    try:
        manifest = Manifest.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "base"
        raise RosterRefused(Refusal.MANIFEST_MALFORMED, field=where) from error
    if publisher is not None:
        _check_signature(value, manifest.signature, publisher)
    return manifest


def _json(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise RosterRefused(Refusal.MANIFEST_MISSING, file=path.name) from error
    try:
        value = json.loads(data) if len(data) <= MAX_BYTES else None
    except (ValueError, RecursionError) as error:
        raise RosterRefused(Refusal.MANIFEST_MALFORMED, file=path.name) from error
    if not isinstance(value, dict):
        raise RosterRefused(Refusal.MANIFEST_MALFORMED, file=path.name)
    return value


def _check_signature(value: dict[str, Any], signature: str | None, publisher: Ed25519PublicKey) -> None:
    if signature is None:
        raise RosterRefused(Refusal.SIGNATURE_MISSING)
    try:
        publisher.verify(base64.b64decode(signature, validate=True), _signed(value))
    except (InvalidSignature, ValueError) as error:
        raise RosterRefused(Refusal.SIGNATURE_WRONG) from error


def _signed(value: dict[str, Any]) -> bytes:
    return canonical_json({name: each for name, each in value.items() if name != "signature"})


def write_manifest(
    path: Path,
    *,
    version: str,
    sequence: int,
    as_of: datetime,
    rows: int,
    sha256: str,
    base: str | None = None,
    key: Ed25519PrivateKey | None = None,
) -> None:
    """Write the manifest of an import file; a delta where there is a base, signed where there is a key."""
    value: dict[str, Any] = {
        "format": 1,
        "kind": "full" if base is None else "delta",
        "version": version,
        "sequence": sequence,
        "as_of": as_of.isoformat(),
        "rows": rows,
        "sha256": sha256,
    } | ({} if base is None else {"base": base})
    Manifest.model_validate(value)
    if key is not None:
        value["signature"] = base64.b64encode(key.sign(_signed(value))).decode()
    path.write_text(json.dumps(value, indent=2) + "\n", "utf-8")


def load_publisher_key(path: Path) -> Ed25519PublicKey:
    """The key whose signature a manifest must bear, as PEM; ConfigurationError where it is missing or damaged."""
    try:
        key = load_pem_public_key(read_key(path))
    except ValueError as error:
        raise damaged_key(path) from error
    if not isinstance(key, Ed25519PublicKey):
        raise damaged_key(path)
    return key
