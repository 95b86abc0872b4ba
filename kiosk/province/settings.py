"""The hub of a clinic's province: a TOML file that the staff's configuration names (``province``).

Secrets and certificates lie in the folder ``identity``, which enrolment fills.
"""

from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from kiosk.config import Days, DeviceName, Seconds, load
from kiosk.domain.contact import Patience
from kiosk.interop.http import checked_url

Hours = Annotated[float, Field(gt=0, le=24 * 60)]


def hub_address(url: str) -> str:
    """The address of a hub: no path, and no slash at its end."""
    scheme, _, host = checked_url(url).rstrip("/").partition("://")
    if "/" in host:
        raise ValueError("an address without a path, such as https://hub.example")
    return f"{scheme}://{host}"


class ProvinceSettings(BaseModel):
    """Where the hub is, and how this clinic speaks to it.

    ``hub`` is its address; plain HTTP only on this machine. ``identity`` is the folder of this device's key and
    certificate, of the hub's public key and of the root of releases (:class:`kiosk.province.identity.Identity`).
    ``device`` is the name under which this desk is known there, where it is not its own. ``person_key`` is the file
    with the province's key of persons, and ``person_key_number`` which one it is. ``releases`` is the folder for what
    comes down, and ``pin_keys`` the file with the keys of those who sign pins, without which none may come down.
    After ``quiet_h`` hours without a word of the hub staff are told, after ``silent_h`` the automatic lane closes.
    ``send_every_s`` and ``heartbeat_s`` are seconds between two requests where nothing goes wrong, ``ask_every_s``
    between two looks for releases; a word of an emergency in any answer makes it look at once. ``seconds`` is how
    long one request may take. What the hub has is kept for ``sent_kept_days``, in case it is restored from a backup.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    hub: Annotated[str, AfterValidator(hub_address)]
    identity: Path
    person_key: Path
    person_key_number: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    device: DeviceName | None = None
    releases: Path | None = None
    pin_keys: Path | None = None
    quiet_h: Hours = 6
    silent_h: Hours = 72
    send_every_s: Seconds = 5
    heartbeat_s: Seconds = 60
    ask_every_s: Annotated[float, Field(gt=0, le=86_400)] = 900
    seconds: Seconds = 15
    sent_kept_days: Days = 7

    @property
    def patience(self) -> Patience:
        """After how many hours without a word what follows."""
        return Patience(quiet_h=self.quiet_h, silent_h=self.silent_h)

    @model_validator(mode="after")
    def _quiet_before_silent(self) -> Self:
        if self.quiet_h > self.silent_h:
            raise ValueError("quiet_h and silent_h must rise")
        return self


def load_province(path: Path) -> ProvinceSettings:
    """The settings in a TOML file.

    :raises ConfigurationError: naming the file and the setting, if anything is missing, unknown or wrong.
    """
    return load(ProvinceSettings, path)
