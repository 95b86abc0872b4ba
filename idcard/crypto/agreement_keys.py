"""Domain parameters and public keys for key agreement as a chip writes them: claimed first, then proved to be sound.

Theory of operation. Parameters come as a number of the standard's table, or written out; those must be a known curve or
group, or prove to be sound. The proof takes up to seconds, and a hostile chip can write many: so what is claimed is
parsed, bounded and compared first, and proved one by one as it is needed, the strongest first. Over finite fields the
key's place in its group, which takes one power, is looked at before the primes are proved.

Source: ICAO Doc 9303-11, "Standardized Domain Parameters" and "Explicit Domain Parameters"; BSI TR-03110-3.
"""

from dataclasses import dataclass

from idcard.crypto.domains import DhDomain, Domain, EcDomain, standardized
from idcard.crypto.explicit import claimed_curve
from idcard.crypto.groups import Group
from idcard.encoding.asn1 import AlgorithmIdentifier
from idcard.encoding.ber import INTEGER, SEQUENCE, Node, door, load
from idcard.encoding.oids import EC_PUBLIC_KEY_ALGORITHMS
from idcard.errors import UnsupportedAlgorithm

DH_PUBLIC_NUMBER, PKCS3_DH = "1.2.840.10046.2.1", "1.2.840.113549.1.3.1"
STANDARDIZED = "0.4.0.127.0.7.1.2"
_WHERE = "domain parameters"


def domain_of(algorithm: AlgorithmIdentifier) -> Domain:
    """The domain parameters in an AlgorithmIdentifier: a number of the standard's table, or written out.

    :raises MalformedData: if they are not well formed.
    :raises UnsupportedAlgorithm: if they are of an unknown kind, or not sound.
    """
    return claimed_domain(algorithm).proved()


def claimed_domain(algorithm: AlgorithmIdentifier) -> Domain:
    """The same, of a fitting size, before it is proved to be sound.

    :raises MalformedData: if they are not well formed.
    :raises UnsupportedAlgorithm: if they are of an unknown kind, too small or too large.
    """
    if algorithm.oid in EC_PUBLIC_KEY_ALGORITHMS:
        return EcDomain.of(claimed_curve(algorithm.parameters))
    with door(_WHERE):
        if algorithm.parameters is not None:
            parameters = load(algorithm.parameters, _WHERE)
            if algorithm.oid == STANDARDIZED:
                return standardized(parameters.integer())
            if algorithm.oid in (DH_PUBLIC_NUMBER, PKCS3_DH):
                return DhDomain.of(_group(algorithm.oid, parameters))
    raise UnsupportedAlgorithm("domain parameters of an unknown kind", oid=algorithm.oid)


def _group(oid: str, parameters: Node) -> Group:
    numbers = [node for node in parameters.children(SEQUENCE) if node.tag == INTEGER]
    values = [int.from_bytes(node.content) for node in numbers]
    if oid == PKCS3_DH:
        return Group.claimed_without_order(*values[:2])
    p, g, q = values[:3]
    return Group.claimed(p, g, q)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementKey:
    """A public key for key agreement: domain parameters, and the key as it goes over the wire."""

    domain: Domain
    public_key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedKey:
    """What a SubjectPublicKeyInfo says, before it is proved: domain parameters, and the bits of the key."""

    domain: Domain
    bits: bytes

    def proved(self) -> AgreementKey:
        """The key, in sound domain parameters.

        :raises MalformedData: if it is not well formed.
        :raises ProtocolViolation: if it is not in its group.
        :raises UnsupportedAlgorithm: if its domain parameters are not sound.
        """
        with door("SubjectPublicKeyInfo"):
            if isinstance(self.domain, EcDomain):
                domain = self.domain.proved()
                return AgreementKey(domain=domain, public_key=domain.certified_key(self.bits))
            key = self.domain.certified_key(self.bits)
            return AgreementKey(domain=self.domain.proved(), public_key=key)


def claimed_key(spki: bytes) -> ClaimedKey:
    """The key in a SubjectPublicKeyInfo, elliptic or over a finite field, before it is proved.

    :raises MalformedData: if it is not well formed.
    :raises UnsupportedAlgorithm: if its domain parameters are of an unknown kind, too small or too large.
    """
    with door("SubjectPublicKeyInfo"):
        algorithm_node, bits = load(spki, "SubjectPublicKeyInfo").children(SEQUENCE)
        key = bits.bits()
        return ClaimedKey(domain=claimed_domain(AlgorithmIdentifier.of(algorithm_node)), bits=key)


def load_agreement_key(spki: bytes) -> AgreementKey:
    """The key in a SubjectPublicKeyInfo, elliptic or over a finite field.

    :raises MalformedData: if it is not well formed.
    :raises ProtocolViolation: if it is not in its group.
    :raises UnsupportedAlgorithm: if its domain parameters are of an unknown kind, or not sound.
    """
    return claimed_key(spki).proved()
