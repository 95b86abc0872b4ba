"""What the stand-in answers: a script in TOML, with an account, officers and a row for each invented person."""

import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from idcard import ConfigurationError

SAMPLE = Path(__file__).with_name("sample.toml")
"""The script that is used where none is given: a person for every result code."""

Result = Annotated[str, Field(pattern=r"^\d{3}$")]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Account(_Row):
    """The account that is let in."""

    username: str
    password: str


class KnownOfficer(_Row):
    """A registered member of staff."""

    name: str
    number: str


class Person(_Row):
    """What is answered about an invented person; ``numbers`` are those by which they are found.

    ``name`` and ``birth`` are checked as the gateway does (060, 061, 070) before ``result`` is given. ``fields`` are
    the other fields of the answer, as they go over the wire.
    """

    numbers: tuple[str, ...]
    name: str
    birth: str
    result: Result = "000"
    fields: dict[str, Any] = Field(default_factory=dict)
    history: tuple[dict[str, Any], ...] = ()


class Script(_Row):
    """A whole script. Without officers anybody may ask; ``token_s`` is how long a token is good, in seconds."""

    account: Account
    officers: tuple[KnownOfficer, ...] = ()
    people: tuple[Person, ...] = ()
    bodies: tuple[str, ...] = ("form", "json")
    token_s: float = 600


def load_script(path: Path) -> Script:
    """The script in a file; ConfigurationError where it cannot be used."""
    try:
        return Script.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise ConfigurationError(
            f"The script {path.name} cannot be read: {error.strerror}.", reason="missing", remedy="Name another file."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as error:
        what = str(error).splitlines()[0] if not isinstance(error, ValidationError) else _first(error)
        raise ConfigurationError(
            f"The script {path.name} is wrong: {what}.", reason="malformed", remedy="docs/gateway.md shows one."
        ) from None


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
