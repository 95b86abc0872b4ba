"""Reading and judging a Vietnamese card: how many APDUs, and how much of the host's processor.

The card lives in a process of its own behind a pipe, so that its arithmetic is not counted. Time on the wire is not
measured either: a contactless card takes 5 to 30 ms for each APDU, which is why their number is the first figure.

The peers are modelled, not run: the reading strategies of public programs, as read in their sources, applied to the
very files that were read here. Their opening and active authentication are counted as ours.
"""

import math
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from _cards import PipedCards, trust_in

import idcard
from idcard.testing import Holder, Issuer

WARM_UP, REPEATS = 3, 15
HOLDER = Holder(
    personal_number="036090999991",
    name="Nguyễn Văn Mẫu",
    birth=date(1990, 5, 15),
    sex="M",
    issued=date(2022, 6, 1),
    expiry=date(2030, 5, 15),
)
AT = datetime(2026, 6, 1, 8, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Strategy:
    """How a program reads files: bytes a command, a header read on its own or not, SELECT for each file or not."""

    chunk: int
    header: int = 0
    select: bool = False
    master_file: bool = False

    def commands(self, length: int) -> int:
        """Commands for one file of that length."""
        rest = length - self.header
        return int(self.select) + int(self.header > 0) + (math.ceil(rest / self.chunk) if rest > 0 else 0)


# Read in the sources of these programs; the chunk under AES is what fits a short answer, 223 bytes.
STRATEGIES = {
    "SELECT, 4 B header, 160 B": Strategy(chunk=160, header=4, select=True, master_file=True),
    "SELECT, 4 B header, full": Strategy(chunk=223, header=4, select=True, master_file=True),
    "SFI, 8 B header, full": Strategy(chunk=223, header=8),
    "SFI, no header, full": Strategy(chunk=223),
    "extended, 1 kB": Strategy(chunk=1007),
    "extended, 1 a file": Strategy(chunk=32000),
}


def modelled(strategy: Strategy, files: Mapping[idcard.File, bytes], *, others: int) -> int:
    """The APDUs of a strategy for these files; ``others`` are those that read no file."""
    return others + int(strategy.master_file) + sum(strategy.commands(len(content)) for content in files.values())


def timed(card: PipedCards, trust: idcard.TrustStore) -> tuple[idcard.Evidence, float]:
    """What was read, and the milliseconds of this process for reading and judging; an honest card must be proved."""
    card.take(0)
    start = time.process_time()
    evidence = idcard.read(idcard.Can(HOLDER.can), card)
    verdict = idcard.verify(evidence, trust, at=AT)
    milliseconds = 1000 * (time.process_time() - start)
    verdict.require(idcard.VIETNAM_STRICT)
    return evidence, milliseconds


def measure() -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """The figures of this area, and the peers'."""
    issuer = Issuer.create(at=datetime(2022, 1, 1, tzinfo=UTC))
    with TemporaryDirectory() as directory, PipedCards([issuer.issue(HOLDER)]) as card:
        trust = trust_in(Path(directory), issuer)
        runs = [timed(card, trust) for _ in range(WARM_UP + REPEATS)]
    evidence, milliseconds = runs[-1][0], [run[1] for run in runs[WARM_UP:]]
    figures = {
        "apdus_vietnam_short": float(len(card.lengths)),
        "host_cpu_ms_read_verify": round(statistics.median(milliseconds), 1),
        "bytes_to_card": float(sum(up for up, _ in card.lengths)),
        "bytes_from_card": float(sum(down for _, down in card.lengths)),
        "bytes_of_files": float(sum(map(len, evidence.files.values()))),
    }
    # Opening (EF.CardAccess, MSE, four GENERAL AUTHENTICATE, SELECT) and one INTERNAL AUTHENTICATE.
    peers = {
        name: {"apdus_vietnam_short": float(modelled(strategy, evidence.files, others=8))}
        for name, strategy in STRATEGIES.items()
    }
    return figures, peers
