"""What the three proofs of a chip leave behind, made with the chip's side of the simulator."""

import os

from idcard.evidence import ActiveAuthenticationProof, ChipAuthenticationProof, PaceCamProof
from idcard.iso7816.apdu import ResponseApdu
from idcard.testing import SimulatedCard, Suite
from idcard.testing.chip_crypto import SecureChannel


def agreed(card: SimulatedCard, suite: Suite = Suite.AES192, counter: int = 2) -> tuple[bytes, ChipAuthenticationProof]:
    """A terminal's private key, and what chip authentication with it leaves behind."""
    profile = card.behaviour.chip_profile
    curve, chip = profile.curve, card.secrets.agreement
    assert chip is not None
    private = curve.draw(os.urandom)
    public = curve.multiply(private)
    secret = curve.multiply(chip, public).x.to_bytes(curve.size)
    channel = SecureChannel.from_secret(suite, secret, counter - 1)
    proof = ChipAuthenticationProof(
        oid=profile.chip_authentication_oid,
        ephemeral_public_key=curve.encode(public),
        response=channel.wrap(ResponseApdu(data=b"\x60\x18\x5f\x01", sw=0x9000)).to_bytes(),
        counter=counter,
    )
    return private.to_bytes(curve.size), proof


def mapped(card: SimulatedCard) -> PaceCamProof:
    """What PACE-CAM leaves behind: a scalar that turns the chip's static key into its mapping key."""
    curve, chip = card.behaviour.chip_profile.curve, card.secrets.agreement
    assert chip is not None
    scalar = curve.draw(os.urandom)
    point = curve.multiply(scalar, curve.multiply(chip))
    return PaceCamProof(
        parameter_id=13,
        mapping_public_key=curve.encode(point),
        chip_authentication_data=scalar.to_bytes(curve.size),
    )


def answered(card: SimulatedCard) -> ActiveAuthenticationProof:
    """What active authentication leaves behind."""
    assert card.secrets.proof is not None
    challenge = os.urandom(8)
    return ActiveAuthenticationProof(challenge=challenge, response=card.secrets.proof.answer(challenge, os.urandom))
