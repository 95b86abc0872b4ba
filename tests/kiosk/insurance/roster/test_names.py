"""Names: kept of the clinic's own people, opened by the clinic's private key, and nowhere readable."""

import sqlite3
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from kiosk.insurance.roster import names
from kiosk.insurance.roster.errors import RosterRefused
from kiosk.insurance.roster.file import RosterFile
from kiosk.insurance.roster.importing import Own
from kiosk.insurance.roster.names import NameOpener
from kiosk.keys import CannotOpen

Person = Callable[..., str]
OWN, OTHER, CHILD = "036199000001", "036199000002", "3600000009"
NAME = "Nguyễn Thị Mẫu"
KEY = X25519PrivateKey.from_private_bytes(bytes(range(32)))


@pytest.fixture
def clinic(insurer: Any) -> Any:
    return insurer.trusting(own=Own(clinics=frozenset({"36001"}), public_key=KEY.public_key()))


def opener(insurer: Any, key: X25519PrivateKey = KEY) -> NameOpener:
    return NameOpener(RosterFile(insurer.target.roster, tags=insurer.target.tags), key, tags=insurer.target.tags)


def test_names_of_own_people_alone_are_kept(clinic: Any, person: Person) -> None:
    clinic.install(
        person(personal=OWN, name=NAME, birth="1990-05-15", sex="F"),
        person(personal=OTHER, name=NAME, clinic="36002"),
        person(insurance=CHILD, name="Trần Văn Bé", birth="2024"),
    )
    found = opener(clinic).find(OWN)
    assert found is not None
    assert (found.name, found.birth, found.sex) == (NAME, "1990-05-15", "F")
    assert opener(clinic).find(OTHER) is None
    child = opener(clinic).find_insured(CHILD)
    assert child is not None
    assert child.birth == "2024"
    assert clinic.roster().info.names == 2


def test_a_name_comes_back_composed(clinic: Any, person: Person) -> None:
    clinic.install(person(personal=OWN, name=unicodedata.normalize("NFD", NAME)))
    found = opener(clinic).find(OWN)
    assert found is not None
    assert found.name == NAME


def test_neither_the_roster_nor_what_is_left_of_an_import_can_be_read(clinic: Any, person: Person) -> None:
    clinic.install(person(personal=OWN, insurance="3600000001", name=NAME, birth="1990-05-15"))
    for path in clinic.folder.glob("roster.db*"):
        content = path.read_bytes()
        for text in (NAME, "1990-05-15", OWN, "3600000001"):
            assert text.encode() not in content
            assert text.encode("utf-16-le") not in content


def test_another_clinic_s_key_opens_nothing(clinic: Any, person: Person) -> None:
    clinic.install(person(personal=OWN, name=NAME))
    with pytest.raises(CannotOpen):
        opener(clinic, X25519PrivateKey.generate()).find(OWN)


def test_without_a_clinic_nothing_is_kept(insurer: Any, person: Person) -> None:
    insurer.install(person(personal=OWN, name=NAME))
    assert insurer.roster().info.names == 0


def test_a_delta_keeps_renews_and_forgets_names(clinic: Any, person: Person) -> None:
    clinic.install(
        person(personal=OWN, name=NAME), person(personal=OTHER, name=NAME), person(insurance=CHILD, name="B")
    )
    clinic.change(person(personal=OTHER, name="Trần Thị Mới"), person(insurance=CHILD, status="removed"))
    renewed = opener(clinic).find(OTHER)
    assert renewed is not None
    assert renewed.name == "Trần Thị Mới"
    assert opener(clinic).find(OWN) is not None
    assert opener(clinic).find_insured(CHILD) is None
    clinic.change(person(personal=OWN, name=NAME, clinic="36002"), sequence=3)
    assert opener(clinic).find(OWN) is None
    assert clinic.roster().info.names == 1


def test_a_linked_child_is_no_longer_found_alone(clinic: Any, person: Person) -> None:
    clinic.install(person(insurance=CHILD, name="Trần Văn Bé"))
    clinic.change(person(personal=OWN, insurance=CHILD, name="Trần Văn Bé"))
    assert opener(clinic).find_insured_only(CHILD) is None
    assert opener(clinic).find(OWN) is not None


def test_too_many_names_are_refused(insurer: Any, person: Person) -> None:
    own = Own(clinics=frozenset({"36001"}), public_key=KEY.public_key(), most=1)
    clinic = insurer.trusting(own=own)
    with pytest.raises(RosterRefused, match="too_many_names"):
        clinic.install(person(personal=OWN, name=NAME), person(personal=OTHER, name=NAME))
    assert clinic.install(person(personal=OWN, name=NAME), person(personal=OTHER)).info.names == 1


def test_a_name_with_control_characters_is_refused(clinic: Any, person: Person) -> None:
    report = clinic.install(person(personal=OWN, name="Mẫu\x1b[31m"), person(personal=OTHER, name=NAME))
    assert report.rejects == ((2, "name", "form"),)
    assert clinic.roster().find(OWN) is None


def test_a_linked_name_opens_by_the_insurance_number_alone(clinic: Any, person: Person) -> None:
    clinic.install(person(personal=OWN, insurance="3600000001", name=NAME, birth="1990-05-15"))
    clinic.change(person(personal=OTHER, insurance=CHILD, name="Trần Thị Mới"))
    for digits, name in (("3600000001", NAME), (CHILD, "Trần Thị Mới")):
        found = opener(clinic).find_insured(digits)
        assert found is not None
        assert found.name == name
    assert opener(clinic).find_insured("3600000003") is None
    with pytest.raises(CannotOpen):
        opener(clinic, X25519PrivateKey.generate()).find_insured(CHILD)


def test_a_name_that_was_put_into_anothers_row_does_not_open(clinic: Any, person: Person) -> None:
    clinic.install(
        person(personal=OWN, insurance="3600000001", name=NAME), person(personal=OTHER, insurance=CHILD, name="B")
    )
    connection = sqlite3.connect(clinic.target.roster)
    with connection:
        tags = [tag for (tag,) in connection.execute("SELECT tag FROM name")]
        for left, right in ((tags[0], -1), (tags[1], tags[0]), (-1, tags[1])):
            connection.execute("UPDATE name SET tag = ? WHERE tag = ?", (right, left))
    connection.close()
    for digits in ("3600000001", CHILD):
        with pytest.raises(CannotOpen):
            opener(clinic).find_insured(digits)
    with pytest.raises(CannotOpen):
        opener(clinic).find(OWN)


def test_a_name_of_an_older_roster_opens_by_the_personal_number(
    clinic: Any, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "_BOUND", 16)
    clinic.install(person(personal=OWN, insurance="3600000001", name=NAME), person(insurance=CHILD, name="B"))
    monkeypatch.undo()
    found, child = opener(clinic).find(OWN), opener(clinic).find_insured(CHILD)
    assert found is not None
    assert child is not None
    assert (found.name, child.name) == (NAME, "B")
    with pytest.raises(CannotOpen):
        opener(clinic).find_insured("3600000001")
