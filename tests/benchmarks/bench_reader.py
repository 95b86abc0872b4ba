"""Reading and judging cards: how many APDUs, how long they take on the air, and how much of the host's processor.

The card lives in a process of its own behind a pipe, so that its arithmetic is not counted. Its commands are counted,
not timed: what they take on the air is modelled, exact as far as bytes go (ISO 14443 type A: 9 bits a byte, frames of
256 bytes, an acknowledgement for each chained block, 0.15 ms turnaround), with 12 ms a command for chip and host.

A read is DG1 of 95 bytes, DG2 of 18,432, DG13 of 430, DG14 of some 411 and EF.SOD of 2,000, with PACE and chip
authentication, of a type of card that was read before. The peers are modelled for the same files, not run: the reading
strategies of public programs, as read in their sources.
"""

import math
import os
import statistics
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from _cards import PipedCards, seconds, trust_in

import idcard
from idcard import reading
from idcard.encoding import tlv
from idcard.lds.layout import File
from idcard.testing import Behaviour, Holder, Issuer, SimulatedCard

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
SIZES = {File.SOD: 2_000, File.DG1: 95, File.DG2: 18_432, File.DG13: 430}
PLAN = reading.ReadPlan(files=(*SIZES, File.DG14), active_authentication=False)
RATES = (106, 212, 424, 848)
# Each with the most bytes of an answer; 1,029 bear 1,007 plain bytes, as in the model of the peers.
CARDS = {
    "apdus_short_aes": Behaviour(max_response=256),
    "apdus_extended_1k": Behaviour(max_response=1_029),
    "apdus_extended_whole": Behaviour(max_response=40_000),
}


@dataclass(frozen=True, slots=True)
class Strategy:
    """How a program reads files: bytes a command, a header read on its own or not, SELECT for each file or not.

    ``others`` are commands beside nine that open the chip, select the application and run chip authentication.
    """

    chunk: int
    header: int
    select: bool
    others: int

    def commands(self, length: int) -> int:
        """Commands for one file of that length."""
        rest = length - self.header
        return int(self.select) + 1 + (math.ceil(rest / self.chunk) if rest > 0 else 0)

    def whole(self) -> float:
        """Commands of a whole read."""
        return float(9 + self.others + sum(self.commands(length) for length in (*SIZES.values(), 411)))


# Read in the sources of these programs; the chunk under AES is what fits a short answer, 223 bytes. The others are
# SELECT of the master file, of EF.CardAccess and its header, and EF.COM.
STRATEGIES = {
    "SELECT, 4 B header, 160 B": Strategy(chunk=160, header=4, select=True, others=6),
    "SELECT, 4 B header, full": Strategy(chunk=223, header=4, select=True, others=6),
    "SFI, 8 B header, full": Strategy(chunk=223, header=8, select=False, others=3),
}


def sized(card: SimulatedCard) -> SimulatedCard:
    """The card with files of the model's sizes, cut or filled; it is read, and not judged."""
    for file, size in SIZES.items():
        _, _, header = tlv.read_header(card.files[file])
        value = card.files[file][header:] + bytes(size)
        fitting = (tlv.build(file.tag, value[: size - length]) for length in (2, 3, 4))
        card.files[file] = next(content for content in fitting if len(content) == size)
    return card


def counted(card: SimulatedCard, key: idcard.AccessKey) -> list[tuple[int, int]]:
    """The lengths of all commands and answers of a read of a card whose type was read before; all files must come."""
    profiles = reading.Profiles()
    with PipedCards([sized(card)]) as piped:
        for _ in range(2):
            piped.take(0)
            evidence = reading.read(piped, [key], entropy=os.urandom, plan=PLAN, profiles=profiles)
            if evidence.access is not None and evidence.access.card_access is None:
                # What a verdict on a genuine card of this type would have said; files of a model's sizes get none.
                profiles.prove_absence("", piped.atr)
        if {file: len(data) for file, data in evidence.files.items() if file in SIZES} != SIZES:
            raise RuntimeError("not every file was read")
        if evidence.chip_authentication is None:
            raise RuntimeError("chip authentication did not run")
        return list(piped.lengths)


def commands(issuer: Issuer) -> dict[str, float]:
    """How many commands reads take, and how long those of a short and of a whole one last at each bit rate."""
    can, mrz = idcard.Can(HOLDER.can), idcard.MrzKey(HOLDER.mrz_information)
    runs = {name: counted(issuer.issue(HOLDER, behaviour=behaviour), can) for name, behaviour in CARDS.items()}
    whole = CARDS["apdus_extended_whole"]
    runs["apdus_bac_whole"] = counted(issuer.issue(HOLDER, behaviour=whole, pace=False), mrz)
    figures = {name: float(len(lengths)) for name, lengths in runs.items()}
    for name in ("short_aes", "extended_1k", "extended_whole"):
        for rate in RATES:
            figures[f"seconds_{name}_{rate}"] = round(seconds(runs[f"apdus_{name}"], rate), 2)
    return figures


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
    figures = commands(issuer) | {
        "apdus_vietnam_short": float(len(card.lengths)),
        "seconds_vietnam_short_424": round(seconds(card.lengths, 424), 2),
        "host_cpu_ms_read_verify": round(statistics.median(milliseconds), 1),
        "bytes_to_card": float(sum(up for up, _ in card.lengths)),
        "bytes_from_card": float(sum(down for _, down in card.lengths)),
        "bytes_of_files": float(sum(map(len, evidence.files.values()))),
    }
    return figures, {name: {"apdus_short_aes": strategy.whole()} for name, strategy in STRATEGIES.items()}
