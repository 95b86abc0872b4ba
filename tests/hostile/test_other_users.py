"""Another user of the same machine: what the local interfaces and the files of their secrets let them do."""

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from another_user import CAN_BECOME, another_can, is_for_its_owner, open_folder
from flask import Flask

import idcard
from idcard import ConfigurationError
from idcard.service.server import Judging, Server, start
from idcard.testing import Issuer
from kiosk.durable import write_in_place
from kiosk.hub.config import HubConfig
from kiosk.hub.serving import HubServer
from kiosk.insurance.account import load_account
from kiosk.keys import create_clinic_keys, create_secret, create_signing_keys

pytestmark = pytest.mark.skipif(os.name != "posix", reason="other systems guard files by their folders")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that guards nothing by itself."""
    with open_folder() as path:
        yield path


@pytest.fixture
def service() -> Iterator[Server]:
    trust = idcard.TrustStore.of(
        [Issuer.create(at=datetime(2021, 1, 1, tzinfo=UTC), demonstration=False).csca_certificate]
    )
    server = start(Judging(trust=trust, policy=idcard.STRICT), desk=Empty())
    thread = Thread(target=server.run)
    thread.start()
    yield server
    server.stop()
    thread.join(30)


class Empty:
    """A place without a reader."""

    def readers(self) -> tuple[str, ...]:
        return ()

    def wait(self, timeout_s: float) -> bool:
        return False

    def connect(self) -> Any:
        raise idcard.ReaderMissing("no reader is connected")

    def close(self) -> None:
        """Nothing to let go of."""


def answer_of(port: int, token: str) -> int:
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", "/v1/state", headers={"Authorization": f"Bearer {token}"})
        with connection.getresponse() as answer:
            return answer.status


def test_who_cannot_read_the_token_cannot_ask_the_service(service: Server, folder: Path) -> None:
    """Every program of the machine can connect; the token is what another user's lacks."""
    token = folder / "token"
    service.write_token(token)
    assert is_for_its_owner(token)
    assert answer_of(service.port, token.read_text()) == 200
    assert answer_of(service.port, "guessed") == 401
    if CAN_BECOME:

        def ask() -> None:
            if answer_of(service.port, token.read_text()) != 200:
                raise AssertionError

        def guess() -> None:
            if answer_of(service.port, "guessed") != 401:
                raise AssertionError

        assert not another_can(ask)
        assert another_can(guess), "the other user reaches the port, and is refused there"


def test_no_secret_is_readable_by_another_user(folder: Path) -> None:
    create_secret(folder / "internal.key")
    create_clinic_keys(folder / "clinic.pem", folder / "clinic.pub")
    create_signing_keys(folder / "device.key", folder / "device.pub")
    write_in_place(folder / "certificate.pem", b"a key is in it")
    for name in ("internal.key", "clinic.pem", "device.key", "certificate.pem"):
        assert is_for_its_owner(folder / name), name


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_an_account_that_others_may_read_is_refused(folder: Path, mode: int) -> None:
    account = folder / "gateway.toml"
    account.write_text('url = "https://gateway.example"\nusername = "x"\npassword = "y"\n')
    account.chmod(0o600)
    assert load_account(account).username == "x"
    account.chmod(mode)
    with pytest.raises(ConfigurationError, match="Others may read"):
        load_account(account)


def test_the_hubs_socket_is_for_its_owner_and_group(folder: Path) -> None:
    place = folder / "hub.sock"
    config = HubConfig(mode="demo", keys=folder, store=folder / "unused", socket=place)
    server = HubServer(Flask("nothing", static_folder=None), config)
    thread = Thread(target=server.run)
    thread.start()
    try:
        assert stat.S_IMODE(place.stat().st_mode) == 0o660

        def call() -> None:
            with socket.socket(socket.AF_UNIX) as line:
                line.connect(str(place))

        call()
        assert not CAN_BECOME or not another_can(call)
    finally:
        server.close()
        thread.join(20)
