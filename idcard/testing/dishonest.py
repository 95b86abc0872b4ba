"""Cards that lie, each in one way: what a verdict must tell apart.

Every function gives a card that opens and reads like an honest one.
"""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from secrets import token_bytes

from idcard.lds.layout import File
from idcard.testing import records
from idcard.testing.card import SimulatedCard
from idcard.testing.certificates import Validity
from idcard.testing.chip_curves import Entropy
from idcard.testing.chip_proof import EcdsaChipKey
from idcard.testing.holder import Holder
from idcard.testing.issuer import Issuer

IMPOSTOR = "Trần Văn Giả"


def altered_dg1(issuer: Issuer, holder: Holder) -> SimulatedCard:
    """A card whose DG1 bears another name than the one that was signed; every check digit is right."""
    card = issuer.issue(holder)
    card.files[File.DG1] = records.dg1(replace(holder, name=IMPOSTOR).mrz_text())
    return card


def altered_dg13(issuer: Issuer, holder: Holder) -> SimulatedCard:
    """A card whose DG13 bears another name than the one that was signed."""
    card = issuer.issue(holder)
    card.files[File.DG13] = records.dg13(replace(holder, name=IMPOSTOR))
    return card


def foreign_issuer(issuer: Issuer, holder: Holder) -> SimulatedCard:
    """A card signed under a CSCA that bears this issuer's name, dates and all, but has a key of its own."""
    forger = Issuer.create(
        issuer.name.country,
        issuer.name.common,
        at=issuer.validity.start,
        demonstration=issuer.demonstration,
        csca_profile=issuer.csca_profile,
        signer_profile=issuer.signer.profile,
    )
    return forger.issue(holder)


def unknown_issuer(holder: Holder, *, at: datetime | None = None, demonstration: bool = True) -> SimulatedCard:
    """A card signed under a CSCA of another name, which no trust store knows.

    :param at: the first moment of that CSCA; by default 30 days before the card was issued.
    :param demonstration: whether its certificates say that they are a demonstration's.
    """
    start = at or datetime.combine(holder.issued, time(), UTC) - timedelta(days=30)
    return Issuer.create("VN", "CSCA Demonstration Elsewhere", at=start, demonstration=demonstration).issue(holder)


def expired_signer(issuer: Issuer, holder: Holder, *, at: datetime | None = None) -> SimulatedCard:
    """A card whose document signer has expired.

    :param at: a moment by which it has: the signer's last second lies one day before. By default the signer lives for
        90 days from the first moment of the CSCA.
    """
    start = issuer.validity.start
    end = start + timedelta(days=90) if at is None else at - timedelta(days=1)
    validity = Validity(start=min(start, end - timedelta(days=90)), end=end)
    signer = issuer.document_signer(issuer.signer.profile, validity=validity)
    return issuer.issue(holder, signer=signer, at=validity.start + timedelta(days=1))


def cloned_chip(issuer: Issuer, holder: Holder, *, entropy: Entropy = token_bytes) -> SimulatedCard:
    """A copy of every file of an honest card, DG15 included, on a chip that has a key pair of its own."""
    card = issuer.issue(holder)
    curve = card.behaviour.chip_profile.curve
    card.secrets = replace(card.secrets, proof=EcdsaChipKey.generate(entropy), agreement=curve.draw(entropy))
    return card
