"""The configuration of the hub: where its store is, its keys, and where it listens."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from kiosk.config import Host, Port
from kiosk.hub.picture.config import PictureConfig


class HubConfig(BaseModel):
    """What a hub is told.

    The store is a file (``store``: SQLite, for a trial) or ``postgres``, an address like
    ``postgresql:///hub?host=/run/postgresql``; passwords stand in PostgreSQL's own files and not here. ``keys`` is the
    folder of ``hub.key`` and of former keys. The hub listens on a Unix ``socket`` behind a proxy that ends TLS, or on a
    ``port`` of this machine. ``identity`` says whether the proxy names the device (in the header ``Kiosk-Client:
    CLINIC/DEVICE``), or the signature alone does. ``releases`` is the folder of releases, where this program shows them
    and not the web server before it. ``per_second`` and ``burst`` bound the requests of one device.

    ``authority`` is the folder of the hub's own authority, without which nobody is enrolled; ``server_name`` the name
    or address for which the proxy has a certificate of it; ``certificate_days`` how long a device's lives,
    ``grace_days`` how long after its end it may still be renewed, ``code_hours`` how long a code is good; ``root`` the
    root of releases that new clinics are given. What the proxy reads of the authority lies beside it, in ``tls``.

    ``releases`` is the folder of releases, and ``online_key`` the hub's key of them, by which a timer says every hour
    that nothing is newer.

    Events older than ``keep_months`` whole months are dropped every hour; None keeps all of them. ``picture`` is what
    the health office looks at.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Literal["demo", "production"]
    keys: Path
    store: Path | None = None
    postgres: str | None = None
    pooled_outside: bool = False
    connections: Annotated[int, Field(ge=1, le=100)] = 4
    requests: Annotated[int, Field(ge=1, le=256)] = 32
    socket: Path | None = None
    host: Host = "127.0.0.1"
    port: Port | None = None
    identity: Literal["signature", "proxy"] = "signature"
    keep_months: Annotated[int, Field(ge=1, le=240)] | None = None
    picture: PictureConfig | None = None
    releases: Path | None = None
    online_key: Path | None = None
    per_second: Annotated[float, Field(gt=0, le=1000)] = 5.0
    burst: Annotated[int, Field(ge=1, le=10_000)] = 60
    authority: Path | None = None
    server_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.:-]{0,252}$")] | None = None
    certificate_days: Annotated[int, Field(ge=7, le=30)] = 14
    grace_days: Annotated[int, Field(ge=0, le=365)] = 60
    code_hours: Annotated[int, Field(ge=1, le=168)] = 24
    root: Path | None = None

    @property
    def address(self) -> URL:
        """The address of the store."""
        if self.postgres is not None:
            return make_url(self.postgres)
        return URL.create("sqlite", database=str(self.store))

    @property
    def tls(self) -> Path | None:
        """The folder that the proxy reads."""
        return None if self.authority is None else self.authority.with_name("tls")

    @model_validator(mode="after")
    def _one_store(self) -> Self:
        if (self.store is None) == (self.postgres is None):
            raise ValueError("store or postgres: the hub keeps its tables in one of them")
        if self.postgres is not None and _backend(self.postgres) != "postgresql":
            raise ValueError("postgres: an address like postgresql:///hub?host=/run/postgresql")
        return self

    @model_validator(mode="after")
    def _one_door(self) -> Self:
        if (self.socket is None) == (self.port is None):
            raise ValueError("socket or port: the hub listens on one of them")
        return self


def _backend(address: str) -> str:
    try:
        return make_url(address).get_backend_name()
    except ArgumentError:
        return ""
