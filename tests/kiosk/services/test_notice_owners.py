"""Exceptions are taken, handed back, and everybody's again once their owner is gone; the history tells all of it."""

from typing import Any

import pytest

from kiosk.domain.codes import Code, Resolution
from kiosk.services.notice_owners import NoticeOwners

Kiosk = Any


@pytest.fixture
def owners(kiosk: Kiosk) -> NoticeOwners:
    kiosk.checkin.notify(Code.HELP)
    return NoticeOwners(database=kiosk.database, clinic=kiosk.staff._clinic, device="desk-1", clock=kiosk.clock)


def the_notice(kiosk: Kiosk) -> Any:
    return kiosk.staff.exceptions()[0]


def kinds(owners: NoticeOwners, notice_id: str) -> list[tuple[str, str]]:
    return [(step.kind, step.by) for step in owners.history(notice_id)]


def test_the_whole_history_is_told(kiosk: Kiosk, owners: NoticeOwners) -> None:
    notice = the_notice(kiosk).notice_id
    owners.take(notice, by="lan")
    owners.take(notice, by="lan")
    assert the_notice(kiosk).owner == "lan"
    kiosk.clock.advance(1)
    owners.take(notice, by="hoa")
    owners.hand_back(notice, by="lan")
    assert the_notice(kiosk).owner == "hoa"
    kiosk.clock.advance(1)
    owners.hand_back(notice, by="hoa")
    kiosk.staff.resolve(notice, by="truc", resolution=Resolution.HELPED)
    steps = [("came", "kiosk-1"), ("taken", "lan"), ("taken", "hoa"), ("handed_back", "hoa"), ("settled", "truc")]
    assert kinds(owners, notice) == steps


def test_nothing_is_lost_when_a_clerk_logs_out(kiosk: Kiosk, owners: NoticeOwners) -> None:
    notice = the_notice(kiosk).notice_id
    owners.take(notice, by="lan")
    owners.release_absent({"lan", "truc"})
    assert the_notice(kiosk).owner == "lan"
    kiosk.clock.advance(1)
    owners.release_absent({"truc"})
    assert the_notice(kiosk).owner == ""
    assert kinds(owners, notice)[-1] == ("logged_out", "lan")


def test_what_is_settled_or_unknown_is_nobodys_to_take(kiosk: Kiosk, owners: NoticeOwners) -> None:
    notice = the_notice(kiosk).notice_id
    kiosk.staff.resolve(notice, by="truc", resolution=Resolution.HELPED)
    for each in (notice, "nobody"):
        with pytest.raises(ValueError, match="no such exception"):
            owners.take(each, by="lan")
    assert owners.history("nobody") == ()
