"""The staff process's ways to the payer, put together: shifts, the gateway's client, and asking again.

The client is made when somebody is first asked about: its library takes long to load, and no page waits for it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from idcard import ConfigurationError
from kiosk.config import StaffConfig
from kiosk.domain.route import Clinic
from kiosk.insurance.account import GatewayAccount, load_account
from kiosk.insurance.tables import result_table
from kiosk.keys import VisitOpener
from kiosk.ports import Clock
from kiosk.services.online_cover import GatewayCover, Records
from kiosk.services.recheck import Rechecker, RecheckThread
from kiosk.services.shift import ShiftBook
from kiosk.store.database import Database
from kiosk.web.staff.shift import Payer

if TYPE_CHECKING:
    from kiosk.insurance.bhxh import Gateway


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What all parts of a staff process stand on."""

    database: Database
    clinic: Clinic
    device: str
    opener: VisitOpener
    clock: Clock
    records: Records | None = None


def account_of(config: StaffConfig) -> GatewayAccount | None:
    """The account that a configuration names, or None.

    :raises ConfigurationError: as :func:`load_account` does, and for a stand-in's account in production: nobody is
        admitted in earnest by scripted answers.
    """
    if config.gateway is None:
        return None
    account = load_account(config.gateway)
    if account.is_rehearsal and not config.is_demo:
        raise ConfigurationError(
            f"The gateway account {config.gateway.name} names a stand-in on this machine.",
            reason="wrong_setting",
            remedy="Name the payer's gateway, or rehearse with a configuration of a demonstration.",
        )
    return account


def payer_parts(
    shared: Shared,
    account: GatewayAccount | None,
    token: bytes | None,
    client: "Callable[[], Gateway] | None" = None,
) -> tuple[Payer, RecheckThread | None]:
    """What the pages need, and the thread that asks again; without an account nobody is asked.

    :param client: gives the account's client, where somebody else uses it, too.
    :raises ConfigurationError: if the table of result codes cannot be used.
    """
    shifts = ShiftBook(
        database=shared.database,
        clinic=shared.clinic,
        device=shared.device,
        opener=shared.opener,
        clock=shared.clock,
    )
    if account is None:
        return Payer(shifts=shifts, cover=None, token=token, opened=lambda: None), None
    cover = GatewayCover(
        client or client_when_needed(account, shared.clock),
        shifts=shifts,
        table=result_table(),
        clinic=shared.clinic.code,
        clock=shared.clock,
        records=shared.records,
    )
    rechecker = Rechecker(
        database=shared.database,
        clinic=shared.clinic,
        device=shared.device,
        opener=shared.opener,
        cover=cover,
        clock=shared.clock,
    )
    thread = RecheckThread(rechecker)
    return Payer(shifts=shifts, cover=cover, token=token, opened=thread.nudge), thread


def client_when_needed(account: GatewayAccount, clock: Clock) -> "Callable[[], Gateway]":
    """Gives the one client of this account, from the first call on."""
    made: list[Gateway] = []
    lock = Lock()

    def client() -> "Gateway":
        with lock:
            if not made:
                # Only here: the HTTP library is slow to load, and many clinics ask nobody at the start.
                from kiosk.insurance.bhxh import Gateway

                made.append(Gateway(account, clock=clock))
            return made[0]

    return client
