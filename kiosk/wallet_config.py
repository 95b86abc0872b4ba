"""The configuration of the wallet process, which asks phones for credentials: off, unless somebody starts it."""

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from idcard import CredentialFormat, Wanted
from kiosk.config import LOOPBACK, ClinicSetting, Host, Port

Life = Annotated[int, Field(ge=30, le=600)]


class WalletConfig(BaseModel):
    """What a wallet process is told: where its page is, where phones send answers, what it asks for, whom it trusts.

    ``host`` and ``port`` are the page's, on this machine alone. ``address`` is the origin that stands in codes, and
    under which phones reach ``answers_host`` and ``answers_port``: mostly a proxy's, which ends TLS. With a
    ``certificate`` and its ``key`` (P-256) requests are signed, and fetched from the same address.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Literal["demo", "production"]
    host: Host = "127.0.0.1"
    port: Port = 8005
    clinic: ClinicSetting
    session_key: Path
    trust: Path
    address: str
    answers_host: str = "127.0.0.1"
    answers_port: Port = 8006
    format: CredentialFormat
    kinds: tuple[str, ...]
    claims: tuple[tuple[str, ...], ...]
    life_s: Life = 180
    certificate: Path | None = None
    key: Path | None = None

    @property
    def is_demo(self) -> bool:
        """Whether demonstration trust, and answers without TLS on this machine, are allowed."""
        return self.mode == "demo"

    @property
    def wanted(self) -> Wanted:
        """What is asked for."""
        return Wanted(format=self.format, kinds=self.kinds, claims=self.claims)

    @model_validator(mode="after")
    def _wanted_can_be_asked_for(self) -> Self:
        _ = self.wanted
        return self

    @model_validator(mode="after")
    def _address_is_an_origin(self) -> Self:
        parts = urlsplit(self.address)
        is_origin = parts.hostname is not None and self.address == f"{parts.scheme}://{parts.netloc}"
        at_home = self.is_demo and parts.scheme == "http" and parts.hostname in LOOPBACK
        if not is_origin or not (parts.scheme == "https" or at_home):
            raise ValueError(
                "address: phones send answers to an origin like https://kiosk.clinic.example, without a path"
            )
        return self

    @model_validator(mode="after")
    def _signing_is_whole(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key: a request is signed with both")
        return self
