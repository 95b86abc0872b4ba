"""The accounts of the demonstration's desk, and its test card."""

from kiosk.config import StaffConfig
from kiosk.demo.clerks import CLERKS
from kiosk.demo.people import citizens
from kiosk.devices.clock import SystemClock
from kiosk.keys import PersonTags, VisitOpener, load_clinic_private_key, load_secret
from kiosk.services.self_test import TestCards
from kiosk.staff_process import accounts_of
from kiosk.store.database import Database

_BY = "demonstration"
_TEST_CARD = "insured-2024"
"""Whose card the self-test takes; while none waits, it is a patient's like any other."""


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
        if config.roster_key is not None:
            cards = TestCards(database, clinic=config.clinic.code, clock=SystemClock())
            number = citizens()[_TEST_CARD].holder.personal_number
            cards.register(PersonTags(load_secret(config.roster_key)).test_card_tag(number), by=_BY)
    finally:
        database.close()
