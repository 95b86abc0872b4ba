"""Signs of fraud: found, raised once, and without anybody's tag in them."""

from datetime import timedelta
from typing import Any

from kiosk.hub.store import tables
from kiosk.hub.store.signals import MANY_VISITS, ONE_CODE, TWO_CLINICS, find_signals
from kiosk.hub.store.states import open_alarms


def alarms(hub: Any) -> list[Any]:
    with hub.database.read() as connection:
        return list(open_alarms(connection))


def kinds(hub: Any) -> list[str]:
    find_signals(hub.database, hub.now)
    return sorted(each.kind for each in alarms(hub))


def come(hub: Any, make: Any, device: Any, *, before: timedelta = timedelta(0), **fields: Any) -> Any:
    body = make.admission(**fields)
    hub.receive(device, device.event(body, at=make.NOW - before))
    return body


def test_one_identity_in_two_clinics_within_an_hour(hub: Any, make: Any) -> None:
    come(hub, make, hub.enrolled("36001"), before=timedelta(minutes=59))
    second = come(hub, make, hub.enrolled("36002"))
    assert kinds(hub) == [TWO_CLINICS]
    (alarm,) = alarms(hub)
    assert (alarm.clinic, alarm.facts) == ("36002", {"other": "36001", "minutes": 59, "visit": second.visit.hex()})
    # Once is enough.
    assert find_signals(hub.database, hub.now) == 0


def test_more_than_an_hour_apart_or_in_one_clinic_is_no_sign(hub: Any, make: Any) -> None:
    one, other = hub.enrolled("36001"), hub.enrolled("36002")
    come(hub, make, one, before=timedelta(minutes=61))
    come(hub, make, other)
    come(hub, make, one, person=2, before=timedelta(minutes=5))
    come(hub, make, one, person=2)
    assert kinds(hub) == []


def test_what_was_taken_back_is_no_sign(hub: Any, make: Any) -> None:
    one, other = hub.enrolled("36001"), hub.enrolled("36002")
    come(hub, make, one, before=timedelta(minutes=9))
    second = come(hub, make, other)
    hub.receive(other, other.event(make.cancelled(second.visit)))
    assert kinds(hub) == []


def test_too_many_visits_of_one_identity(hub: Any, make: Any) -> None:
    device = hub.enrolled()
    for back in range(4):
        day = make.NOW.date() - timedelta(days=back)
        come(hub, make, device, before=timedelta(days=back), day=day)
        if back < 3:
            come(hub, make, device, person=2, before=timedelta(days=back), day=day)
    assert kinds(hub) == [MANY_VISITS]
    facts = alarms(hub)[0].facts
    assert (facts["visits"], facts["days"], facts["clinics"]) == (4, 7, ["36001"])
    # No tag of a person, whole or in its mark.
    tag = (1).to_bytes(16, "big").hex()
    assert tag not in str(facts)
    assert alarms(hub)[0].mark != tag


def test_one_code_at_many_kiosks(hub: Any, make: Any) -> None:
    code, other = bytes(range(16)), bytes(16)
    for number, clinic in enumerate(("36001", "36002", "36003")):
        device = hub.enrolled(clinic)
        come(hub, make, device, person=number + 10, code_tag=code)
        come(hub, make, device, person=number + 20, code_tag=other if number else None)
    assert kinds(hub) == [ONE_CODE]
    assert alarms(hub)[0].facts["kiosks"] == 3


def test_whoever_is_erased_leaves_no_code_behind(hub: Any, make: Any) -> None:
    device = hub.enrolled()
    body = come(hub, make, device, code_tag=bytes(16))
    hub.receive(device, device.event(make.cancelled(body.visit, "erased")))
    assert hub.rows(tables.shown_code) == []
    assert "code_tag" not in hub.rows(tables.event, kind="admission")[0].body
