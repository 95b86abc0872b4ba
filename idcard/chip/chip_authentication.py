"""Chip authentication: the chip's static key and a fresh one of ours give new session keys, which a copy cannot have.

Theory of operation.

1. DG14 (or EF.CardSecurity) gives the chip's static public keys and the ciphers that go with each. Where it has keys
   but no ciphers, 3DES is meant. The strongest pair is used, and its number is told where it has one.
2. The reader draws a key pair on the same domain parameters and sends the public half: for 3DES in one command,
   MSE:Set KAT, which every chip with 3DES knows; for AES with MSE:Set AT and GENERAL AUTHENTICATE.
3. Both agree on a secret, and secure messaging starts anew with keys that follow from it and its counter at zero.
   In version 2 the chip adds a nonce, which enters the keys, and a token, which shows them at once.
4. The first answer that is sealed with the new keys shows that the chip has its private key; in version 2 nonce and
   token show it. That answer is kept for a judge.

A chip that refuses goes on with the old keys. Nothing here judges whether the static key is genuine: that takes the
signature over DG14.

Source: ICAO Doc 9303-11, "Chip Authentication"; BSI TR-03110-2, "Chip Authentication" versions 1 and 2.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import islice
from typing import TypeVar

from idcard.crypto.agreement_keys import AgreementKey, ClaimedKey, claimed_key, load_agreement_key
from idcard.crypto.cipher import CipherSuite, suite_of_pace
from idcard.crypto.domains import EcDomain
from idcard.crypto.kdf import SessionKeys, session_keys
from idcard.crypto.tokens import DYNAMIC_AUTHENTICATION_DATA, keys_of_answer
from idcard.encoding import tlv
from idcard.encoding.der import oid_to_bytes
from idcard.errors import CommandRefused, IdCardError, UnsupportedAlgorithm
from idcard.evidence import ChipAuthenticationProof
from idcard.iso7816.apdu import MAX_EXTENDED_LE, MAX_SHORT_LE, CommandApdu, ResponseApdu
from idcard.iso7816.procedure import Procedure
from idcard.iso7816.secure_messaging import SecureChannel
from idcard.lds.security_infos import ChipAuthenticationInfo, ChipAuthenticationPublicKeyInfo, SecurityInfos

T = TypeVar("T")

_DH, _ECDH = "0.4.0.127.0.7.2.2.3.1", "0.4.0.127.0.7.2.2.3.2"
_CIPHERS = ("1", "2", "3", "4")
_STATUS_BYTES = 2
_MAX_PAIRS, _MAX_OWN_DOMAINS = 8, 2
FIRST_COUNTER = 2
"""The send sequence counter of the first answer under the new keys: one for the command, one for the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipKeyChoice:
    """One of the chip's keys with one cipher: what one run of chip authentication uses."""

    oid: str
    version: int
    key_id: int | None
    suite: CipherSuite
    key: AgreementKey


def choices(infos: SecurityInfos) -> Iterator[ChipKeyChoice]:
    """The ways to run chip authentication that this library can run, the strongest first.

    A chip's own domain parameters are proved sound when they are asked for, before any signature is checked: so of
    those that nobody standardised two are tried, however many a hostile chip writes.
    """
    claims = []
    for info, key in islice(_pairs(infos), _MAX_PAIRS):
        with suppress(IdCardError):  # what one entry gets wrong must not hide the others
            claims.append(_claim(info, key))
    own: set[bytes] = set()
    for claim in sorted(claims, key=lambda claim: claim.strength, reverse=True):
        own |= set() if claim.claimed.domain.known else {claim.public_key}
        if claim.public_key not in own or len(own) <= _MAX_OWN_DOMAINS:
            yield from claim.proved()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    """A key with a cipher, before the key is proved."""

    info: ChipAuthenticationInfo
    key_id: int | None
    suite: CipherSuite
    claimed: ClaimedKey
    public_key: bytes

    @property
    def strength(self) -> tuple[int, int, bool]:
        """What choices are sorted by: what takes most work to break, then the longer key, then curves."""
        cipher, domain = 80 if not self.suite.is_aes else 8 * self.suite.key_bytes, self.claimed.domain
        return min(cipher, domain.bits), cipher, isinstance(domain, EcDomain)

    def proved(self) -> Iterator[ChipKeyChoice]:
        """The choice, if the key is sound."""
        try:
            key = _loaded(self.public_key)
        except IdCardError:
            return
        yield ChipKeyChoice(oid=self.info.oid, version=self.info.version, key_id=self.key_id, suite=self.suite, key=key)


def _pairs(infos: SecurityInfos) -> Iterator[tuple[ChipAuthenticationInfo, ChipAuthenticationPublicKeyInfo]]:
    for key in infos.chip_keys:
        kind = _ECDH if key.oid.endswith(".2") else _DH
        fitting = [
            info
            for info in infos.chip_authentication
            if info.oid.startswith(kind + ".") and (info.key_id == key.key_id or None in (info.key_id, key.key_id))
        ]
        inferred = ChipAuthenticationInfo(oid=f"{kind}.1", version=1, key_id=key.key_id)
        yield from ((info, key) for info in fitting or ([] if infos.chip_authentication else [inferred]))


@lru_cache(maxsize=_MAX_PAIRS)
def _loaded(public_key: bytes) -> AgreementKey:
    """The key, which is proved sound once."""
    return load_agreement_key(public_key)


def _claim(info: ChipAuthenticationInfo, key: ChipAuthenticationPublicKeyInfo) -> _Claim:
    cipher = info.oid.rsplit(".", 1)[1]
    if cipher not in _CIPHERS or info.version not in (1, 2):
        raise UnsupportedAlgorithm("chip authentication with an unknown cipher or version", oid=info.oid)
    claimed = claimed_key(key.public_key)
    if isinstance(claimed.domain, EcDomain) is not info.oid.startswith(_ECDH + "."):
        raise UnsupportedAlgorithm("chip authentication with a key of the other kind", oid=info.oid)
    return _Claim(
        info=info,
        key_id=key.key_id if info.key_id is None else info.key_id,
        suite=suite_of_pace(int(cipher)),
        claimed=claimed,
        public_key=key.public_key,
    )


@dataclass(slots=True, kw_only=True, repr=False)
class Agreed:
    """What chip authentication leaves: the new channel, and the transcript that grows by the next answer.

    ``terminal_identifier`` is the short form of our ephemeral key, which terminal authentication signs. ``answer`` is
    what the chip proved itself with in version 2, as it came: dynamic authentication data with nonce and token.
    """

    channel: SecureChannel
    choice: ChipKeyChoice
    ephemeral_public_key: bytes
    ephemeral_private_key: bytes
    terminal_identifier: bytes
    answer: bytes = b""
    _first: list[bytes] = field(default_factory=list)

    def watch(self, procedure: Procedure[T]) -> Procedure[T]:
        """``procedure``, whose first answer is kept: the first after chip authentication must go through here."""
        if self._first:
            return (yield from procedure)
        command = next(procedure)
        while True:
            response = yield command
            self._keep(response)
            try:
                command = procedure.send(response)
            except StopIteration as stop:
                result: T = stop.value
                return result

    def _keep(self, response: ResponseApdu) -> None:
        if not self._first:
            self._first.append(response.to_bytes())

    @property
    def proof(self) -> ChipAuthenticationProof | None:
        """The transcript for a judge; None before the first answer in version 1.

        It holds the ephemeral private key: without it nobody could tell a right answer from a wrong one. To a judge
        who was not there it proves nothing; to him the transcript is the word of the reader. In version 2 its response
        is nonce and token, in clear, and its counter zero: nothing was sealed yet.
        """
        if self.answer:
            return replace(self._transcript(self.answer), counter=0)
        return self._transcript(self._first[0]) if self._first else None

    @property
    def disproof(self) -> ChipAuthenticationProof:
        """The transcript of a chip that did not seal its first answer with the agreed keys: a bare status, or none.

        So a judge who gets it without the ephemeral key cannot take the reader's word for a right one.
        """
        bare = self._first and len(self._first[0]) <= _STATUS_BYTES
        return self._transcript(self._first[0] if bare else b"")

    def _transcript(self, response: bytes) -> ChipAuthenticationProof:
        return ChipAuthenticationProof(
            oid=self.choice.oid,
            key_id=self.choice.key_id,
            ephemeral_public_key=self.ephemeral_public_key,
            ephemeral_private_key=self.ephemeral_private_key,
            response=response,
            counter=FIRST_COUNTER,
        )


def refusal(choice: ChipKeyChoice, sw: int) -> ChipAuthenticationProof:
    """The transcript of a chip that refused the protocol with ``sw``: it shows neither the chip's key nor its lack."""
    return _without_keys(choice, sw.to_bytes(_STATUS_BYTES))


def failure(choice: ChipKeyChoice) -> ChipAuthenticationProof:
    """The transcript of a chip that answered wrongly before there were new keys, as with a wrong token."""
    return _without_keys(choice, b"")


def _without_keys(choice: ChipKeyChoice, response: bytes) -> ChipAuthenticationProof:
    return ChipAuthenticationProof(
        oid=choice.oid, key_id=choice.key_id, ephemeral_public_key=b"", response=response, counter=FIRST_COUNTER
    )


def entropy_bytes(choice: ChipKeyChoice) -> int:
    """How many random bytes one run takes."""
    return choice.key.domain.entropy_bytes


def chip_authentication(channel: SecureChannel, choice: ChipKeyChoice, entropy: bytes) -> Procedure[Agreed]:
    """The new channel; ``channel`` is closed then, and goes on where the chip refuses.

    :param entropy: random bytes for the ephemeral key, as many as :func:`entropy_bytes` says.
    :raises CommandRefused: if the chip refuses.
    :raises ProtocolViolation: if the chip misbehaves.
    """
    domain = choice.key.domain
    scalar = domain.scalar(entropy)
    public = domain.public_key(scalar)
    answer = yield from _agree(channel, choice, public)
    secret = domain.agree(scalar, choice.key.public_key)
    keys = _keys(choice, secret, public, answer.data)
    channel.close()
    return Agreed(
        channel=SecureChannel(keys),
        choice=choice,
        ephemeral_public_key=public,
        ephemeral_private_key=scalar.value.to_bytes(domain.scalar_bytes),
        terminal_identifier=domain.compressed(public),
        answer=b"" if choice.version == 1 else answer.to_bytes(),
    )


def _agree(channel: SecureChannel, choice: ChipKeyChoice, public: bytes) -> Procedure[ResponseApdu]:
    """The chip's answer; it holds data in version 2."""
    if not choice.suite.is_aes and choice.version == 1:
        data = tlv.build(0x91, public) + _reference(choice)
        response = yield from channel.send(CommandApdu(ins=0x22, p1=0x41, p2=0xA6, data=data))
        if response.ok:
            return response
        # A chip that knows both ways may know only the other one for this key.
    return (yield from _agree_in_two_steps(channel, choice, public))


def _agree_in_two_steps(channel: SecureChannel, choice: ChipKeyChoice, public: bytes) -> Procedure[ResponseApdu]:
    data = tlv.build(0x80, oid_to_bytes(choice.oid)) + _reference(choice)
    response = yield from channel.send(CommandApdu(ins=0x22, p1=0x41, p2=0xA4, data=data))
    if not response.ok:
        raise CommandRefused("MSE:Set AT for chip authentication", response.sw)
    body = tlv.build(DYNAMIC_AUTHENTICATION_DATA, tlv.build(0x80, public))
    le = MAX_SHORT_LE if len(body) < MAX_SHORT_LE else MAX_EXTENDED_LE
    response = yield from channel.send(CommandApdu(ins=0x86, data=body, le=le))
    if not response.ok:
        raise CommandRefused("GENERAL AUTHENTICATE for chip authentication", response.sw)
    return response


def _reference(choice: ChipKeyChoice) -> bytes:
    number = choice.key_id
    return b"" if number is None else tlv.build(0x84, number.to_bytes((number.bit_length() + 7) // 8 or 1))


def _keys(choice: ChipKeyChoice, secret: bytes, public: bytes, answer: bytes) -> SessionKeys:
    if choice.version == 1:
        return session_keys(choice.suite, secret)
    domain = choice.key.domain
    return keys_of_answer(choice.suite, choice.oid, domain, secret=secret, public_key=public, answer=answer)
