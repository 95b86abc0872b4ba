"""One question at a time, answered once, shown for two minutes: a clock in the test's hand, and a foreign wallet."""

import base64
import gc
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from idcard import CredentialFormat, PresentationRequest, QrTrust, Wanted
from kiosk.services.wallet_desk import SHOWN, Stage, WalletDesk
from kiosk.wallet_process import Forgetting, signer_of

SEED = "desk"
WANTED = Wanted(
    format=CredentialFormat.SD_JWT_VC, kinds=("https://credentials.example/identity",), claims=(("family_name",),)
)
LIFE = timedelta(minutes=3)


class Hand:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        # The reference implementation stamps its answers with the machine's own time.
        self.at = datetime.now(UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
def desk(wallet: Any, clock: Hand) -> WalletDesk:
    jwk = wallet.jwk_of(wallet.key_of(SEED)).export_public(as_dict=True)
    issuer = json.dumps({"format": 1, "issuer": wallet.ISSUER, "for": ["sd_jwt_vc"], "keys": [jwk]}).encode()
    return WalletDesk(
        wanted=WANTED, address="https://kiosk.example", trust=QrTrust.of(issuers=[issuer]), clock=clock, life=LIFE
    )


def answer(desk: WalletDesk, wallet: Any, link: str | None, **more: Any) -> tuple[str, dict[str, str]]:
    """The state in a code, and the form that the wallet would send there."""
    assert link is not None
    request = wallet.parameters_of(link)
    return request["response_uri"].rpartition("/")[2], wallet.answer_to(request, SEED, **more)


def test_an_answer_is_shown_for_two_minutes_and_forgotten(desk: WalletDesk, wallet: Any, clock: Hand) -> None:
    assert desk.view().stage is Stage.IDLE
    desk.ask()
    state, form = answer(desk, wallet, desk.view().link)
    assert desk.answer(state, form)
    view = desk.view()
    assert view.stage is Stage.ANSWERED
    assert view.verdict is not None
    assert view.verdict.meets()
    assert "Mẫu" not in repr(view)
    clock.at += SHOWN - timedelta(seconds=1)
    assert desk.view().verdict is not None
    clock.at += timedelta(seconds=1)
    Forgetting(desk).turn()
    assert desk.view().stage is Stage.IDLE
    assert not desk.answer(state, form)


def test_a_question_ends(desk: WalletDesk, wallet: Any, clock: Hand) -> None:
    desk.ask()
    state, form = answer(desk, wallet, desk.view().link)
    clock.at += LIFE
    assert desk.view().stage is Stage.ENDED
    assert not desk.answer(state, form)
    desk.ask()
    assert desk.view().stage is Stage.WAITING


def test_the_last_question_alone_is_answered(desk: WalletDesk, wallet: Any) -> None:
    desk.ask()
    state, form = answer(desk, wallet, desk.view().link)
    desk.ask()
    assert not desk.answer(state, form)
    assert desk.view().stage is Stage.WAITING


def test_an_answer_is_taken_once_whatever_it_is(desk: WalletDesk, wallet: Any) -> None:
    desk.ask()
    state, form = answer(desk, wallet, desk.view().link)
    assert desk.answer(state, {"vp_token": "x", "state": state})
    assert desk.view().stage is Stage.UNREADABLE
    assert not desk.answer(state, form)


ODD_KEY = (
    base64.urlsafe_b64encode(b'{"alg":"ECDH-ES","enc":"A128GCM","epk":{"kty":"EC","crv":[]}}').decode().rstrip("=")
)


@pytest.mark.parametrize(
    "said", [{"x": "y"}, {"response": "x"}, {"error": "x"}, {"response": f"{ODD_KEY}..{'A' * 16}.AAAA.{'A' * 22}"}]
)
def test_a_bystander_s_words_do_not_end_the_question(desk: WalletDesk, wallet: Any, said: dict[str, str]) -> None:
    desk.ask()
    state, form = answer(desk, wallet, desk.view().link)
    assert not desk.answer(state, said)
    assert desk.view().stage is Stage.WAITING
    assert desk.answer(state, form)
    assert desk.view().stage is Stage.ANSWERED


def test_the_question_is_over_whatever_goes_wrong(wallet: Any, clock: Hand) -> None:
    trust: Any = None  # which nothing foresees
    desk = WalletDesk(wanted=WANTED, address="https://kiosk.example", trust=trust, clock=clock, life=LIFE)
    desk.ask()
    state, form = answer(desk, wallet, desk.view().link)
    assert desk.answer(state, form)
    assert desk.view().stage is Stage.UNREADABLE


@pytest.mark.parametrize("answered", [True, False])
def test_nothing_keeps_the_key_of_a_question_that_is_over(
    desk: WalletDesk, wallet: Any, clock: Hand, answered: bool
) -> None:
    desk.ask()
    state, form = answer(desk, wallet, desk.view().link)
    if answered:
        desk.answer(state, form)
    else:
        clock.at += LIFE
        Forgetting(desk).turn()
    gc.collect()
    kept = [one for one in gc.get_objects() if isinstance(one, PresentationRequest) and one.state == state]
    assert not kept


def test_an_unsigned_request_is_nowhere_to_be_fetched(desk: WalletDesk, wallet: Any) -> None:
    desk.ask()
    state, _ = answer(desk, wallet, desk.view().link)
    assert desk.signed_request(state) is None


def test_without_certificate_nobody_signs(tmp_path: Path) -> None:
    assert signer_of(None, None) is None
