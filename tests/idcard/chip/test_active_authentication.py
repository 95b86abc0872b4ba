"""Active authentication against a simulated card: every hash and form, and the length of the answer."""

import os
from functools import cache
from typing import Any

import pytest

from idcard.chip.access_keys import MrzKey
from idcard.chip.active_authentication import active_authentication, signature_bytes_of
from idcard.chip.bac import ENTROPY_BYTES, basic_access_control
from idcard.crypto.iso9796 import verify_active_authentication
from idcard.crypto.signature import load_public_key
from idcard.evidence import ActiveAuthenticationProof
from idcard.lds.dg15 import parse_dg15
from idcard.testing import Behaviour, EcdsaChipKey, RsaChipKey, SimulatedCard, records
from idcard.testing.behaviour import ChipSecrets
from idcard.testing.chip_curves import CURVES
from idcard.testing.chip_proof import ChipKey
from idcard.transport.session import perform

MRZ = MrzKey.of("C11T002JM", "960812", "231031")
CHALLENGE = bytes(range(8))
HASHES = ("sha1", "sha224", "sha256", "sha384", "sha512")


@cache
def rsa(bits: int) -> RsaChipKey:
    return RsaChipKey.generate(bits=bits)


def asked(proof: ChipKey, *, least: int | None = None, **manners: Any) -> ActiveAuthenticationProof:
    manner = Behaviour(**({"max_response": 1024} | manners))
    secrets = ChipSecrets(can="1", mrz_information=MRZ.information, proof=proof)
    card = SimulatedCard(files={}, secrets=secrets, behaviour=manner)
    card.transmit(bytes.fromhex("00A4040C07A0000002471001"))
    channel = perform(card, basic_access_control(MRZ.bac_seed, os.urandom(ENTROPY_BYTES)))
    size = signature_bytes_of(records.dg15(proof)) if least is None else least
    return perform(card, active_authentication(channel, CHALLENGE, signature_bytes=size))


def hash_of(proof: ChipKey, answer: ActiveAuthenticationProof) -> str:
    key = load_public_key(parse_dg15(records.dg15(proof)))
    assert answer.response is not None
    return verify_active_authentication(key, answer.response, CHALLENGE, algorithm=proof.signature_oid)


@pytest.mark.parametrize("digest", HASHES)
@pytest.mark.parametrize("smaller", [False, True])
def test_rsa_with_every_trailer(digest: str, smaller: bool) -> None:
    proof = RsaChipKey(private=rsa(1536).private, digest=digest, smaller=smaller)
    assert hash_of(proof, asked(proof)) == digest


def test_rsa_with_the_long_trailer_of_sha1() -> None:
    proof = RsaChipKey(private=rsa(1536).private, long_trailer=True)
    assert hash_of(proof, asked(proof)) == "sha1"


@pytest.mark.parametrize("digest", HASHES)
@pytest.mark.parametrize("sequence", [False, True], ids=["plain", "sequence"])
@pytest.mark.parametrize("silent", [False, True], ids=["named", "silent"])
@pytest.mark.parametrize("name", ["brainpoolP320r1", "secp256r1", "secp521r1"])
def test_ecdsa_in_both_forms_whether_dg14_names_the_hash_or_not(
    name: str, silent: bool, sequence: bool, digest: str
) -> None:
    key = EcdsaChipKey.generate(os.urandom, curve=CURVES[name], digest=digest).key
    proof = EcdsaChipKey(key=key, sequence=sequence, silent=silent)
    assert hash_of(proof, asked(proof)) == digest


@pytest.mark.parametrize("manners", [{}, {"cuts_proof": True}], ids=["refuses", "cuts"])
def test_a_long_signature_comes_by_the_extended_form(manners: dict[str, bool]) -> None:
    proof = rsa(3072)
    answer = asked(proof, **manners)
    assert answer.response is not None
    assert len(answer.response) == 384
    assert hash_of(proof, answer) == "sha1"


def test_the_longer_answer_is_kept() -> None:
    answer = asked(rsa(2048), cuts_proof=True, proof_refuses_extended=True)
    assert answer.response is not None
    assert len(answer.response) == 231


def test_a_short_answer_is_not_asked_twice() -> None:
    answer = asked(rsa(1536), proof_refuses_extended=True)
    assert answer.response is not None
    assert len(answer.response) == 192


def test_a_chip_without_a_key_refuses() -> None:
    card = SimulatedCard(files={}, secrets=ChipSecrets(can="1", mrz_information=MRZ.information))
    card.transmit(bytes.fromhex("00A4040C07A0000002471001"))
    channel = perform(card, basic_access_control(MRZ.bac_seed, os.urandom(ENTROPY_BYTES)))
    answer = perform(card, active_authentication(channel, CHALLENGE))
    assert (answer.response, answer.sw) == (None, 0x6D00)


def test_the_challenge_has_eight_bytes() -> None:
    with pytest.raises(ValueError, match="eight"):
        next(active_authentication(None, bytes(7)))  # type: ignore[arg-type]


def test_the_length_of_a_signature_is_that_of_the_modulus() -> None:
    assert signature_bytes_of(records.dg15(rsa(1536))) == 192
    assert signature_bytes_of(records.dg15(EcdsaChipKey.generate(os.urandom))) == 0
    assert signature_bytes_of(b"nothing") == 0
