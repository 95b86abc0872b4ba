"""What staff see of the province on the page of devices, and the button that sends again."""

from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import select, update

from kiosk.hub.authority import create_authority, load_authority
from kiosk.payer import Shared
from kiosk.province.thread import RenewalThread, renewal_thread
from kiosk.services.province_state import Province
from kiosk.store import province
from kiosk.store.province_tables import ProvinceEvent
from kiosk.store.tables import Audit

STAFF = "http://127.0.0.1:8001"


@pytest.fixture
def pages(clinic_sends: Any) -> Any:
    """Whoever logs in to a desk whose clinic belongs to a province."""
    shown = Province(clinic_sends.database, device="desk-1", clock=clinic_sends.desk.clock)
    app = clinic_sends.desk.app(province=shown)
    return lambda sign: clinic_sends.desk.log_in(app, sign)


def page(client: Any, language: str = "en") -> str:
    answer = client.get(f"/devices?lang={language}", base_url=STAFF)
    assert answer.status_code == 200
    return str(answer.text)


def again(client: Any) -> Any:
    token = page(client).split('name="csrf_token" value="')[1].split('"')[0]
    form, headers = {"csrf_token": token}, {"Origin": STAFF}
    return client.post("/province/again?lang=en", base_url=STAFF, data=form, headers=headers)


def test_what_was_put_aside_and_passed_over_is_told_and_sent_again_by_an_administrator(
    clinic_sends: Any, pages: Any
) -> None:
    clinic_sends.step()
    clinic_sends.admit()
    clinic_sends.sender.collector.collect(clinic_sends.desk.clock.now())
    with clinic_sends.database.write() as session:
        own = ProvinceEvent.state == "waiting"
        aside = session.execute(update(ProvinceEvent).where(own).values(state="aside", reason="sealed")).rowcount
        province.set_mark(session, "desk-1", province.UNTOLD, "2")
    clinic_sends.step(minutes=2)
    clerk, administrator = pages("lan"), pages("mai")
    for shown in (page(clerk), page(administrator)):
        assert 'data-province="aside"' in shown
        assert f"Put aside: {aside}." in shown
        assert "Passed over, never told: 2." in shown
    assert 'id="province-again"' not in page(clerk)
    assert "An administrator can" in page(clerk)
    assert again(clerk).status_code == 403
    assert '<button class="primary" type="submit" id="province-again">Gửi lại</button>' in page(administrator, "vi")
    answer = again(administrator)
    assert answer.status_code == 303
    assert f"To be sent to the province again: {aside}." in page(administrator)
    clinic_sends.settle()
    shown = page(administrator)
    assert 'data-province="ok"' in shown
    assert not [word for word in ("Put aside", "Passed over", "province-again") if word in shown]
    assert clinic_sends.exactly_once()
    with clinic_sends.database.read() as session:
        [link] = session.scalars(select(Audit.body).where(Audit.kind == "province_again"))
    assert '"by":"mai"' in link


def test_a_province_that_does_not_answer_for_hours_is_told(clinic_sends: Any, pages: Any, wire: Any) -> None:
    clinic_sends.step()
    client = pages("lan")
    wire.always = "cut"
    clinic_sends.step(hours=5)
    assert "has not answered for hours" not in page(client)
    clinic_sends.step(hours=2)
    assert "has not answered for hours" in page(client)
    assert "Đã nhiều giờ tuyến tỉnh không trả lời" in page(client, "vi")
    wire.always = None
    clinic_sends.settle()
    assert "has not answered for hours" not in page(client)


@pytest.fixture
def renewal(clinic_sends: Any, tmp_path: Any) -> RenewalThread:
    """The thread that renews a certificate of ten days, made just now by a hub's authority."""
    now, key = clinic_sends.desk.clock.now(), generate_private_key(SECP256R1())
    create_authority(tmp_path / "authority", now)
    made = load_authority(tmp_path / "authority").for_device(
        "36001", "desk-1", key.public_key(), now, timedelta(days=10)
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (clinic_sends.settings.identity / "certificate.pem").write_bytes(made.public_bytes(Encoding.PEM) + pem)
    desk, staff = clinic_sends.desk, clinic_sends.desk.staff
    opener = staff._admission._opener
    shared = Shared(
        database=clinic_sends.database, clinic=staff._clinic, device="desk-1", opener=opener, clock=desk.clock
    )
    return renewal_thread(clinic_sends.settings, shared)


def test_a_certificate_that_could_not_be_renewed_is_told_with_the_days_left(
    clinic_sends: Any, pages: Any, wire: Any, renewal: RenewalThread
) -> None:
    client, clock = pages("lan"), clinic_sends.desk.clock
    renewal._rest_s = 0.0

    def after(days: float, fault: str | int) -> str:
        clock.advance(timedelta(days=days).total_seconds())
        wire.always = fault
        renewal.turn()
        return page(client)

    shown = after(1, "cut")
    assert 'data-certificate="ok"' in shown
    assert "good until 03/12/2026; whole days left: 9." in shown
    shown = after(6, "cut")
    assert 'data-certificate="later"' in shown
    assert "the province does not answer" in shown
    assert 'data-part="certificate" data-state="old"' in shown
    shown = after(1, 403)
    assert 'data-certificate="refused"' in shown
    assert 'data-part="certificate" data-state="fault"' in shown
    assert "Tuyến tỉnh từ chối gia hạn" in page(client, "vi")
    assert "Call the province" in str(client.get("/?lang=en", base_url=STAFF).text)
    shown = after(3, "cut")
    assert 'data-certificate="over"' in shown
    assert "ran out on 03/12/2026" in shown
    (clinic_sends.settings.identity / "certificate.pem").unlink()
    assert 'data-certificate="none"' in after(0, "cut")
    renewal.stop()
