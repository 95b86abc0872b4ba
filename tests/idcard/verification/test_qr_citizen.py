"""Whom a signed code names, under the names that its issuer uses; and a foreign reader of our test issuer's codes."""

import base64
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import claim169
import isomdoc
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

import idcard
from idcard import BirthDate, CitizenClaims, ClaimedIdentity, QrTrust, Sex
from idcard.testing import CodeIssuer, Holder
from idcard.verification.qr import replay_key

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
WHO = Holder(
    personal_number="036199900001",
    name="Trần Thị Mẫu",
    birth=date(1999, 3, 4),
    sex="F",
    issued=date(2022, 5, 1),
    expiry=date(2039, 3, 4),
)
ISSUER = CodeIssuer.create()
TRUST = QrTrust.of(issuers=[ISSUER.listed()])
ID = CitizenClaims(number="id")


def text(holder: Holder = WHO, *, days: int = 1) -> str:
    return ISSUER.claim_169(holder, issued=NOW, expires=NOW + timedelta(days=days))


def citizen(where: CitizenClaims, payload: bytes) -> ClaimedIdentity | None:
    found = idcard.recognise(payload)
    return idcard.citizen_of(found, idcard.verify_qr(found, TRUST, at=NOW), where)


def test_what_our_issuer_signs_a_foreign_reader_takes() -> None:
    # It judges by the present time.
    read = claim169.decode(text(days=36_500), verify_with_ed25519=ISSUER.key.public_key().public_bytes_raw())
    assert (read.claim169.id, read.claim169.full_name, read.claim169.date_of_birth) == (
        WHO.personal_number,
        WHO.name,
        "19990304",
    )


def test_a_kept_issuer_is_the_same(tmp_path: Any) -> None:
    ISSUER.save(tmp_path / "codes.json")
    again = CodeIssuer.load(tmp_path / "codes.json")
    assert (again.listed(), repr(again)) == (ISSUER.listed(), "CodeIssuer(https://codes.example)")


def test_the_citizen_of_a_code() -> None:
    found = idcard.recognise(text().encode())
    verdict = idcard.verify_qr(found, TRUST, at=NOW)
    assert verdict.meets()
    said = idcard.citizen_of(found, verdict, ID)
    assert said is not None
    assert (said.personal_number, said.name, said.birth, said.sex) == (
        WHO.personal_number,
        WHO.name,
        BirthDate(year=1999, month=3, day=4),
        Sex.FEMALE,
    )


@pytest.mark.parametrize("number", ["036099900001", "036198900001", "036399900001"], ids=["sex", "year", "century"])
def test_a_number_that_contradicts_the_code_names_nobody(number: str) -> None:
    assert citizen(ID, text(replace(WHO, personal_number=number)).encode()) is None


@pytest.mark.parametrize("path", ["full_name", "photo", "id/inner", "nothing", ""])
def test_a_claim_that_is_no_personal_number_names_nobody(path: str) -> None:
    assert citizen(CitizenClaims(number=path), text().encode()) is None


@pytest.mark.parametrize("path", ["birth", "birth_date"])
def test_name_and_birth_may_stand_elsewhere(path: str) -> None:
    said = citizen(CitizenClaims(number="id", name=("full_name", "id"), birth=path), text().encode())
    assert said is not None
    assert said.name == f"{WHO.name} {WHO.personal_number}"
    assert (said.birth is not None) == (path == "birth")


def test_half_a_name_is_none() -> None:
    said = citizen(CitizenClaims(number="id", name=("full_name", "last_name")), text().encode())
    assert said is not None
    assert said.name is None


def test_an_unknown_document_names_nobody() -> None:
    assert citizen(ID, b"https://example.org/") is None
    assert citizen(ID, b"036199900001|") is None


def token(claims: dict[str, Any]) -> bytes:
    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    head = part(json.dumps({"alg": "ES256", "typ": "dc+sd-jwt"}).encode())
    return f"{head}.{part(json.dumps(claims).encode())}.{part(b'x' * 64)}~".encode()


def test_the_citizen_of_a_w3c_credential() -> None:
    said = {"familyName": "Trần", "givenName": "Thị Mẫu", "birthDate": "1999-03-04", "id": WHO.personal_number}
    claims = {"iss": "https://issuer.example", "vc": {"type": ["VerifiableCredential"], "credentialSubject": said}}
    text = jwt.encode({"alg": "ES256"}, claims, ECKey.generate_key("P-256"))
    found = citizen(ID, text.encode())
    assert found is not None
    assert (found.personal_number, found.name) == (WHO.personal_number, WHO.name)
    assert citizen(CitizenClaims(number="iss"), text.encode()) is None, "of the issuer, and not of the person"
    again = jwt.encode({"alg": "ES256"}, claims, ECKey.generate_key("P-256"))
    assert text != again
    assert len({replay_key(idcard.recognise(one.encode())) for one in (text, again)}) == 1


@pytest.mark.parametrize(
    ("space", "name"),
    [("org.iso.18013.5.1", "Trần Thị Mẫu"), ("eu.europa.ec.eudi.pid.1", "Trần Thị Mẫu"), ("org.example", None)],
)
def test_the_citizen_of_a_mobile_document(wallet: Any, space: str, name: str | None) -> None:
    """Its name is looked for where licences and European identities have it."""
    document = isomdoc.create_mdoc(wallet.TYPE, [wallet.signer("citizen")], wallet.key_of("citizen"))
    said = {"administrative_number": WHO.personal_number, "family_name": "Trần", "given_name": "Thị Mẫu"}
    for element, value in said.items():
        document.add_data_item(space, element, value)
    times = (NOW, NOW, NOW + timedelta(days=1))
    issued: bytes = document.generate_credential(wallet.key_of("holder").public_key(), *times)
    found = citizen(CitizenClaims(number=f"{space}/administrative_number"), issued)
    assert found is not None
    assert (found.personal_number, found.name) == (WHO.personal_number, name)
    assert citizen(CitizenClaims(number="administrative_number"), issued) is None


@pytest.mark.parametrize("letters", [300, 301])
def test_a_name_ends_somewhere(letters: int) -> None:
    payload = token({"iss": "https://issuer.example", "vct": "k", "id": WHO.personal_number, "name": "A" * letters})
    said = citizen(CitizenClaims(number="id", name=("name",)), payload)
    assert said is not None
    assert said.name == "A" * 300


@pytest.mark.parametrize(
    ("birth", "understood"),
    [
        ("1999-03-04", "1999-03-04"),
        ("19990304", "1999-03-04"),
        ("19991123", "1999-11-23"),
        ("1999-03-04T00:00:00Z", "1999-03-04"),
        ("1999-03", "1999-03"),
        ("1999", "1999"),
        ("1999030", None),
        ("1999-3-4", "1999-03-04"),
        ("199903xx", None),
        (19990304, None),
    ],
)
def test_a_birth_may_be_written_with_dashes_or_without(birth: object, understood: str | None) -> None:
    payload = token({"iss": "https://issuer.example", "vct": "k", "id": WHO.personal_number, "born": birth})
    said = citizen(CitizenClaims(number="id", birth="born"), payload)
    assert said is not None
    assert (said.birth and str(said.birth)) == understood


@pytest.mark.parametrize(("sex", "named"), [(1, False), (2, True), (9, True), (0, True), (None, True)])
def test_a_sex_that_the_number_contradicts(sex: int | None, named: bool) -> None:
    """Her number is a woman's; what is not said, or said to be neither, contradicts nothing."""
    claims = {"iss": "https://issuer.example", "vct": "k", "id": WHO.personal_number}
    said = citizen(ID, token(claims if sex is None else claims | {"sex": sex}))
    assert (said is not None) is named


def test_a_number_inside_another_claim_of_a_credential() -> None:
    inner = {"vn": {"number": WHO.personal_number}, "birth": "19990304", "name": "Trần Thị Mẫu"}
    payload = token({"iss": "https://issuer.example", "vct": "https://types.example/id", "who": inner})
    where = CitizenClaims(number="who/vn/number", name=("who/name",), birth="who/birth")
    said = citizen(where, payload)
    assert said is not None
    assert (said.personal_number, said.name, str(said.birth)) == (WHO.personal_number, WHO.name, "1999-03-04")
