"""What a simulated chip lets itself be asked before it gives its files: PACE, BAC and its proofs of being genuine.

The state that power-off forgets is in :class:`AccessState`; counters of wrong tries stay with the chip.

Source: ICAO Doc 9303-11; BSI TR-03110-3, "Protocols" (PIN, PUK, chip authentication version 2).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from idcard.encoding import tlv
from idcard.iso7816.apdu import CommandApdu, ResponseApdu
from idcard.iso7816.status import StatusWord
from idcard.testing.behaviour import BAC, CAN, PIN, PUK, Behaviour, ChipSecrets
from idcard.testing.chip_crypto import BasicAccess, Refused, SecureChannel
from idcard.testing.chip_curves import Entropy
from idcard.testing.chip_pace import (
    PaceChip,
    Profile,
    chip_authentication,
    chip_authentication_2,
    oid_value,
    only,
)
from idcard.testing.chip_terminal import TerminalGate

_SHORT_LE, _V2_NONCE_BYTES = 256, 8


@dataclass(slots=True, kw_only=True)
class AccessState:
    """What power-off forgets of access; ``channel`` is the session, ``successor`` the one after this answer."""

    channel: SecureChannel | None = None
    successor: SecureChannel | None = None
    challenge: bytes | None = None
    pace: PaceChip | None = None
    reference: bytes = b""
    agreeing: bool = False
    gate: TerminalGate | None = None

    def end_channel(self) -> None:
        """Forget the session and all that was granted in it."""
        self.channel, self.agreeing, self.gate = None, False, None


def all_tries(manner: Behaviour) -> dict[bytes, int | None]:
    """The counters of wrong tries of a new chip, by the reference of the password; None for no counter."""
    return {BAC: manner.bac_tries, CAN: manner.can_tries, PIN: manner.pin_tries, PUK: manner.puk_tries}


@dataclass(slots=True, kw_only=True)
class Security:
    """The chip's side of every access protocol.

    :param tries: the counters, which the chip keeps.
    """

    behaviour: Behaviour
    secrets: ChipSecrets
    entropy: Entropy
    tries: dict[bytes, int | None]

    # Basic access control

    def get_challenge(self, command: CommandApdu, state: AccessState, *, application: bool) -> ResponseApdu:
        """Eight random bytes: for BAC before a session, for terminal authentication within."""
        if command.le != 8:
            raise Refused(StatusWord.WRONG_LENGTH)
        if state.gate is not None:
            return _done(state.gate.draw_challenge(self.entropy))
        if not application or state.channel is not None:
            raise Refused(StatusWord.CONDITIONS_NOT_SATISFIED)
        state.challenge = self.entropy(8)
        return _done(state.challenge)

    def external_authenticate(self, command: CommandApdu, state: AccessState) -> ResponseApdu:
        """BAC's last step, or terminal authentication's."""
        if state.gate is not None:
            state.gate.authenticate(command.data)
            return _done()
        challenge, state.challenge = state.challenge, None
        if not self.behaviour.bac:
            raise Refused(StatusWord.REFERENCED_DATA_NOT_FOUND)
        left = self.tries.get(BAC)
        if left is not None and not command.data:
            raise Refused(0x63C0 | left)
        if left == 0:
            raise Refused(StatusWord.AUTHENTICATION_BLOCKED)
        if challenge is None:
            raise Refused(StatusWord.CONDITIONS_NOT_SATISFIED)
        half = BasicAccess.start(self.secrets.mrz_information, challenge)
        try:
            answer, state.successor = half.authenticate(command.data, self.entropy(16))
        except Refused as refused:
            wrong = refused.sw == StatusWord.AUTHENTICATION_FAILED
            raise (self._wrong_password(BAC) if wrong else refused) from refused
        self.tries[BAC] = self.behaviour.bac_tries
        state.gate = self._gate(self.secrets.document_identifier)
        return _done(answer)

    # The security environment

    def manage(self, command: CommandApdu, state: AccessState, *, application: bool) -> ResponseApdu:
        """MANAGE SECURITY ENVIRONMENT."""
        objects = {node.tag: node.value for node in tlv.parse(command.data, where="MSE")}
        purpose = command.p1 << 8 | command.p2
        if purpose == 0xC1A4:
            return self._set_up_pace(objects, state, application=application)
        if purpose not in (0x41A4, 0x41A6, 0x81B6, 0x81A4):
            raise Refused(StatusWord.WRONG_P1_P2)
        if state.channel is None or not application:
            raise Refused(StatusWord.SECURITY_STATUS_NOT_SATISFIED)
        if purpose == 0x41A4:
            self._set_up_chip_authentication(objects, state)
        elif purpose == 0x41A6:
            self._agree_at_once(objects, state)
        else:
            _gate_of(state).choose(purpose, objects)
        return _done()

    def _set_up_pace(self, objects: Mapping[int, bytes], state: AccessState, *, application: bool) -> ResponseApdu:
        state.pace = None
        manner = self.behaviour
        if not manner.pace:
            raise Refused(StatusWord.REFERENCED_DATA_NOT_FOUND)
        if manner.pace_refused_sw is not None:
            raise Refused(manner.pace_refused_sw)
        if application:
            raise Refused(StatusWord.CONDITIONS_NOT_SATISFIED)
        profile, reference = self._profile(objects), objects.get(0x83, b"")
        password = self.secrets.password(reference)
        if password is None:
            raise Refused(StatusWord.REFERENCED_DATA_NOT_FOUND)
        left = self.tries.get(reference)
        if left == 0:
            raise Refused(StatusWord.AUTHENTICATION_BLOCKED)
        authorities = self.secrets.authorities if 0x7F4C in objects else ()
        state.pace = PaceChip(
            profile, password, self.entropy, static=self.secrets.agreement, references=tuple(authorities)
        )
        state.reference = reference
        tells = reference != CAN or manner.tells_can_tries
        told = tells and left is not None and left != all_tries(manner)[reference]
        return ResponseApdu(sw=0x63C0 | (left or 0) if told else StatusWord.OK)

    def _profile(self, objects: Mapping[int, bytes]) -> Profile:
        number = objects.get(0x84)
        if number is not None and self.behaviour.refuses_parameter_number:
            raise Refused(StatusWord.WRONG_DATA)
        for profile in self.behaviour.pace_profiles:
            named = number in (None, bytes([profile.info_parameter]))
            if named and objects.get(0x80) == oid_value(profile.pace_oid):
                return profile
        raise Refused(StatusWord.WRONG_DATA)

    # PACE and chip authentication

    def general_authenticate(self, command: CommandApdu, state: AccessState) -> ResponseApdu:
        """GENERAL AUTHENTICATE."""
        data = tlv.parse_one(command.data, 0x7C, where="dynamic authentication data").value
        if state.pace is not None:
            answer = self._pace_step(state.pace, data, state, last=command.cla == 0x00)
        elif state.agreeing and command.cla == 0x00:
            state.agreeing = False
            answer = self._agree(only(data, 0x80), state)
        else:
            raise Refused(StatusWord.CONDITIONS_NOT_SATISFIED)
        return _done(tlv.build(0x7C, answer))

    def _pace_step(self, pace: PaceChip, data: bytes, state: AccessState, *, last: bool) -> bytes:
        state.pace = None  # whatever goes wrong in a step, the run is over
        if last != pace.awaits_last:
            raise Refused(StatusWord.CONDITIONS_NOT_SATISFIED)
        try:
            answer = pace.step(data)
        except Refused as refused:
            wrong = refused.sw == StatusWord.AUTHENTICATION_FAILED and last
            raise (self._wrong_password(state.reference) if wrong else refused) from refused
        if not last:
            state.pace = pace
            return answer
        state.successor, state.gate = pace.channel, self._gate(pace.chip_identifier)
        if state.gate is not None:
            state.gate.terminal_key = pace.terminal_identifier
        if state.reference in self.tries:
            self.tries[state.reference] = all_tries(self.behaviour)[state.reference]
        return answer

    def _wrong_password(self, reference: bytes) -> Refused:
        left = self.tries.get(reference)
        if left is None:
            return Refused(StatusWord.AUTHENTICATION_FAILED)
        self.tries[reference] = left - 1
        return Refused(0x63C0 | left - 1)

    def _set_up_chip_authentication(self, objects: Mapping[int, bytes], state: AccessState) -> None:
        manner = self.behaviour
        self._require_key(objects)
        wrong = objects.get(0x80) != oid_value(manner.chip_profile.chip_authentication_oid)
        if wrong or manner.chip_authentication_at_once is True:
            raise Refused(StatusWord.WRONG_DATA)
        state.agreeing = True

    def _agree_at_once(self, objects: Mapping[int, bytes], state: AccessState) -> None:
        """MSE:Set KAT, which goes with 3DES only."""
        self._require_key(objects)
        manner = self.behaviour
        if manner.chip_profile.suite.block != 8 or manner.chip_authentication_at_once is False:
            raise Refused(StatusWord.WRONG_P1_P2)
        self._agree(objects.get(0x91, b""), state)

    def _require_key(self, objects: Mapping[int, bytes]) -> None:
        number = self.behaviour.chip_key_id
        expected = None if number is None else bytes([number])
        if self.secrets.agreement is None or objects.get(0x84) != expected:
            raise Refused(StatusWord.REFERENCED_DATA_NOT_FOUND)

    def _agree(self, public: bytes, state: AccessState) -> bytes:
        manner, agreement, answer = self.behaviour, self.secrets.agreement, b""
        if agreement is None:
            raise Refused(StatusWord.REFERENCED_DATA_NOT_FOUND)
        if manner.chip_authentication_version == 1:
            state.successor = chip_authentication(manner.chip_profile, agreement, public)
        else:
            nonce = self.entropy(_V2_NONCE_BYTES)
            state.successor, answer = chip_authentication_2(manner.chip_profile, agreement, public, nonce)
        if state.gate is not None:
            state.gate.terminal_key = manner.chip_profile.domain.compressed(public)
        return answer

    def _gate(self, identifier: bytes) -> TerminalGate | None:
        anchor = self.secrets.terminal_anchor
        return None if anchor is None else TerminalGate(anchor=anchor, identifier=identifier)

    # Active and terminal authentication

    def internal_authenticate(self, command: CommandApdu, state: AccessState, *, application: bool) -> ResponseApdu:
        """Active authentication."""
        proof, manner = self.secrets.proof, self.behaviour
        if state.channel is None or not application:
            raise Refused(StatusWord.SECURITY_STATUS_NOT_SATISFIED)
        if proof is None:
            raise Refused(StatusWord.INSTRUCTION_NOT_SUPPORTED)
        if len(command.data) != 8 or command.le is None:
            raise Refused(StatusWord.WRONG_LENGTH)
        if manner.proof_refuses_extended and command.le > _SHORT_LE:
            return _done()
        room = proof.signature_size
        if command.le <= _SHORT_LE:
            room = min(command.le, state.channel.capacity(_SHORT_LE))
        if room < proof.signature_size and not manner.cuts_proof:
            raise Refused(StatusWord.WRONG_LENGTH)
        return _done(proof.answer(command.data, self.entropy)[:room])

    def verify_certificate(self, command: CommandApdu, state: AccessState) -> ResponseApdu:
        """PSO:VERIFY CERTIFICATE."""
        if command.p1 << 8 | command.p2 != 0x00BE:
            raise Refused(StatusWord.WRONG_P1_P2)
        _gate_of(state).take(command.data)
        return _done()


def _gate_of(state: AccessState) -> TerminalGate:
    if state.gate is None or state.channel is None:
        raise Refused(StatusWord.CONDITIONS_NOT_SATISFIED)
    return state.gate


def _done(data: bytes = b"") -> ResponseApdu:
    return ResponseApdu(data=data, sw=StatusWord.OK)
