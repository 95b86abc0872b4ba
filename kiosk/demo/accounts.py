"""The accounts of the demonstration's desk."""

from kiosk.config import StaffConfig
from kiosk.demo.clerks import CLERKS
from kiosk.keys import VisitOpener, load_clinic_private_key
from kiosk.staff_process import accounts_of
from kiosk.store.database import Database

_BY = "demonstration"


def make_accounts(config: StaffConfig) -> None:
    """Give a demonstration's store its clerks, where they are not there yet.

    A ValueError outside a demonstration: passwords that stand in this repository have no place elsewhere.
    """
    if not config.is_demo:
        raise ValueError("not a demonstration")
    database = Database.open(config.store)
    try:
        accounts = accounts_of(config, database, VisitOpener(load_clinic_private_key(config.clinic_private_key)))
        there = {account.sign for account in accounts.all()}
        for clerk in CLERKS:
            if clerk.sign not in there:
                accounts.add(
                    clerk.sign, clerk.role, name=clerk.name, number=clerk.number, password=clerk.password, by=_BY
                )
    finally:
        database.close()
