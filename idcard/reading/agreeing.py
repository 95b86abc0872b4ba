"""Chip authentication within a reading: with which key it is tried, and what became of it.

Theory of operation. A chip that refuses one key is asked for the next, and goes on with the old channel. One that
cannot seal with the keys that it agreed on has shown that it is a copy: that is kept as evidence, and the rest is read
without. Within a session what the chip showed first stands; a refusal shows nothing, and gives way.

What was shown in one session says nothing of what is read in the next: a copy could relay its one answer to another
card, break the session and go on without. So a chip that is opened again has to show its key again. Until it is asked
what it showed before stands, since nothing was read since; where it then refuses or fails, that is what is kept.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeVar

from idcard.chip import chip_authentication as protocol
from idcard.errors import Cancelled, CommandRefused, IdCardError, SecureMessagingBroken, TransportError
from idcard.evidence import ChipAuthenticationProof
from idcard.iso7816.procedure import Procedure
from idcard.iso7816.secure_messaging import SecureChannel
from idcard.iso7816.status import StatusWord
from idcard.reading.opening import Opener

T = TypeVar("T")

_OTHER_KEYS: Final = (None, StatusWord.SECURE_MESSAGING_OBJECT_MISSING, StatusWord.SECURE_MESSAGING_OBJECT_WRONG)


class AgreementBroken(SecureMessagingBroken):
    """Chip authentication broke the session, or the answer after it is not sealed with the keys that were agreed on."""


@dataclass(slots=True, kw_only=True, repr=False)
class Agreement:
    """What became of chip authentication: ``agreed`` in the open channel, if so, and the ``proof`` that is kept."""

    agreed: protocol.Agreed | None = None
    failed: bool = False
    proof: ChipAuthenticationProof | None = None
    _before: ChipAuthenticationProof | None = None

    @property
    def kept(self) -> ChipAuthenticationProof | None:
        """What goes into the evidence: of this session or, until the chip was asked in it, of the one before."""
        return self.proof or self._before

    def reopened(self) -> None:
        """Start a session: what the chip showed has to be shown again; that it failed stands."""
        self.agreed = None
        if not self.failed:
            self._before, self.proof = self.kept, None

    @property
    def settled(self) -> bool:
        """Whether the chip has shown its key, or that it has none."""
        return self.proof is not None and not self.proof.refused

    def run(self, opener: Opener, channel: SecureChannel, keys: Iterable[protocol.ChipKeyChoice]) -> SecureChannel:
        """The channel to go on with: a new one by the first of ``keys`` that the chip does not refuse.

        :raises AgreementBroken: if the chip fails; it is to be opened again, without.
        """
        for choice in keys:
            try:
                entropy = opener.entropy(protocol.entropy_bytes(choice))
                self.agreed = opener.perform(protocol.chip_authentication(channel, choice, entropy))
            except CommandRefused as error:
                self._failed(protocol.refusal(choice, error.sw))
            except (TransportError, Cancelled):
                raise
            except SecureMessagingBroken as error:
                if not by_rule(error):
                    raise
                self._failed(protocol.refusal(choice, bare_status(error)))
                raise AgreementBroken from error
            except IdCardError as error:
                self._failed(protocol.failure(choice))
                raise AgreementBroken from error
            else:
                self.failed = False
                self._keep(self.agreed.proof)
                return self.agreed.channel
        self._before = None
        return channel

    def perform(self, opener: Opener, procedure: Procedure[T]) -> T:
        """What ``procedure`` returns; the first answer after chip authentication is kept as the chip's proof.

        :raises AgreementBroken: if that answer is not sealed with the keys that were agreed on.
        """
        agreed = self.agreed
        if agreed is None:
            return opener.perform(procedure)
        try:
            result = opener.perform(agreed.watch(procedure))
        except SecureMessagingBroken as error:
            if not self.settled and error.facts.get("sw") in _OTHER_KEYS:
                self._failed(agreed.disproof)
                raise AgreementBroken from error
            raise
        self._keep(agreed.proof)
        return result

    def forget(self) -> None:
        """Drop what another card may have shown; that one failed stands."""
        self._before = None
        if not self.failed:
            self.proof = None

    def _keep(self, proof: ChipAuthenticationProof | None) -> None:
        if not self.settled:
            self.proof = proof or self.proof

    def _failed(self, proof: ChipAuthenticationProof) -> None:
        self.failed = True
        self._keep(proof)


def by_rule(error: IdCardError) -> bool:
    """Whether a reading may go on after a broken channel: after a bare status word, never after a wrong checksum."""
    return isinstance(error, AgreementBroken) or isinstance(error.facts.get("sw"), int)


def bare_status(error: IdCardError) -> int:
    """The status word that came without secure messaging; 6F00 where none did."""
    sw = error.facts.get("sw")
    return sw if isinstance(sw, int) else StatusWord.NO_PRECISE_DIAGNOSIS
