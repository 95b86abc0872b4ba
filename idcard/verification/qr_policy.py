"""Policies for codes and for answers of wallets. None of them proves an identity: none sees who is there."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from idcard.verification.facts import OF_CODES_ONLY, FactName, Outcome
from idcard.verification.policy import Policy

_PASSED = frozenset({Outcome.PASSED})
_NOT_FAILED = frozenset(Outcome) - {Outcome.FAILED}
_SIGNED: Final[dict[FactName, frozenset[Outcome]]] = dict.fromkeys(FactName, _NOT_FAILED) | {
    FactName.SIGNATURE: _PASSED,
    FactName.TRUST: _PASSED,
    FactName.KEY_USAGE: _PASSED,
    FactName.VALIDITY: _PASSED,
    FactName.REVOCATION: frozenset({Outcome.PASSED, Outcome.NOT_PERFORMED}),
}
_NOW_AND_ONCE = dict.fromkeys((FactName.FRESHNESS, FactName.REPLAY), _PASSED) | {
    FactName.AUDIENCE: frozenset({Outcome.PASSED, Outcome.NOT_SUPPORTED})
}
# What bears a signature of its own is judged by it: its signer's being on a list is no answer of a service.
_BY_ITS_SERVICE = dict.fromkeys((FactName.VALIDITY, FactName.REVOCATION, *OF_CODES_ONLY), _NOT_FAILED) | {
    FactName.SIGNATURE: frozenset({Outcome.NOT_SUPPORTED}),
    FactName.FRESHNESS: _PASSED,
}

SIGNED_QR: Final = Policy(name="signed_qr", accepts=_SIGNED, proves=False)
"""A signer on the list signed it, for such documents, and it is in force. Whoever shows it may show a copy."""

SINGLE_USE_QR: Final = Policy(name="single_use_qr", accepts=_SIGNED | _NOW_AND_ONCE, proves=False)
"""As :data:`SIGNED_QR`, and the code was made just now, for whoever judges it, and is shown for the first time."""

ONLINE_QR: Final = Policy(name="online_qr", accepts=_SIGNED | _BY_ITS_SERVICE, proves=False)
"""The issuer's own service accepted the code within its life; for codes that nobody else can read."""

PRESENTED: Final = Policy(
    name="presented",
    accepts=_SIGNED | dict.fromkeys((FactName.FRESHNESS, FactName.REPLAY, FactName.AUDIENCE, FactName.HOLDER), _PASSED),
    proves=False,
)
"""A wallet answered our own question, once and in time, with the key to which a known signer bound what it shows.

That it is its holder's hand that holds the wallet is the wallet's word.
"""

QR_POLICIES: Final[Mapping[str, Policy]] = MappingProxyType(
    {one.name: one for one in (SIGNED_QR, SINGLE_USE_QR, ONLINE_QR, PRESENTED)}
)
"""The named policies for codes."""
