"""Chip authentication mapping as the reader itself checks it."""

from dataclasses import replace

import pytest

from idcard.chip.chip_mapping import is_shown
from idcard.evidence import PaceCamProof
from idcard.lds.security_infos import ChipAuthenticationPublicKeyInfo, SecurityInfos
from idcard.testing import Profile, der, records
from idcard.testing.keys import explicit_parameters

CHIP, SCALAR = 0xC0FFEE, 4711
P256, DH = Profile(parameter_id=12), Profile(parameter_id=0)
KEY = P256.domain.spki(CHIP)
SHOWN = PaceCamProof(
    parameter_id=12,
    mapping_public_key=P256.curve.encode(P256.curve.multiply(SCALAR, P256.curve.multiply(CHIP))),
    chip_authentication_data=SCALAR.to_bytes(32),
)


def infos(*keys: bytes) -> SecurityInfos:
    entries = (ChipAuthenticationPublicKeyInfo(oid="0.4.0.127.0.7.2.2.1.2", public_key=key) for key in keys)
    return SecurityInfos(infos=tuple(entries))


def test_the_chip_shows_the_key_that_it_has_among_others() -> None:
    others = (b"", DH.domain.spki(5), Profile(parameter_id=13).domain.spki(5), P256.domain.spki(5))
    assert is_shown(SHOWN, infos(*others, KEY))
    assert not is_shown(SHOWN, infos(*others))
    assert not is_shown(SHOWN, infos())


@pytest.mark.parametrize("scalar", [b"", bytes(32), P256.curve.n.to_bytes(32), (SCALAR + 1).to_bytes(32), b"\xff" * 64])
def test_another_scalar_shows_nothing(scalar: bytes) -> None:
    assert not is_shown(replace(SHOWN, chip_authentication_data=scalar), infos(KEY))


@pytest.mark.parametrize("number", [-1, 0, 2, 13, 99])
def test_parameters_of_another_key_show_nothing(number: int) -> None:
    assert not is_shown(replace(SHOWN, parameter_id=number), infos(KEY))


def written_out(parameters: bytes) -> bytes:
    """EF.CardAccess with one PACEDomainParameterInfo, number 77."""
    algorithm = der.sequence(der.oid("1.2.840.10045.2.1"), parameters)
    return der.set_of(der.sequence(der.oid("0.4.0.127.0.7.2.2.4.6"), algorithm, der.integer(77)))


@pytest.mark.parametrize("number", [77, -1], ids=["numbered", "without a number"])
def test_parameters_that_the_chip_writes_out(number: int) -> None:
    proof = replace(SHOWN, parameter_id=number)
    assert is_shown(proof, infos(KEY), written_out(explicit_parameters(P256.curve)))
    assert not is_shown(proof, infos(KEY), written_out(explicit_parameters(Profile(parameter_id=13).curve)))
    assert not is_shown(proof, infos(KEY), records.card_access())
    assert not is_shown(proof, infos(KEY), b"\x31\x84")


def test_a_generator_of_the_chips_own_choice_shows_nothing() -> None:
    """Whoever chooses it knows how to reach any point from it, such as a multiple of a key that is another chip's."""
    curve = P256.curve
    proof, chosen = replace(SHOWN, parameter_id=77), replace(curve, g=curve.multiply(5, curve.multiply(CHIP)))
    assert not is_shown(proof, infos(KEY), written_out(explicit_parameters(chosen)))
