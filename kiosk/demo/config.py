"""The bench's configuration. There is no bench in production."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from kiosk.config import SIMULATED, CameraSetting, Host, Port, ReaderSetting, ScannerSetting
from kiosk.device_config import HN212, ClockSetting, LightSetting, PrinterSetting, host_and_port


class BenchConfig(BaseModel):
    """What the bench is told: where it listens, who issues cards and signed codes, which devices the kiosk uses.

    ``answer_ms`` is how long a virtual card takes for an answer, in milliseconds, to be as slow as a real one. At
    ``printer_port`` listens the twin of a ticket printer; ``store`` is the kiosk's store, which can be held here so
    that nobody can write. At ``call_port`` is the call screen, at ``assist_port`` the machine at which clerks help; its
    cards lie on a reader of their own, which answers at ``assist_card_port``.
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
    printer: PrinterSetting = "none"
    light: LightSetting = "none"
    clock: ClockSetting = "system"
    printer_port: Port = 8005
    call_port: Port = 8006
    assist_port: Port = 8008
    assist_card_port: Port = 8009
    store: Path | None = None
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
    def closed_reader(self) -> tuple[str, int] | None:
        """Where the twin of a closed reader listens; None where the kiosk's reader is no such one."""
        return host_and_port(self.reader.removeprefix(HN212)) if self.reader.startswith(HN212) else None

    @property
    def takes_cards(self) -> bool:
        """Whether a card can be put on the kiosk's reader here."""
        return self.has_cards or self.closed_reader is not None

    @property
    def has_camera(self) -> bool:
        """Whether the kiosk's camera is this bench."""
        return self.camera.startswith(SIMULATED)

    @property
    def has_printer(self) -> bool:
        """Whether the kiosk's printer is this bench."""
        return self.printer.startswith(SIMULATED)

    @property
    def has_light(self) -> bool:
        """Whether the kiosk's lamp is this bench."""
        return self.light.startswith(SIMULATED)

    @property
    def has_clock(self) -> bool:
        """Whether the hands of the kiosk's clock can be turned here."""
        return self.clock.startswith(SIMULATED)

    @property
    def has_scanner(self) -> bool:
        """Whether the kiosk's scanner is this bench."""
        return self.scanner.startswith(SIMULATED)
