"""The wallet's page in a real Chromium: asked, answered by a foreign wallet; axe finds nothing in either language."""

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from idcard import CredentialFormat, QrTrust, Wanted
from kiosk.devices.clock import SystemClock
from kiosk.domain.route import Clinic, Room
from kiosk.services.wallet_desk import WalletDesk
from kiosk.wallet_config import WalletConfig
from kiosk.web.common.serving import make_server
from kiosk.web.wallet import create_wallet_app

SEED = "page"
KIND = "https://credentials.example/identity"
CLAIMS = (("family_name",), ("given_name",), ("birthdate",))


@pytest.fixture
def desk(wallet: Any) -> WalletDesk:
    jwk = wallet.jwk_of(wallet.key_of(SEED)).export_public(as_dict=True)
    issuer = json.dumps({"format": 1, "issuer": wallet.ISSUER, "for": ["sd_jwt_vc"], "keys": [jwk]}).encode()
    return WalletDesk(
        wanted=Wanted(format=CredentialFormat.SD_JWT_VC, kinds=(KIND,), claims=CLAIMS),
        address="https://kiosk.example",
        trust=QrTrust.of(issuers=[issuer]),
        clock=SystemClock(),
        life=timedelta(minutes=3),
    )


@pytest.fixture
def address(desk: WalletDesk, tmp_path: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (tmp_path / "session.key").write_bytes(os.urandom(32))
    room = Room(id="noi", name_vi="Nội", name_en="General", place_vi="P 12", place_en="Room 12")
    config = WalletConfig(
        mode="demo",
        port=port,
        clinic=Clinic(code="79999", name_vi="Trạm y tế Mẫu", name_en="Mau Station", rooms=(room,)),
        session_key=tmp_path / "session.key",
        trust=tmp_path,
        address="https://kiosk.example",
        format=CredentialFormat.SD_JWT_VC,
        kinds=(KIND,),
        claims=CLAIMS,
    )
    server = make_server(create_wallet_app(desk, config), host="127.0.0.1", port=port)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{port}"
    server.close()
    thread.join(timeout=10)


@pytest.mark.parametrize(("language", "button", "good"), [
    ("vi", "Đưa mã mới", "Nơi cấp đã biết"), ("en", "Show a new code", "Its issuer is known"),
])  # fmt: skip
def test_asked_and_answered_without_faults(
    browser: Browser,
    address: str,
    desk: WalletDesk,
    wallet: Any,
    axe: Callable[[Page], list[str]],
    language: str,
    button: str,
    good: str,
) -> None:
    with browser.new_context(viewport={"width": 1024, "height": 800}) as context:
        page = context.new_page()
        page.goto(f"{address}/?lang={language}")
        assert axe(page) == []
        page.get_by_role("button", name=button).click()
        code = page.get_by_role("img")
        expect(code).to_be_visible()
        assert code.evaluate("image => image.complete && image.naturalWidth > 300")
        assert axe(page) == []
        link = desk.view().link
        assert link is not None
        request = wallet.parameters_of(link)
        assert desk.answer(request["state"], wallet.answer_to(request, SEED))
        expect(page.get_by_text(good)).to_be_visible(timeout=10_000)  # by itself
        expect(page.get_by_text("Mẫu Thử Nghiệm")).to_be_visible()
        assert axe(page) == []
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
