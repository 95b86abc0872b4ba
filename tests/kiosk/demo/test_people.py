"""The invented citizens agree with themselves, with the law and with what the bench says of them."""

import unicodedata
from dataclasses import fields
from datetime import date

import pytest

from idcard import CardQr, PersonalNumber
from idcard.testing import Issuer
from idcard.vietnam.card_expiry import NO_EXPIRY, expiry_candidates
from kiosk.demo.cards import KINDS, issue
from kiosk.demo.people import Citizen, citizens
from kiosk.demo.picture import MAX_BYTES, camera_picture
from kiosk.services.codes import shown_in

EVERYBODY = list(citizens().values())
everybody = pytest.mark.parametrize("citizen", EVERYBODY, ids=lambda citizen: citizen.id)


@everybody
def test_number_agrees_with_birth_and_sex(citizen: Citizen) -> None:
    number = PersonalNumber.parse(citizen.holder.personal_number)
    assert number.birth_year == citizen.holder.birth.year
    assert str(number.sex) == citizen.holder.sex
    assert citizen.holder.personal_number.startswith("036")
    assert citizen.holder.can.startswith("9999")


@everybody
def test_expiry_is_what_the_law_says(citizen: Citizen) -> None:
    printed = NO_EXPIRY if citizen.holder.expiry is None else f"{citizen.holder.expiry:%y%m%d}"
    assert printed == expiry_candidates(citizen.holder.birth, citizen.holder.issued)[0]


@everybody
def test_the_code_comes_out_of_the_camera_s_picture(citizen: Citizen) -> None:
    picture = camera_picture(citizen.qr_text)
    assert len(picture) <= MAX_BYTES
    assert shown_in(picture).card == CardQr.from_bytes(citizen.qr_text.encode())


@everybody
def test_texts_are_composed(citizen: Citizen) -> None:
    texts = [getattr(citizen.holder, field.name) for field in fields(citizen.holder)]
    assert all(unicodedata.is_normalized("NFC", text) for text in texts if isinstance(text, str))


def test_nobody_is_there_twice() -> None:
    assert len({citizen.holder.personal_number for citizen in EVERYBODY}) == len(EVERYBODY) >= 12


def test_every_kind_of_card_and_both_generations() -> None:
    assert {citizen.card for citizen in EVERYBODY} == set(KINDS)
    assert {citizen.generation for citizen in EVERYBODY} == {2021, 2024}


def test_the_roster_knows_the_covered() -> None:
    people = citizens()
    assert people["not-insured"].roster_entry() is None
    ended = people["cover-ended"].roster_entry()
    assert ended is not None
    assert ended.valid_to == date(2026, 6, 30)
    assert repr(ended) == "RosterEntry(…)"
    alone = people["not-linked"].roster_entry()
    assert alone is not None
    assert (alone.personal_number, alone.insurance_number) == (None, "GD4363692999926")


@everybody
def test_only_an_expired_card_is_expired(citizen: Citizen) -> None:
    expired = citizen.holder.expiry is not None and citizen.holder.expiry < date(2026, 11, 23)
    assert expired is (citizen.id == "card-expired")


def test_a_card_of_each_kind_can_be_issued(issuer: Issuer) -> None:
    kinds = {citizen.card: citizen for citizen in EVERYBODY}
    assert all(issue(citizen, issuer).atr for citizen in kinds.values())
