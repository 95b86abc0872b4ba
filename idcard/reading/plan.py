"""What to read, and how far a reading has come."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from idcard.chip.terminal_authentication import TerminalCredentials
from idcard.lds.layout import File


class ReadStep(StrEnum):
    """What a reading is busy with."""

    OPENING = "opening"
    READING = "reading"
    PROVING = "proving"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a reading has come: its step, the file in work, and that file's bytes done and in all."""

    step: ReadStep
    file: File | None = None
    done: int = 0
    total: int = 0


OnProgress = Callable[[Progress], None]


def silent(progress: Progress) -> None:
    """Where nobody asks for progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPlan:
    """What to read.

    ``files`` in the order of the evidence; ``chip_authentication`` runs where DG14 is read and offers it;
    ``active_authentication`` asks the chip for its signature where DG15 was read; ``allow_bac`` permits BAC where the
    chip refuses or does not offer PACE; ``assumed_card_access`` stands in for an EF.CardAccess that the chip does not
    give, as some batches do; ``extended_length`` permits long answers where reader and card prove that they take them;
    ``allow_last_try`` goes on where the chip says that one more wrong try blocks the key; ``terminal`` is what terminal
    authentication shows to the chip, so that it gives DG3 and DG4 where ``files`` has them: it is not run without.
    """

    files: tuple[File, ...] = (File.SOD, File.COM, File.DG1, File.DG2, File.DG13, File.DG14, File.DG15)
    chip_authentication: bool = True
    active_authentication: bool = True
    allow_bac: bool = True
    assumed_card_access: bytes | None = None
    extended_length: bool = True
    allow_last_try: bool = False
    terminal: TerminalCredentials | None = None
