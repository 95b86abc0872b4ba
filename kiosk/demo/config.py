"""The bench's configuration. There is no bench in production."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from kiosk.config import SIMULATED, CameraSetting, Host, Port, ReaderSetting, ScannerSetting


class BenchConfig(BaseModel):
    """What the bench is told: where it listens, who issues cards and signed codes, which devices the kiosk uses.

    ``answer_ms`` is how long a virtual card takes for an answer, in milliseconds, to be as slow as a real one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Literal["demo", "production"]
    host: Host = "127.0.0.1"
    port: Port = 8002
    card_port: Port = 8003
    patient_port: Port = 8000
    staff_port: Port = 8001
    gateway_port: Port = 8004
    session_key: Path
    issuer: Path
    code_issuer: Path | None = None
    reader: ReaderSetting
    camera: CameraSetting
    scanner: ScannerSetting = "none"
    answer_ms: Annotated[int, Field(ge=0, le=500)] = 30

    @model_validator(mode="after")
    def _only_for_demonstrations(self) -> Self:
        if self.mode != "demo":
            raise ValueError("mode: the bench has no place in production")
        return self

    @property
    def has_cards(self) -> bool:
        """Whether the kiosk's reader is this bench."""
        return self.reader.startswith(SIMULATED)

    @property
    def has_camera(self) -> bool:
        """Whether the kiosk's camera is this bench."""
        return self.camera.startswith(SIMULATED)

    @property
    def has_scanner(self) -> bool:
        """Whether the kiosk's scanner is this bench."""
        return self.scanner.startswith(SIMULATED)
