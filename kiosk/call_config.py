"""The configuration of the call screen's process: a page for a television in the waiting room."""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator

from kiosk.config import LOOPBACK, ClinicSetting, Host, Port


def _address_here(value: str) -> str:
    if value not in LOOPBACK:
        ip_address(value)  # a ValueError, which pydantic words
    return value


def _is_loopback(host: str) -> bool:
    return host in LOOPBACK or ip_address(host).is_loopback


class CallConfig(BaseModel):
    """What the call screen's process is told: where its page is, and where it hears of calls.

    It listens on this machine alone, unless ``host`` is an address of it in the clinic's network; then ``address`` is
    the origin by which the television calls it. ``staff_port`` is the staff's, on this machine, and ``calls_key`` the
    key file that both have. ``speech_languages`` says in which languages a call is spoken, one after another.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Literal["demo", "production"]
    host: Annotated[str, AfterValidator(_address_here)] = "127.0.0.1"
    port: Port = 8007
    address: str | None = None
    clinic: ClinicSetting
    staff_host: Host = "127.0.0.1"
    staff_port: Port = 8001
    calls_key: Path
    speech: Literal["loud", "off"] = "loud"
    speech_languages: tuple[Literal["vi", "en"], ...] = ("vi", "en")
    speech_clips: Path | None = None
    contrast: Literal["high", "normal"] = "high"

    @property
    def public_name(self) -> str | None:
        """What the television says in ``Host``, where it is another machine."""
        return None if self.address is None else urlsplit(self.address).netloc

    @model_validator(mode="after")
    def _address_is_an_origin(self) -> Self:
        if self.address is None and not _is_loopback(self.host):
            raise ValueError("address: a page for other machines needs the origin by which they call it")
        parts = urlsplit(self.address or "http://localhost")
        if not parts.hostname or self.address not in (None, f"{parts.scheme}://{parts.netloc}"):
            raise ValueError("address: an origin like http://192.0.2.7:8007, without a path")
        if parts.scheme not in ("http", "https"):
            raise ValueError("address: http or https")
        return self
