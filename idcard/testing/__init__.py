"""A simulated card and issuer that share no protocol code with the reader.

For tests, examples and demonstrations only: nothing here guards a secret, and unless told otherwise, every CSCA
that is made here bears a critical extension by which a production trust store refuses it.
"""

from idcard.testing import dishonest
from idcard.testing.behaviour import Behaviour
from idcard.testing.card import SimulatedCard
from idcard.testing.certificates import DEMONSTRATION_OID, DEMONSTRATION_TEXT
from idcard.testing.chip_crypto import Suite
from idcard.testing.chip_pace import Profile
from idcard.testing.chip_proof import EcdsaChipKey, RsaChipKey
from idcard.testing.citizen_code import CodeIssuer
from idcard.testing.hand import FixedHand, Hand
from idcard.testing.holder import SPECIMEN, Holder
from idcard.testing.issuer import Issuer
from idcard.testing.keys import KeyProfile
from idcard.testing.sod import DocumentSigner

__all__ = [
    "Holder",
    "SPECIMEN",
    "Issuer",
    "KeyProfile",
    "CodeIssuer",
    "DocumentSigner",
    "SimulatedCard",
    "Behaviour",
    "Hand",
    "FixedHand",
    "Profile",
    "Suite",
    "EcdsaChipKey",
    "RsaChipKey",
    "DEMONSTRATION_OID",
    "DEMONSTRATION_TEXT",
    "dishonest",
]
