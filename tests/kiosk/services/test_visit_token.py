"""What a page does is done in the visit whose screen it shows, or not at all."""

from typing import Any

import pytest

from kiosk.domain.flow import Screen
from kiosk.services.view import OtherVisit

# The fixture's class lives in conftest.py, from which nothing can be imported.
Kiosk = Any


def test_one_visit_has_one_token_from_the_first_screen_to_the_ticket(kiosk: Kiosk) -> None:
    seen = [kiosk.turn().visit, kiosk.put("insured").visit, kiosk.digits("insured").visit]
    kiosk.patient.choose_room("noi")
    seen.append(kiosk.view.visit)
    assert kiosk.screen is Screen.TICKET
    assert len(set(seen)) == 1
    assert len(seen[0]) == 16


def test_every_end_of_a_visit_is_the_end_of_its_token(kiosk: Kiosk) -> None:
    seen = [kiosk.turn().visit]
    kiosk.put("insured")
    kiosk.patient.stop()
    seen.append(kiosk.take().visit)
    kiosk.patient.call_staff("help")
    seen.append(kiosk.view.visit)
    kiosk.patient.acknowledge()
    seen.append(kiosk.view.visit)
    kiosk.put("not_insured")
    seen.append(kiosk.digits("not_insured").visit)
    assert kiosk.screen is Screen.DESK
    assert len(set(seen)) == len(seen)


def test_a_room_that_was_tapped_for_the_last_person_admits_nobody(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    stale = kiosk.digits("insured").visit
    kiosk.put("old")
    assert kiosk.digits("old").screen is Screen.CONFIRM
    with pytest.raises(OtherVisit), kiosk.patient.in_visit(stale):
        kiosk.patient.choose_room("noi")
    assert (kiosk.screen, kiosk.staff.admissions()) == (Screen.CONFIRM, ())
    with kiosk.patient.in_visit(kiosk.view.visit):
        kiosk.patient.choose_room("noi")
    assert kiosk.screen is Screen.TICKET


def test_a_tap_after_the_limit_passed_is_too_late(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    kiosk.digits("insured")
    visit = kiosk.take().visit
    kiosk.clock.advance(15.1)
    with pytest.raises(OtherVisit), kiosk.patient.in_visit(visit):
        kiosk.patient.choose_room("noi")
    assert kiosk.staff.admissions() == ()


def test_a_picture_of_the_last_visit_is_not_looked_at(kiosk: Kiosk) -> None:
    stale = kiosk.turn().visit
    picture = kiosk.qr(kiosk.holders["insured"])
    kiosk.put("insured")
    kiosk.patient.stop()
    kiosk.take()
    with pytest.raises(OtherVisit):
        kiosk.patient.show_image(picture, stale)
    assert kiosk.screen is Screen.ATTRACT


def test_a_code_before_the_kiosks_own_camera_is_the_visits_in_which_it_was_seen(kiosk: Kiosk) -> None:
    class SlowCamera:
        """Somebody stops, and the next person begins, while the picture is on its way."""

        def frame(self) -> bytes:
            kiosk.patient.stop()
            kiosk.take()
            kiosk.put("old")
            return bytes(kiosk.qr(kiosk.holders["insured"]))

        def close(self) -> None:
            """Nothing to let go of."""

    kiosk.put("insured")
    kiosk.camera._camera = SlowCamera()
    kiosk.camera.turn()
    assert (kiosk.screen, kiosk.patient.next_read()) == (Screen.DIGITS, None)
