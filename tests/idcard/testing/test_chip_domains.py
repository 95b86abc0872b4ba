"""The card's groups: against OpenSSL, and against the standard's examples of the integrated mapping."""

from typing import Any

import pytest

from idcard.testing.chip_crypto import Refused, Suite
from idcard.testing.chip_curves import STANDARDIZED
from idcard.testing.chip_domains import CurveDomain, NumberDomain, domain, number_of_nonces
from idcard.testing.chip_groups import GROUPS

every_domain = pytest.mark.parametrize("number", [*GROUPS, *STANDARDIZED])


@pytest.mark.parametrize("number", GROUPS)
def test_the_groups_are_those_of_openssl(number: int, openssl: Any) -> None:
    made = openssl("genpkey", "-algorithm", "DHX", "-pkeyopt", f"dh_rfc5114:{number + 1}", "-outform", "DER")
    assert all(value.to_bytes((value.bit_length() + 7) // 8) in made.stdout for value in GROUPS[number])


@pytest.mark.parametrize("example", ["pace_ecdh_im_aes128_icaoH1_mapping", "pace_dh_im_aes128_icaoH2_mapping"])
def test_the_integrated_mapping_is_the_standards(example: str, worked_examples: dict[str, Any]) -> None:
    values = worked_examples[example]
    group = domain(values["param_id"])
    s, t = (bytes.fromhex(values[name]) for name in ("nonce_s", "nonce_t"))
    number = number_of_nonces(Suite.AES128, s, t, group.field)
    assert number == int(values["prf_mod_p"], 16)
    assert group.integrated(number).public(1).hex().upper() == values["mapped_generator"]


@every_domain
def test_two_keys_agree_after_either_mapping(number: int) -> None:
    group = domain(number)
    mapped = group.generic(5, 7, group.public(11))
    assert mapped == group.generic(5, 11, group.public(7))
    for other in (group, mapped):
        assert other.shared(3, other.public(4)) == other.shared(4, other.public(3))
    assert len(group.compressed(group.public(9))) == (20 if number < 8 else (group.field.bit_length() + 7) // 8)


@pytest.mark.parametrize("number", [number for number in STANDARDIZED if number != 10])
@pytest.mark.parametrize("value", [2, 3, 4, 5])
def test_a_number_becomes_a_point_of_the_curve(number: int, value: int) -> None:
    mapped = domain(number).integrated(value)
    assert isinstance(mapped, CurveDomain)
    assert mapped.curve.contains(mapped.base)


def test_keys_that_are_none_are_refused() -> None:
    for group, bad in ((domain(13), b"\x04" + bytes(64)), (domain(0), b"\x01"), (domain(0), bytes(128))):
        with pytest.raises(Refused):
            group.shared(5, bad)
    with pytest.raises(Refused):
        number_of_nonces(Suite.AES256, bytes(32), bytes(16), domain(0).field)


def test_a_nonce_that_cancels_the_shared_point_is_refused() -> None:
    group = domain(13)
    assert isinstance(group, CurveDomain)
    with pytest.raises(Refused):
        group.generic(group.order - 6, 2, group.public(3))


def test_a_group_knows_its_order() -> None:
    group = domain(1)
    assert isinstance(group, NumberDomain)
    assert pow(group.g, group.order, group.p) == 1
    assert group.draw(lambda size: bytes(size)) == 1
