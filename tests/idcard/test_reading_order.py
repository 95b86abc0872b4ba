"""In which order a chip is asked, as the commands on the wire show: headers stay in clear under secure messaging."""

from datetime import UTC, datetime

import pytest

import idcard
from idcard.lds.layout import File
from idcard.testing import SPECIMEN, Behaviour, Hand, Issuer

CAN = idcard.Can(SPECIMEN.can)
MRZ = idcard.MrzKey(SPECIMEN.mrz_information)
READ, MANAGE, AUTHENTICATE, SELECT = 0xB0, 0x22, 0x86, 0xA4
FILES = (File.DG1, File.DG2, File.DG13, File.DG15, File.SOD, File.DG14)


class Listening(Hand):
    """Keeps the header of every command."""

    def __init__(self, *arguments: object) -> None:
        self.headers: list[tuple[int, ...]] = []
        super().__init__(*arguments)  # type: ignore[arg-type]

    def transmit(self, command: bytes) -> bytes:
        self.headers.append(tuple(command[:4]))
        return super().transmit(command)


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer.create(at=datetime(2021, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("pace", [True, False])
@pytest.mark.parametrize("size", [256, 40_000])
def test_chip_authentication_comes_before_every_file_about_the_person(issuer: Issuer, pace: bool, size: int) -> None:
    hand = Listening(issuer.issue(SPECIMEN, behaviour=Behaviour(max_response=size), pace=pace))
    evidence = idcard.read([CAN, MRZ], hand, plan=idcard.ReadPlan(files=FILES))
    assert list(evidence.files) == list(FILES)
    starts = [p1 & 0x1F for cla, ins, p1, _ in hand.headers if cla & 0x0C and ins == READ and p1 & 0x80]
    assert starts[:2] == [File.SOD.sfi, File.DG14.sfi]
    agreed = next(at for at, (cla, ins, p1, _) in enumerate(hand.headers) if cla & 0x0C and (ins, p1) == (MANAGE, 0x41))
    first = next(
        at
        for at, (cla, ins, p1, _) in enumerate(hand.headers)
        if cla & 0x0C and ins == READ and p1 in {0x80 | file.sfi for file in FILES[:4]}
    )
    assert agreed < first


@pytest.mark.parametrize("size", [256, 40_000])
def test_every_file_is_read_by_its_short_identifier_and_without_its_header(issuer: Issuer, size: int) -> None:
    hand = Listening(issuer.issue(SPECIMEN, behaviour=Behaviour(max_response=size)))
    idcard.read(CAN, hand, plan=idcard.ReadPlan(files=FILES))
    protected = [header for header in hand.headers if header[0] & 0x0C]
    # One SELECT, of the application; no file is selected, and each is begun once.
    assert [p1 for _, ins, p1, _ in protected if ins == SELECT] == [0x04]
    begun = [p1 & 0x1F for _, ins, p1, _ in protected if ins == READ and p1 & 0x80]
    assert sorted(begun) == sorted(file.sfi for file in FILES)
