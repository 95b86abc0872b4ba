import stat
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from asn1crypto import cms, x509

from idcard.encoding import tlv
from idcard.lds.layout import File
from idcard.testing import DEMONSTRATION_OID, DEMONSTRATION_TEXT, Holder, Issuer, KeyProfile, SimulatedCard
from idcard.testing.certificates import years_later

AT = datetime(2021, 1, 1, tzinfo=UTC)


def signer_info(card: SimulatedCard) -> cms.SignerInfo:
    content = tlv.parse_one(card.files[File.SOD], 0x77).value
    return cms.ContentInfo.load(content, strict=True)["content"]["signer_infos"][0]


def signing_time(card: SimulatedCard) -> datetime:
    attributes = {attribute["type"].native: attribute["values"] for attribute in signer_info(card)["signed_attrs"]}
    return attributes["signing_time"][0].native


def critical(certificate: bytes) -> dict[str, bytes]:
    extensions = x509.Certificate.load(certificate, strict=True)["tbs_certificate"]["extensions"]
    return {item["extn_id"].dotted: item["extn_value"].contents for item in extensions if item["critical"].native}


def test_the_csca_is_like_vietnams(issuer: Issuer) -> None:
    own = x509.Certificate.load(issuer.csca_certificate, strict=True)
    assert own.subject.native["country_name"] == "VN"
    assert own.signature_algo == "ecdsa"
    assert own.hash_algo == "sha512"
    assert own.public_key["algorithm"]["parameters"].name == "specified"
    assert own.public_key.bit_size == 512
    assert own.ca


def test_the_csca_bears_the_mark_of_a_demonstration(issuer: Issuer) -> None:
    mark = critical(issuer.csca_certificate)[DEMONSTRATION_OID]
    assert tlv.parse_one(mark, 0x0C).value.decode() == DEMONSTRATION_TEXT


def test_the_mark_can_be_left_out() -> None:
    assert DEMONSTRATION_OID not in critical(Issuer.create(at=AT, demonstration=False).csca_certificate)


def test_the_signer_points_to_its_csca_and_may_only_sign(issuer: Issuer) -> None:
    csca = x509.Certificate.load(issuer.csca_certificate)
    signer = x509.Certificate.load(issuer.signer.certificate)
    assert signer.issuer == csca.subject
    assert signer.authority_key_identifier == csca.key_identifier
    assert signer.key_usage_value.native == {"digital_signature"}
    assert not signer.ca
    assert (signer.not_valid_before, signer.not_valid_after) == (AT, years_later(AT, 10))


def test_years_later_on_a_leap_day() -> None:
    assert years_later(datetime(2024, 2, 29, tzinfo=UTC), 10) == datetime(2034, 2, 28, tzinfo=UTC)


def test_an_issuer_survives_its_directory(issuer: Issuer, holder: Holder, tmp_path: Path) -> None:
    issuer.save(tmp_path / "pki")
    again = Issuer.load(tmp_path / "pki")
    assert again == issuer
    assert signer_info(again.issue(holder))["sid"].dump() == signer_info(issuer.issue(holder))["sid"].dump()


def test_private_keys_are_for_the_owner_alone(issuer: Issuer, tmp_path: Path) -> None:
    issuer.save(tmp_path)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes["csca.key"] == modes["signer.key"] == 0o600
    assert all(b"PRIVATE" not in (tmp_path / name).read_bytes() for name in modes if not name.endswith(".key"))


def test_an_issuer_is_never_overwritten(issuer: Issuer, tmp_path: Path) -> None:
    issuer.save(tmp_path)
    with pytest.raises(FileExistsError):
        issuer.save(tmp_path)


def test_a_sod_is_signed_on_the_day_of_issue(issuer: Issuer, holder: Holder) -> None:
    assert signing_time(issuer.issue(holder)).date() == holder.issued


def test_a_sod_is_not_older_than_its_signer(issuer: Issuer, holder: Holder) -> None:
    assert signing_time(issuer.issue(replace(holder, issued=date(2020, 5, 5)))) == AT


def test_the_signing_time_can_be_given(issuer: Issuer, holder: Holder) -> None:
    moment = datetime(2023, 4, 5, 6, 7, 8, tzinfo=UTC)
    assert signing_time(issuer.issue(holder, at=moment)) == moment


def test_a_card_without_active_authentication_has_no_dg15(issuer: Issuer, holder: Holder) -> None:
    card = issuer.issue(holder, active_authentication=None)
    assert File.DG15 not in card.files
    assert card.files[File.COM].hex().endswith("5c0461756d6e")


def test_a_card_without_pace_does_not_advertise_it(issuer: Issuer, holder: Holder) -> None:
    card = issuer.issue(holder, pace=False)
    assert File.CARD_ACCESS not in card.files
    assert "04007f00070202040202" not in card.files[File.DG14].hex()


def test_the_same_entropy_makes_the_same_card(holder: Holder) -> None:
    def entropy(size: int) -> bytes:
        return bytes([9]) * size

    one, other = (Issuer.create(at=AT, entropy=entropy) for _ in range(2))
    assert one.csca_certificate == other.csca_certificate
    assert one.issue(holder, entropy=entropy).files == other.issue(holder, entropy=entropy).files


def test_nothing_secret_shows(issuer: Issuer, holder: Holder) -> None:
    card = issuer.issue(holder)
    shown = repr(issuer) + repr(card) + repr(card.secrets)
    assert str(issuer.csca_key.secret) not in shown  # type: ignore[attr-defined]
    assert holder.can not in shown
    assert holder.name not in shown


def test_a_signer_of_another_kind(issuer: Issuer, holder: Holder) -> None:
    signer = issuer.document_signer(KeyProfile(kind="secp384r1", explicit=False, digest="sha384"))
    info = signer_info(issuer.issue(holder, signer=signer))
    assert info["digest_algorithm"]["algorithm"].native == "sha384"
    assert info["signature_algorithm"]["algorithm"].native == "sha384_ecdsa"
