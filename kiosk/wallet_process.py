"""The wallet process put together: the clerk's page on this machine, and the door for phones.

It is a process of its own, because phones reach it: it holds no store, no roster, no key that opens anything, and
calls nobody. It is off unless somebody starts it. See ``docs/decisions/0028-a-wallet-admits-nobody.md``.
"""

from datetime import timedelta
from pathlib import Path
from threading import Thread

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from idcard import ConfigurationError, QrTrust
from kiosk.devices.clock import SystemClock
from kiosk.process import listen, run_until_told
from kiosk.services.wallet_desk import RequestSigner, WalletDesk
from kiosk.services.worker import Worker
from kiosk.wallet_config import WalletConfig
from kiosk.web.wallet import create_answers_app, create_wallet_app

_END_WITHIN_S = 10
_FORGET_EVERY_S = 5.0
_log = structlog.get_logger(__name__)


class Forgetting(Worker):
    """Lets the desk forget an answer in time, whether somebody looks at the page or not."""

    def __init__(self, desk: WalletDesk) -> None:
        super().__init__("forgetting", pause_s=_FORGET_EVERY_S)
        self._desk = desk

    def turn(self) -> None:
        """One look, which is what forgets."""
        self._desk.view()


def run_wallet(config: WalletConfig, *, end_with_stdin: bool = False) -> None:
    """Serve the page and the door for phones until the process is told to stop.

    :raises ConfigurationError: if the list of signers, a key or a port cannot be used.
    """
    desk = desk_of(config)
    page = listen(create_wallet_app(desk, config), host=config.host, port=config.port)
    door = listen(create_answers_app(desk), host=config.answers_host, port=config.answers_port)
    thread = Thread(target=door.run, name="answers", daemon=True)
    thread.start()
    forgetting = Forgetting(desk)
    forgetting.start()
    _log.info("wallet_serves", port=page.port, answers_port=door.port, mode=config.mode)
    try:
        run_until_told(page, end_with_stdin=end_with_stdin)
    finally:
        forgetting.stop()
        door.close()
        thread.join(timeout=_END_WITHIN_S)
    _log.info("wallet_stopped")


def desk_of(config: WalletConfig) -> WalletDesk:
    """The desk that asks and judges; ConfigurationError where what it stands on cannot be used."""
    return WalletDesk(
        wanted=config.wanted,
        address=config.address,
        trust=QrTrust.from_directory(config.trust, accept_demonstration=config.is_demo),
        clock=SystemClock(),
        life=timedelta(seconds=config.life_s),
        signer=signer_of(config.certificate, config.key),
    )


def signer_of(certificate: Path | None, key: Path | None) -> RequestSigner | None:
    """Who signs requests, or None; ConfigurationError where the files cannot be used, or do not go together."""
    if certificate is None or key is None:
        return None
    try:
        chain = x509.load_pem_x509_certificates(certificate.read_bytes())
        private = load_pem_private_key(key.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise _unusable(certificate, key) from error
    if not isinstance(private, ec.EllipticCurvePrivateKey) or not isinstance(private.curve, ec.SECP256R1):
        raise _unusable(certificate, key)
    if chain[0].public_key() != private.public_key():
        raise _unusable(certificate, key)
    return RequestSigner(chain, private)


def _unusable(certificate: Path, key: Path) -> ConfigurationError:
    return ConfigurationError(
        f"The certificate {certificate.name} and the key {key.name} cannot sign requests.",
        reason="damaged",
        remedy="Give a certificate in PEM and its own private key, on P-256.",
    )
