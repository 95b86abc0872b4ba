"""The vocabulary of verdicts: facts, their outcomes, and the fixed list of reasons.

A fact is data, free of personal data; whether it is good enough is a policy's decision.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class Outcome(StrEnum):
    """What came of judging one fact."""

    PASSED = "passed"
    """It was judged, and holds."""
    FAILED = "failed"
    """It was judged, and does not hold."""
    INCONCLUSIVE = "inconclusive"
    """It was judged, and what is needed to decide is missing."""
    NOT_PERFORMED = "not_performed"
    """It was not judged, although it could have been."""
    NOT_SUPPORTED = "not_supported"
    """The document does not have it."""


class Rung(StrEnum):
    """How well the signer of a document is known, the strongest first."""

    ANCHORED = "anchored"
    """A trust anchor issued its certificate."""
    PINNED = "pinned"
    """Two named people signed for its certificate."""
    CONFIRMED = "confirmed"
    """An authority answered, signed, that the signer is one of its own."""
    SIGNED = "signed"
    """Its signature is right, and nobody says whose it is."""
    UNSIGNED = "unsigned"
    """There is no right signature."""

    @property
    def vouched(self) -> bool:
        """Whether somebody stands up for the signer."""
        return self in (Rung.ANCHORED, Rung.PINNED, Rung.CONFIRMED)


class FactName(StrEnum):
    """The facts of a verdict on a card."""

    INTEGRITY = "integrity"
    """The data groups are the ones whose hashes were signed."""
    SIGNATURE = "signature"
    """The list of hashes is signed by the document signer whose certificate is in it."""
    TRUST = "trust"
    """The document signer was issued by a trust anchor, and is in force."""
    REVOCATION = "revocation"
    """No revocation list names the document signer."""
    GENUINE_CHIP = "genuine_chip"
    """The chip holds the private key that belongs to this document, so that it is no copy."""
    ACCESS = "access"
    """How the chip was opened, and whether it offered a better way."""
    VALIDITY = "validity"
    """The document has not expired."""
    CONSISTENCY = "consistency"
    """What is said in several places is the same everywhere."""


class Reason(StrEnum):
    """Why a fact has its outcome."""

    HASHES_MATCH = "hashes_match"
    """Every data group that was read has the hash that was signed."""
    HASH_MISMATCH = "hash_mismatch"
    """A data group is not the one that was signed."""
    DATA_GROUP_NOT_SIGNED = "data_group_not_signed"
    """A data group was read that the signed list does not name."""
    NOTHING_READ = "nothing_read"
    """No data group was read."""
    NO_SECURITY_OBJECT = "no_security_object"
    """EF.SOD was not read."""
    MALFORMED_SECURITY_OBJECT = "malformed_security_object"
    """EF.SOD is not well formed."""
    UNSUPPORTED_ALGORITHM = "unsupported_algorithm"
    """An algorithm that this library does not know."""
    OLD_ALGORITHM = "old_algorithm"
    """It holds, but by an algorithm that is too old to rely on. Passed or failed, as the policy says."""

    SIGNATURE_VERIFIED = "signature_verified"
    """The document signer's key signed the list of hashes."""
    SIGNATURE_WRONG = "signature_wrong"
    """The signature is not by the document signer's key, or not over this list of hashes."""
    NO_SIGNER_CERTIFICATE = "no_signer_certificate"
    """The document signer's certificate did not come with the signature."""
    MALFORMED_SIGNER_CERTIFICATE = "malformed_signer_certificate"
    """The document signer's certificate is not well formed."""

    ANCHORED = "anchored"
    """A trust anchor issued the document signer, and both are in force."""
    NO_ANCHOR = "no_anchor"
    """The trust store has no anchor for this issuer."""
    NO_ANCHOR_YET = "no_anchor_yet"
    """The trust store has no anchor at all, as its operator declared."""
    SAME_NAME_OTHER_KEY = "same_name_other_key"
    """An anchor has the issuer's name, but did not sign: a forgery, or a renewed CSCA that the store lacks."""
    ISSUER_NAME_DIFFERS = "issuer_name_differs"
    """An anchor's key signed the document signer's certificate, which names somebody else as its issuer."""
    SIGNER_NOT_FOR_DOCUMENTS = "signer_not_for_documents"
    """The certificate is for something else than this document: other certificates, lists, servers, other types."""
    DEMONSTRATION_SIGNER = "demonstration_signer"
    """The signer is one of this project's demonstration signers, which prove nothing, and the store takes none."""
    SIGNER_EXPIRED = "signer_expired"
    """The document signer's certificate has expired."""
    SIGNER_NOT_YET_VALID = "signer_not_yet_valid"
    """The document signer's certificate is not yet in force."""
    SIGNED_OUTSIDE_VALIDITY = "signed_outside_validity"
    """The document says it was signed when its signer's certificate was not in force."""
    ANCHOR_NOT_IN_FORCE = "anchor_not_in_force"
    """The trust anchor's certificate is not yet in force, or has expired."""
    SIGNER_PINNED = "signer_pinned"
    """No anchor issued the document signer, but two named people signed for it. The policy says if that is enough."""
    SIGNER_CONFIRMED = "signer_confirmed"
    """No anchor issued the document signer, but an authority confirmed it. Good enough or not, as the policy says."""
    SIGNER_NOT_CONFIRMED = "signer_not_confirmed"
    """No anchor issued the document signer, and the authority that was asked does not know it."""
    UNKNOWN_CRITICAL_EXTENSION = "unknown_critical_extension"
    """The document signer's certificate has a critical extension that is not known here."""
    SIGNATURE_NOT_VERIFIED = "signature_not_verified"
    """The signature did not pass, so whose certificate came with it proves nothing."""

    NO_REVOCATION_LIST = "no_revocation_list"
    """There is no revocation list to look into."""
    NOT_REVOKED = "not_revoked"
    """The revocation list does not name the document signer."""
    REVOKED = "revoked"
    """The issuing state took the document signer's certificate back."""
    REVOCATION_LIST_STALE = "revocation_list_stale"
    """The revocation list does not name the document signer, but its successor is overdue."""

    CHIP_PROVED = "chip_proved"
    """The chip answered the challenge with the private key of its signed public key."""
    CHIP_WRONG_ANSWER = "chip_wrong_answer"
    """The chip's answer to the challenge is wrong: it is a copy."""
    CHIP_REPLAYED = "chip_replayed"
    """The chip's answer is to another challenge than the judge's own: an old answer, or somebody else's."""
    CHIP_ANSWERED_UNDER_VOUCHER = "chip_answered_under_voucher"
    """The chip answered rightly, under a signer that no anchor issued but somebody vouches for. The policy decides."""
    WITNESSED_BY_READER = "witnessed_by_reader"
    """The transcript is right, but a reader made it: it counts as much as that reader's signature."""
    WITNESS_MISSING = "witness_missing"
    """The transcript could have been invented by whoever held the reader's key, and no known reader signed for it."""
    CHIP_REFUSED = "chip_refused"
    """The chip answered the challenge with an error."""
    CHIP_NOT_ASKED = "chip_not_asked"
    """No challenge was sent to the chip."""
    CHIP_KEY_NOT_READ = "chip_key_not_read"
    """The chip's public key (DG15) was not read."""
    CHIP_KEY_NOT_SIGNED = "chip_key_not_signed"
    """The answer is right, but the public key is not the one that was signed."""
    CHIP_KEY_UNUSABLE = "chip_key_unusable"
    """The chip's public key (DG15) is not well formed."""
    NO_CHIP_KEY = "no_chip_key"
    """The document has no public key for active authentication."""
    TRUST_NOT_PASSED = "trust_not_passed"
    """The answer is right, but a copy with a key pair of its own would give one too: trust did not pass."""

    OPENED_WITH_PACE = "opened_with_pace"
    """The chip was opened with PACE."""
    OPENED_WITH_BAC = "opened_with_bac"
    """The chip was opened with BAC, and nothing says that it offers PACE."""
    DOWNGRADED = "downgraded"
    """The chip was opened with BAC although it offers PACE. Passed or failed, as the policy says."""
    PACE_NOT_AS_SIGNED = "pace_not_as_signed"
    """The chip was opened with a variant of PACE that is not among the signed ones."""
    CARD_ACCESS_NOT_AS_SIGNED = "card_access_not_as_signed"
    """EF.CardAccess left out a variant of PACE that is signed. Passed or failed, as the policy says."""
    NO_ACCESS_RECORD = "no_access_record"
    """How the chip was opened is not recorded."""

    IN_FORCE = "in_force"
    """The document has not expired."""
    NEVER_EXPIRES = "never_expires"
    """The document does not expire."""
    EXPIRED = "expired"
    """The document has expired."""
    EXPIRY_UNKNOWN = "expiry_unknown"
    """When the document expires was not read."""

    CONSISTENT = "consistent"
    """Everything that could be compared agrees."""
    NOTHING_TO_COMPARE = "nothing_to_compare"
    """Nothing was read twice."""
    INTEGRITY_NOT_VERIFIED = "integrity_not_verified"
    """What would be compared is not known to be what was signed."""
    MALFORMED_DATA_GROUP = "malformed_data_group"
    """A data group has the hash that was signed, but does not follow its format."""
    LISTS_DIFFER = "lists_differ"
    """EF.COM, which nobody signs, and the signed list name different data groups. The policy says what that means."""
    DATA_GROUPS_DIFFER = "data_groups_differ"
    """DG1 and another data group, DG11 or DG13, say different things."""
    MRZ_DIFFERS = "mrz_differs"
    """The MRZ that opened the chip is not the MRZ in the chip."""
    CARD_QR_DIFFERS = "card_qr_differs"
    """The QR code that was shown is not this card's."""
    CARD_QR_UNREADABLE = "card_qr_unreadable"
    """The QR code that was shown cannot be understood."""
    SIGNER_OF_ANOTHER_STATE = "signer_of_another_state"
    """The document signer belongs to another state than the one that issued the document."""
    ISSUING_STATE_UNKNOWN = "issuing_state_unknown"
    """Which signers may sign for the document's issuing state is not known."""
    TIMES_IMPLAUSIBLE = "times_implausible"
    """The document's dates contradict each other, or lie in the future."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that was judged, or was not: its outcome, the reason, and particulars free of personal data."""

    name: FactName
    outcome: Outcome
    reason: Reason
    details: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "details", MappingProxyType(dict(self.details)))

    def __hash__(self) -> int:
        return hash((self.name, self.outcome, self.reason, tuple(sorted(self.details.items()))))
