"""What is released, by path, and what a release of the emergency list says."""

import re
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

EMERGENCY: Final = "emergency/distrusted.json"
"""Signers nobody may believe from now on. It has keys of its own, so that one officer on duty can publish it."""
EMERGENCY_ROLE: Final = "emergency"
RELAXED: Final = "trust/relaxed.json"
"""The last list that took something back, released by officers besides: no list of the one on duty says less."""
MOST_AHEAD: Final = 1_000_000
"""By how much a list's number may be above the former one's: a thief of the key is not to use the numbers up."""
TRUST: Final = "trust/store.zip"
PINS: Final = "trust/pins.json"
SIGNERS: Final = "trust/code-signers.json"
RESULT_CODES: Final = "data/result-codes.toml"
ROUTES: Final = "data/routes.toml"
FOR_ALL: Final = (TRUST, RELAXED, PINS, SIGNERS, RESULT_CODES, ROUTES)
"""What every clinic takes."""
_CLINIC = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_ROSTER = re.compile(r"roster/[A-Za-z0-9][A-Za-z0-9._-]{0,31}/(?:whole|from-[0-9a-f]{64})\.pack")


def roster_path(clinic: str, base: str | None = None) -> str:
    """The path of a clinic's roster: whole, or the changes to the contents with this hash."""
    if not _CLINIC.fullmatch(clinic):
        raise ValueError("a clinic is letters, digits, dots, dashes and underscores")
    return f"roster/{clinic}/whole.pack" if base is None else f"roster/{clinic}/from-{base}.pack"


def settings_path(clinic: str) -> str:
    """The path of a clinic's settings."""
    return roster_path(clinic).replace("roster/", "config/").replace("whole.pack", "kiosk.toml")


def is_released(path: str) -> bool:
    """Whether this is a path that releases have."""
    return path in (*FOR_ALL, EMERGENCY) or bool(_ROSTER.fullmatch(path)) or _is_settings(path)


def _is_settings(path: str) -> bool:
    parts = path.split("/")
    return len(parts) == 3 and path == f"config/{parts[1]}/kiosk.toml" and bool(_CLINIC.fullmatch(parts[1]))


Fingerprint = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Distrusted(BaseModel):
    """Which document signers and anchors count no more, by the SHA-256 of their certificates.

    :ivar number: rises with every list; answers of the hub name the newest.
    :ivar lane_closed: nobody may admit automatically, whoever signed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    number: Annotated[int, Field(ge=1, lt=1 << 48)]
    certificates: Annotated[tuple[Fingerprint, ...], Field(max_length=10_000, strict=False)] = ()
    lane_closed: bool = False

    @classmethod
    def from_bytes(cls, data: bytes) -> "Distrusted":
        """The list in these bytes; ValueError for anything else."""
        try:
            return cls.model_validate_json(data)
        except ValidationError as error:
            raise ValueError("no list of distrusted certificates") from error

    def to_bytes(self) -> bytes:
        """The list as it is released."""
        return self.model_dump_json().encode()

    def follows(self, least: "Distrusted") -> bool:
        """Whether this is no older than the other, and takes nothing back that the other says."""
        stays = self.lane_closed or not least.lane_closed
        return self.number >= least.number and stays and set(self.certificates) >= set(least.certificates)


def newest_of(*lists: Distrusted | None) -> Distrusted | None:
    """The list with the highest number, or None where there is none."""
    return max((each for each in lists if each is not None), key=lambda each: each.number, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """A file of a release that was fetched and verified."""

    path: str
    data: bytes
