"""The wallet process's two apps: the clerk's page, and the door for phones."""

from kiosk.web.wallet.answers import create_answers_app
from kiosk.web.wallet.app import create_wallet_app

__all__ = ["create_answers_app", "create_wallet_app"]
