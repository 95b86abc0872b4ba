"""The check-in table on its way to the payer: a stand-in in a process of its own, in every mood."""

import base64
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from kiosk.domain.route_proposal import RouteFacts, RouteRule
from kiosk.insurance.account import GatewayAccount
from kiosk.insurance.bhxh import CHECK_IN, Gateway
from kiosk.insurance.stand_in import direct
from kiosk.insurance.stand_in.moods import Lie, Mood
from kiosk.insurance.tables import route_rules
from kiosk.interop.checkin_sink import CheckinSink
from kiosk.interop.checkin_table import checkin_table
from kiosk.interop.delivery import LONGEST_PAUSE_S, MOST_TRIES, Deliverer, Delivering
from kiosk.interop.orders import OrderBook, Service, UsualOrders, checked_order

Leaving = Any
StandIn = Any
SENT = Delivering(delivered=1, given_up=0, down=False)
DOWN = Delivering(delivered=0, given_up=0, down=True)


@pytest.fixture
def gateway(stand_in: StandIn, leaving: Leaving) -> Iterator[Gateway]:
    account = GatewayAccount(url=stand_in.url, username="36999_BV", password="rehearsal", deadline_s=30)
    client = Gateway(account, clock=leaving.desk.clock)
    yield client
    client.close()


def orders(*, rules: tuple[RouteRule, ...] = (), **services: str) -> UsualOrders:
    named = {room: Service(code=code, name="Khám") for room, code in services.items()}
    return UsualOrders(services=named, visit_kind="01", rules=rules, facility=RouteFacts(station=False))


@pytest.fixture
def payer(gateway: Gateway, leaving: Leaving) -> Callable[..., Deliverer]:
    """Makes deliverers to the payer: in room ``noi`` visits begin with an examination, and routes are proposed."""

    def make(usual: UsualOrders | None = None) -> Deliverer:
        usual = orders(rules=route_rules(), noi="02.1896") if usual is None else usual
        sink = CheckinSink(lambda: gateway, table=checkin_table(), path=CHECK_IN)
        return leaving.deliverer(sink, orders=usual)

    return make


def test_the_payer_gives_a_number_for_what_it_took(
    leaving: Leaving, payer: Callable[..., Deliverer], stand_in: StandIn
) -> None:
    deliverer = payer()
    visit_id = leaving.admit()
    assert deliverer.round() == SENT
    row = leaving.row("checkin")
    assert row.state == "delivered"
    assert row.receipt == direct.check_ins(stand_in.port)[visit_id]


def test_a_row_waits_until_its_first_cost_and_its_route_are_known(
    leaving: Leaving, payer: Callable[..., Deliverer], stand_in: StandIn
) -> None:
    deliverer = payer(orders())
    visit_id = leaving.admit()
    book = OrderBook(leaving.database, device="desk-1", clock=leaving.desk.clock)
    for route, reason in ((None, "route_unknown"), ("1.1", None)):
        deliverer.round()
        said = {"kind": "service", "code": "02.1896", "name": "Khám", "route": route, "visit_kind": "01"}
        book.record(visit_id, checked_order(**said, ordered_at=leaving.desk.clock.now()), by="desk-1")
        deliverer.round()
        assert leaving.row("checkin").reason == reason
    assert visit_id in direct.check_ins(stand_in.port)
    assert leaving.row("checkin").tries == 0


def test_no_route_is_guessed_for_who_is_registered_elsewhere(leaving: Leaving, payer: Callable[..., Deliverer]) -> None:
    deliverer = payer()
    leaving.admit(home_clinic="36001")
    deliverer.round()
    assert (leaving.row("checkin").state, leaving.row("checkin").reason) == ("waiting", "route_unknown")


def test_an_emergency_is_not_reported(leaving: Leaving, payer: Callable[..., Deliverer], stand_in: StandIn) -> None:
    deliverer = payer()
    visit_id = leaving.admit()
    said = {"kind": "service", "code": "02.1896", "name": "Khám", "route": "2", "visit_kind": "01"}
    book = OrderBook(leaving.database, device="desk-1", clock=leaving.desk.clock)
    book.record(visit_id, checked_order(**said, ordered_at=leaving.desk.clock.now()), by="desk-1")
    deliverer.round()
    assert leaving.row("checkin").receipt == "not_reported.route_not_reported"
    assert visit_id not in direct.check_ins(stand_in.port)


@pytest.mark.parametrize(
    ("mood", "particulars", "reason"),
    [
        (Mood.FAILING, {}, "gateway_server_error"),
        (Mood.CUT, {}, "gateway_dropped"),
        (Mood.LYING, {"lie": Lie.CUT_SHORT}, "gateway_dropped"),
    ],
)
def test_a_gateway_in_trouble_costs_no_try_and_gets_it_later(
    leaving: Leaving,
    payer: Callable[..., Deliverer],
    stand_in: StandIn,
    mood: Mood,
    particulars: dict[str, Any],
    reason: str,
) -> None:
    deliverer = payer()
    visit_id = leaving.admit()
    stand_in.behave(mood, **particulars)
    assert deliverer.round() == DOWN
    row = leaving.row("checkin")
    assert (row.state, row.reason, row.tries) == ("waiting", reason, 0)
    stand_in.behave(Mood.OK)
    leaving.desk.clock.advance(LONGEST_PAUSE_S)
    assert deliverer.round() == SENT
    assert visit_id in direct.check_ins(stand_in.port)


def test_a_gateway_that_talks_nonsense_for_ever_is_told_to_a_person(
    leaving: Leaving, payer: Callable[..., Deliverer], stand_in: StandIn
) -> None:
    deliverer = payer()
    leaving.admit()
    stand_in.behave(Mood.LYING, lie=Lie.HTML)
    for _ in range(MOST_TRIES):
        deliverer.round()
        leaving.desk.clock.advance(LONGEST_PAUSE_S)
    row = leaving.row("checkin")
    assert (row.state, row.reason, row.tries) == ("dead", "gateway_malformed", MOST_TRIES)


def test_what_the_gateway_took_before_it_died_is_sent_again(
    leaving: Leaving, payer: Callable[..., Deliverer], stand_in: StandIn
) -> None:
    deliverer = payer()
    visit_id = leaving.admit()
    stand_in.behave(Mood.CUT_AFTER, only="check_in", times=1)
    assert deliverer.round() == DOWN
    first = direct.check_ins(stand_in.port)[visit_id]
    leaving.desk.clock.advance(LONGEST_PAUSE_S)
    assert deliverer.round() == SENT
    assert leaving.row("checkin").receipt == direct.check_ins(stand_in.port)[visit_id] != first


def test_a_token_that_was_lost_is_taken_anew_once(
    leaving: Leaving, payer: Callable[..., Deliverer], stand_in: StandIn
) -> None:
    deliverer = payer()
    leaving.admit()
    assert deliverer.round() == SENT
    direct.forget_tokens(stand_in.port)
    leaving.admit()
    assert deliverer.round() == SENT


def test_a_refused_account_sends_nothing_more_and_loses_nothing(leaving: Leaving, stand_in: StandIn) -> None:
    account = GatewayAccount(url=stand_in.url, username="36999_BV", password="wrong", deadline_s=30)
    client = Gateway(account, clock=leaving.desk.clock)
    sink = CheckinSink(lambda: client, table=checkin_table(), path=CHECK_IN)
    deliverer = leaving.deliverer(sink, orders=orders(rules=route_rules(), noi="02.1896"))
    leaving.admit()
    assert deliverer.round() == DOWN
    assert (leaving.row("checkin").state, leaving.row("checkin").reason) == ("waiting", "gateway_refused")
    client.close()


def test_what_our_table_refuses_goes_to_a_person_and_not_to_the_payer(
    leaving: Leaving, payer: Callable[..., Deliverer], stand_in: StandIn
) -> None:
    deliverer = payer()
    visit_id = leaving.admit(insurance_number="GD93690000001xx")
    assert deliverer.round() == Delivering(delivered=0, given_up=1, down=False)
    assert leaving.row("checkin").reason == "MA_THE_BHYT.malformed"
    assert visit_id not in direct.check_ins(stand_in.port)


def test_what_the_payer_refuses_goes_to_a_person(leaving: Leaving, gateway: Gateway, stand_in: StandIn) -> None:
    from kiosk.insurance.gateway_errors import RecordRefused

    with pytest.raises(RecordRefused) as refused:
        gateway.file_check_in(b"<CHI_TIEU_TRANG_THAI_KCB/>", clinic="79999")
    assert refused.value.result_code == "205"

    class Sending:
        def file_check_in(self, xml: bytes, *, clinic: str, path: str) -> str:
            return gateway.file_check_in(xml.replace(b"<MA_LK>", b"<MA_KHAC>"), clinic=clinic, path=path)

    sink = CheckinSink(lambda: Sending(), table=checkin_table(), path=CHECK_IN)
    deliverer = leaving.deliverer(sink, orders=orders(rules=route_rules(), noi="02.1896"))
    leaving.admit()
    assert deliverer.round() == Delivering(delivered=0, given_up=1, down=False)
    assert leaving.row("checkin").reason == "gateway_result_205"


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><CHI_TIEU_TRANG_THAI_KCB>&b;</CHI_TIEU_TRANG_THAI_KCB>'


@pytest.mark.parametrize("content", [b"", b"<", b"<a/>", BOMB])
def test_the_stand_in_takes_no_nonsense(stand_in: StandIn, content: bytes) -> None:
    account = {"username": "36999_BV", "password": "5F4D"}
    token = httpx.post(f"{stand_in.url}/api/token/take", data=account, timeout=60).json()
    assert token["maKetQua"] == "401"
    body = {"username": "36999_BV", "loaiHoSo": "0", "maTinh": "36", "maCSKCB": "36999"}
    answer = httpx.post(
        f"{stand_in.url}{CHECK_IN}", data=body | {"fileHSBase64": base64.b64encode(content).decode()}, timeout=60
    )
    assert answer.json()["maKetQua"] == "401"


@pytest.mark.parametrize("content", [b"", b"<", b"<a/>", BOMB])
def test_the_stand_in_refuses_what_is_no_table(gateway: Gateway, content: bytes) -> None:
    from kiosk.insurance.gateway_errors import RecordRefused

    with pytest.raises(RecordRefused):
        gateway.file_check_in(content, clinic="36999")


def test_only_who_directs_hears_who_was_reported(stand_in: StandIn) -> None:
    assert httpx.get(f"{stand_in.url}/stand-in/check-ins", timeout=60).status_code == 403
