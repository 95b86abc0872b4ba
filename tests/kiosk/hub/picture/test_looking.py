"""The province, a clinic, and one person: read from what devices sent; a person for a written reason alone."""

from datetime import timedelta
from typing import Any

import pytest

from kiosk.hub.picture.acts import newest_acts
from kiosk.hub.picture.config import PictureConfig
from kiosk.hub.picture.judge import Standing
from kiosk.hub.picture.looking import LookReason, clinic_look, look_at_person, province
from kiosk.hub.picture.page import page_of
from kiosk.wire.bodies import DeskTicket, DeviceHealth, ExceptionOpened, SelfTest

CONFIG = PictureConfig(port=8908)
BEAT = {"trust": "v12", "trust_age_s": 60, "roster": "r1", "roster_age_s": 60}
WHY = "khiếu nại của gia đình"


@pytest.fixture
def ready(hub: Any, make: Any) -> Any:
    """A clinic that is ready, with an admission, an exception and a printer without paper; and a silent one."""
    device, other = hub.enrolled("36001"), hub.enrolled("36002")
    late = make.NOW - timedelta(hours=1)
    hub.now = late
    hub.receive(other, other.event(make.heartbeat(**BEAT), at=late))
    hub.now = make.NOW
    bodies = [
        SelfTest(passed=True),
        make.admission(1),
        make.admission(2, tries=2, linked=False),
        ExceptionOpened(exception=make.uuid7(), code="E09"),
        DeviceHealth(part="printer", state="paper_out", was="ok"),
        make.heartbeat(**BEAT),
    ]
    hub.receive(device, *(device.event(body) for body in bodies))
    return device


def test_the_province_is_what_its_devices_said(hub: Any, make: Any, ready: Any) -> None:
    sight = province(hub.database, make.NOW, CONFIG)
    first, second = sight.clinics
    assert (first.standing, second.standing) == (Standing.READY, Standing.SILENT)
    assert (first.day.hours[8], first.exceptions) == (2, 1)
    assert [each.value for each in first.whys] == ["ailing"]
    assert sight.mismatches == [("36001", "E09", 1)]
    page = page_of(sight, CONFIG)
    assert (page.ready, page.linked_short, page.exceptions) == (1, True, 1)
    assert page.cards == (("cc_2024", 2, 1),)
    assert {each.what: each.counts for each in page.versions}["trust"] == (("v12", 2),)
    assert sum(len(block) for block in page.blocks) == 2


def test_a_clinic_closer(hub: Any, make: Any, ready: Any) -> None:
    found = clinic_look(hub.database, "36001", make.NOW, CONFIG)
    assert found is not None
    assert [each.totals["admissions"] for each in found.week] == [0] * 6 + [2]
    assert found.shares["lane"] == {"chip": 2}
    assert found.judged.devices[0].parts == {"printer": "paper_out"}
    assert clinic_look(hub.database, "36777", make.NOW, CONFIG) is None


def test_a_person_is_told_after_it_is_written_down_why(hub: Any, make: Any, ready: Any) -> None:
    other = hub.enrolled("36003")
    here, there = make.admission(7), make.admission(7)
    hub.receive(ready, ready.event(here))
    hub.receive(other, other.event(there))
    told = look_at_person(
        hub.database, ("36001", here.visit), make.NOW, by="ha.tran", reason=LookReason.COMPLAINT, words=f"  {WHY} "
    )
    assert [(each.visit, each.clinic, each.kind) for each in told] == [
        (1, "36001", "admission"),
        (2, "36003", "admission"),
    ]
    shown = str(told)
    assert here.person.hex() not in shown
    assert here.visit.hex() not in shown
    with hub.database.read() as connection:
        act = newest_acts(connection, 5)[0]
    assert (act.sign, act.act, act.clinic, act.subject) == ("ha.tran", "looked", "36001", here.visit.hex())
    assert (act.reason, act.words) == ("complaint", WHY)


def test_where_the_same_code_was_shown_is_told_too(hub: Any, make: Any, ready: Any) -> None:
    other, code = hub.enrolled("36003"), bytes(range(16))
    here = make.admission(8, code_tag=code)
    there = DeskTicket(visit=make.uuid7(), day=here.day, lane="code", code="E11", assurance="none", code_tag=code)
    hub.receive(ready, ready.event(here))
    hub.receive(other, other.event(there))
    told = look_at_person(
        hub.database, ("36001", here.visit), make.NOW, by="ha", reason=LookReason.FRAUD, words="mã QR đi vòng"
    )
    assert [(each.clinic, each.kind) for each in told] == [("36001", "admission"), ("36003", "desk_ticket")]
    assert code.hex() not in str(told)


def test_nothing_is_told_without_a_reason(hub: Any, make: Any, ready: Any) -> None:
    with pytest.raises(ValueError, match="words"):
        look_at_person(
            hub.database, ("36001", bytes(16)), make.NOW, by="ha", reason=LookReason.AUDIT, words="vì         thế"
        )
    with hub.database.read() as connection:
        assert newest_acts(connection, 5) == []


def test_nothing_is_told_where_it_cannot_be_written_down(hub: Any, make: Any, ready: Any) -> None:
    from kiosk.hub.errors import HubStoreUnavailable

    visit = make.admission(9)
    hub.receive(ready, ready.event(visit))
    hub.rename("officer_act", "officer_act_away")
    try:
        with pytest.raises(HubStoreUnavailable):
            look_at_person(hub.database, ("36001", visit.visit), make.NOW, by="ha", reason=LookReason.AUDIT, words=WHY)
    finally:
        hub.rename("officer_act_away", "officer_act")
