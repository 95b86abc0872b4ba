"""Which algorithms are still good enough to rely on: data, so that a change of mind is a change of numbers.

What is too old still verifies: documents live for ten years. That it is too old is said beside the fact, and a policy
decides.

Source: ICAO Doc 9303-12, "Algorithms and key lengths"; BSI TR-02102-1.
"""

from dataclasses import dataclass
from typing import Final

from idcard.crypto.agreement_keys import AgreementKey
from idcard.crypto.domains import EcDomain
from idcard.crypto.signature import PublicKey, RsaPublicKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Strength:
    """The hashes that are good enough, and the least lengths of keys in bits."""

    hashes: frozenset[str]
    rsa_bits: int
    ec_bits: int

    def agreement_weakness(self, key: AgreementKey) -> str:
        """What makes a key for key agreement too weak, for example ``"ec192"`` or ``"dh1024"``; empty where nothing."""
        elliptic = isinstance(key.domain, EcDomain)
        bits, least = (key.domain.field.bit_length(), self.ec_bits if elliptic else self.rsa_bits)
        return f"{'ec' if elliptic else 'dh'}{bits}" if bits < least else ""

    def weaknesses(self, *, digest: str | None = None, key: PublicKey | None = None) -> tuple[str, ...]:
        """What is too weak, for example ``("sha1", "rsa1024")``; empty where nothing is.

        :param digest: the hash's name, where there is one to judge.
        :param key: the key, where there is one to judge.
        """
        found = [digest] if digest is not None and digest not in self.hashes else []
        if key is not None:
            kind, least = ("rsa", self.rsa_bits) if isinstance(key, RsaPublicKey) else ("ec", self.ec_bits)
            found += [f"{kind}{key.bits}"] if key.bits < least else []
        return tuple(found)


CURRENT: Final = Strength(
    hashes=frozenset({"sha224", "sha256", "sha384", "sha512"}),
    rsa_bits=2048,
    ec_bits=224,
)
"""ICAO's list without SHA-1, which can be made to collide."""


def key_weakness(public_key: PublicKey) -> str | None:
    """What makes a key too weak to rely on, for example ``"rsa1024"`` or ``"ec192"``; None where it is long enough.

    It is the same for a CSCA, a document signer and a chip. Facts tell it as their detail ``old``.
    """
    return next(iter(CURRENT.weaknesses(key=public_key)), None)
