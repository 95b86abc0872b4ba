"""What a reading must not do to a card that was used before, or that counts its tries, through the face."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

import idcard
from idcard.lds.layout import File
from idcard.testing import SPECIMEN, Behaviour, Issuer, SimulatedCard
from idcard.transport.wrapped import WrappedConnection

CAN = idcard.Can(SPECIMEN.can)
MRZ = idcard.MrzKey(SPECIMEN.mrz_information)
WRONG = [idcard.MrzKey.of(f"C0000000{number}", "900101", "300101") for number in range(4)]
FEW = idcard.ReadPlan(files=(File.SOD, File.DG1, File.DG14))
EXTERNAL_AUTHENTICATE = 0x82


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer.create(at=datetime(2021, 1, 1, tzinfo=UTC))


class Answering(WrappedConnection):
    """A card of which one kind of command is answered by somebody else."""

    def __init__(self, card: SimulatedCard, answer: Callable[[bytes], bytes | None]) -> None:
        super().__init__(card)
        self.answer = answer
        self.sent: list[bytes] = []

    def transmit(self, command: bytes) -> bytes:
        self.sent.append(command)
        return self.answer(command) or super().transmit(command)


def test_a_second_reading_of_the_same_connection_opens_with_pace_again(issuer: Issuer) -> None:
    card = issuer.issue(SPECIMEN)
    for _ in range(3):
        access = idcard.read([CAN, MRZ], card, plan=FEW).access
        assert access is not None
        assert access.protocol is idcard.AccessProtocol.PACE
        assert access.card_access is not None


@pytest.mark.parametrize(
    ("statuses", "allowed", "error"),
    [
        ((0x63C2, 0x63C1), False, idcard.LastTryLeft),
        ((0x63C2, 0x63C1, 0x63C0), True, idcard.AccessBlocked),
        ((0x6983,), False, idcard.AccessBlocked),
        ((0x6300,) * 4, False, idcard.WrongAccessKey),
    ],
)
def test_bac_stops_where_the_chip_counts_its_tries(
    issuer: Issuer, statuses: tuple[int, ...], allowed: bool, error: type[idcard.IdCardError]
) -> None:
    left = list(statuses)

    def counted(command: bytes) -> bytes | None:
        return left.pop(0).to_bytes(2) if command[1] == EXTERNAL_AUTHENTICATE else None

    plan = idcard.ReadPlan(files=(File.DG1,), allow_last_try=allowed)
    card = Answering(issuer.issue(SPECIMEN, pace=False, behaviour=Behaviour()), counted)
    with pytest.raises(error) as caught:
        idcard.read(WRONG, card, plan=plan)
    assert type(caught.value) is error
    assert not left
