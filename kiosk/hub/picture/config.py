"""The configuration of the picture: the table ``[picture]`` of the hub's file."""

from datetime import time
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from kiosk.config import Port

Days = Annotated[int, Field(ge=1, le=3650)]


class PictureConfig(BaseModel):
    """What the picture is told.

    It listens on a Unix ``socket`` behind a proxy that ends TLS, whose name browsers call it by is ``public``, or on a
    ``port`` of this machine. Who does nothing for ``idle_minutes`` is logged out; ``tries`` wrong passwords in a row
    cost no waiting but the last of them.

    Clinics are open from ``opens`` to ``closes`` on the weekdays ``open_days`` (Monday is 1). Then one is silent that
    was not heard of for ``silent_minutes``. It is ready when a self-test passed within ``self_test_hours``, trust and
    roster are not older than ``trust_days`` and ``roster_days``, and somebody was admitted within ``admitted_days``.
    ``linked_target`` is in percent. In what is published no count below ``k`` can be told.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    socket: Path | None = None
    port: Port | None = None
    public: str | None = None
    idle_minutes: Annotated[float, Field(gt=0, le=240)] = 15
    tries: Annotated[int, Field(ge=1, le=20)] = 5
    opens: time = time(6, 30)
    closes: time = time(16, 30)
    open_days: frozenset[Annotated[int, Field(ge=1, le=7)]] = frozenset({1, 2, 3, 4, 5, 6})
    silent_minutes: Annotated[int, Field(ge=2, le=1440)] = 10
    self_test_hours: Annotated[int, Field(ge=1, le=720)] = 24
    trust_days: Days = 365
    roster_days: Days = 30
    admitted_days: Days = 7
    linked_target: Annotated[float, Field(ge=0, le=100)] = 98.6
    k: Annotated[int, Field(ge=3, le=100)] = 5

    @model_validator(mode="after")
    def _one_door(self) -> Self:
        if (self.socket is None) == (self.port is None):
            raise ValueError("picture: socket or port, it listens on one of them")
        if self.socket is not None and not self.socket.is_absolute():
            raise ValueError("picture: the whole path of the socket")
        if self.socket is not None and self.public is None:
            raise ValueError("picture: public, the name by which browsers reach it through the proxy")
        return self
