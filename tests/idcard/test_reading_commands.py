"""How many commands a read takes: figures that bind, because each costs everybody 5 to 30 ms."""

import os
from datetime import UTC, datetime

import pytest

import idcard
from idcard.encoding import tlv
from idcard.lds.layout import File
from idcard.reading import Profiles, ReadPlan, read
from idcard.testing import SPECIMEN, Behaviour, Issuer, SimulatedCard

SIZES = {File.SOD: 2_000, File.DG1: 95, File.DG2: 18_432, File.DG13: 430}
PLAN = ReadPlan(files=(*SIZES, File.DG14), active_authentication=False)


class Counted:
    """A card on a reader that counts."""

    def __init__(self, card: SimulatedCard) -> None:
        self.card, self.sent = card, 0
        card.reset()

    @property
    def atr(self) -> bytes:
        return self.card.atr

    def transmit(self, command: bytes) -> bytes:
        self.sent += 1
        return self.card.transmit(command)

    def reset(self) -> None:
        self.card.reset()

    def close(self) -> None:
        self.card.power_off()


def sized(card: SimulatedCard) -> SimulatedCard:
    for file, size in SIZES.items():
        value = card.files[file][4:] + bytes(size)
        fitting = (tlv.build(file.tag, value[: size - header]) for header in (2, 3, 4))
        card.files[file] = next(content for content in fitting if len(content) == size)
    return card


@pytest.mark.parametrize(
    ("max_response", "pace", "bound"),
    [(256, True, 106), (1_029, True, 33), (40_000, True, 14), (40_000, False, 10)],
    ids=["apdus_short_aes", "apdus_extended_1k", "apdus_extended_whole", "apdus_bac_whole"],
)
def test_a_warm_read_takes_no_more_commands(max_response: int, pace: bool, bound: int) -> None:
    issuer = Issuer.create(at=datetime(2021, 1, 1, tzinfo=UTC))
    card = sized(issuer.issue(SPECIMEN, behaviour=Behaviour(max_response=max_response), pace=pace))
    keys = [idcard.Can(SPECIMEN.can) if pace else idcard.MrzKey(SPECIMEN.mrz_information)]
    profiles, counts = Profiles(), []
    for _ in range(2):
        counted = Counted(card)
        evidence = read(counted, keys, entropy=os.urandom, plan=PLAN, profiles=profiles)
        assert {file: len(evidence.files[file]) for file in SIZES} == SIZES
        assert evidence.chip_authentication is not None
        counts.append(counted.sent)
        if not pace:
            # As a verdict on a genuine card of this type would have it; files of these sizes get none.
            profiles.prove_absence("", counted.atr)
    assert counts[1] <= bound
    # A card without EF.CardAccess is looked at twice, the second time after a reset: it may have been in use before.
    # And it is asked once whether it counts its tries.
    assert counts[0] <= bound + (6 if pace else 13)
