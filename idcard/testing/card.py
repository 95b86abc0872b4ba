"""A simulated Vietnamese identity card, as a PC/SC reader sees it: command bytes in, answer bytes out.

Theory of operation. After power-on the chip stands outside any application: EF.CardAccess can be read there and PACE
runs there, but SELECT of the master file is refused (6D00) as on the real card. SELECT by name enters the
travel-document application, where nothing can be read (6982) before PACE or BAC. From then on every command must come
under secure messaging: a plain one ends the session and is obeyed without rights; a wrong checksum ends it with a bare
6988. Every other refusal inside a session is itself protected.

Source: ICAO Doc 9303-10 and 9303-11; ISO/IEC 7816-4; the behaviour recorded by users of Vietnamese cards.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from secrets import token_bytes

from idcard.errors import CardSilent, MalformedData
from idcard.iso7816.apdu import CommandApdu, ResponseApdu
from idcard.iso7816.status import StatusWord
from idcard.lds.layout import File
from idcard.testing.behaviour import Behaviour, ChipSecrets, answer_to_reset
from idcard.testing.chip_crypto import Refused, SecureChannel
from idcard.testing.chip_curves import Entropy
from idcard.testing.chip_security import AccessState, Security, all_tries
from idcard.testing.file_system import BareRefusal, FileSystem

_CHAIN, _GET_RESPONSE, _GENERAL_AUTHENTICATE = 0x10, 0xC0, 0x86


@dataclass(slots=True)
class _Session:
    """What power-off forgets."""

    files: FileSystem
    access: AccessState = field(default_factory=AccessState)
    begun: bytes = b""
    rest: bytes = b""

    @property
    def application(self) -> bool:
        return self.files.application

    @property
    def channel(self) -> SecureChannel | None:
        return self.access.channel

    def end_channel(self) -> None:
        if self.access.channel is not None:
            self.access.end_channel()
            self.files.leave()


@dataclass(slots=True, kw_only=True, repr=False)
class SimulatedCard:
    """A card with a chip. It starts powered, and may stand wherever a connection to a card is expected.

    :param files: the elementary files. DG3 and DG4 exist as fingerprints and irises do: guarded, never given out.
    :param entropy: gives as many random bytes as asked for; an argument, so that worked examples replay.
    :param before_each: is called before each command, for example to take time as a contactless card does.
    """

    files: dict[File, bytes]
    secrets: ChipSecrets
    behaviour: Behaviour = field(default_factory=Behaviour)
    entropy: Entropy = token_bytes
    before_each: Callable[[], object] | None = None
    _powered: bool = field(default=True, init=False)
    _tries: dict[bytes, int | None] = field(init=False)
    _session: _Session = field(init=False)

    def __post_init__(self) -> None:
        proof = self.secrets.proof
        if proof is not None and proof.signature_size > self._room() and not self.behaviour.cuts_proof:
            raise ValueError("the signature of active authentication does not fit into an answer of this card")
        self._session = self._new_session()
        self._tries = all_tries(self.behaviour)

    @property
    def _security(self) -> Security:
        return Security(behaviour=self.behaviour, secrets=self.secrets, entropy=self.entropy, tries=self._tries)

    def _room(self) -> int:
        suite = self.behaviour.pace_profile.suite
        return SecureChannel.from_secret(suite, b"").capacity(self.behaviour.max_response)

    def _new_session(self) -> _Session:
        return _Session(FileSystem(self.files, self.behaviour))

    def __repr__(self) -> str:
        return "SimulatedCard()"

    @property
    def atr(self) -> bytes:
        """The answer to reset; see :func:`answer_to_reset`."""
        return answer_to_reset(extended=self._extended, says_lengths=self.behaviour.says_lengths)

    @property
    def _extended(self) -> bool:
        return self.behaviour.max_response > 256

    def power_on(self) -> None:
        """Give the chip power: it knows of no session."""
        self._powered, self._session = True, self._new_session()

    def power_off(self) -> None:
        """Take the power away: the session is gone and the chip is silent. Counters of wrong tries stay."""
        self._powered, self._session = False, self._new_session()

    def reset(self) -> None:
        """Power off and on."""
        self.power_off()
        self.power_on()

    def close(self) -> None:
        """Power off, so that a card serves where a connection is expected."""
        self.power_off()

    def transmit(self, command: bytes) -> bytes:
        """The chip's answer to ``command``, both as they go over the wire.

        :raises CardSilent: without power.
        """
        if not self._powered:
            raise CardSilent("the simulated chip has no power")
        if self.before_each is not None:
            self.before_each()
        try:
            return self._answer(CommandApdu.from_bytes(command)).to_bytes()
        except MalformedData:
            self._session.end_channel()
            return ResponseApdu(sw=StatusWord.WRONG_LENGTH).to_bytes()

    def _answer(self, command: CommandApdu) -> ResponseApdu:
        """The answer, with chains of commands put together and long answers taken apart where the card does so."""
        session, rest = self._session, self._session.rest
        session.rest = b""
        if command.ins == _GET_RESPONSE and rest:
            return self._piece(rest)
        if command.cla & _CHAIN and command.ins != _GENERAL_AUTHENTICATE:
            session.begun += command.data
            return _done()
        if session.begun:
            command, session.begun = replace(command, data=session.begun + command.data, extended=False), b""
        response = self._whole_answer(command)
        return self._piece(response.data, response.sw)

    def _piece(self, data: bytes, sw: int = StatusWord.OK) -> ResponseApdu:
        size = self.behaviour.response_piece
        if size is None or len(data) <= size or sw != StatusWord.OK:
            return ResponseApdu(data=data, sw=sw)
        self._session.rest = data[size:]
        return ResponseApdu(data=data[:size], sw=0x6100 | min(size, len(data) - size) & 0xFF)

    def _whole_answer(self, command: CommandApdu) -> ResponseApdu:
        session = self._session
        if command.extended and not self._extended:
            session.end_channel()
            return ResponseApdu(sw=StatusWord.WRONG_LENGTH)
        if command.cla & 0x0C != 0x0C:
            session.end_channel()
            response = self._answer_plain(command)
        else:
            response = self._answer_protected(command)
        access = session.access
        if access.successor is not None:
            access.channel, access.successor = access.successor, None
        return response

    def _answer_plain(self, command: CommandApdu) -> ResponseApdu:
        try:
            return self._obey(command)
        except BareRefusal as refused:
            return ResponseApdu(sw=refused.sw)

    def _answer_protected(self, command: CommandApdu) -> ResponseApdu:
        channel = self._session.channel
        try:
            if channel is None:
                raise Refused(StatusWord.SECURE_MESSAGING_OBJECT_WRONG)
            return channel.wrap(self._obey(channel.unwrap(command)), odd=bool(command.ins & 1))
        except (Refused, BareRefusal) as refused:
            self._session.end_channel()
            return ResponseApdu(sw=refused.sw)

    def _obey(self, command: CommandApdu) -> ResponseApdu:
        """The plain answer to a plain command."""
        handler = _HANDLERS.get(command.ins)
        try:
            if command.cla not in (0x00, 0x10):
                raise Refused(StatusWord.CLASS_NOT_SUPPORTED)
            if handler is None:
                raise Refused(StatusWord.INSTRUCTION_NOT_SUPPORTED)
            return handler(self, command)
        except Refused as refused:
            return ResponseApdu(sw=refused.sw)
        except MalformedData:
            return ResponseApdu(sw=StatusWord.WRONG_DATA)

    # Files

    def _select(self, command: CommandApdu) -> ResponseApdu:
        return self._session.files.select(command, self._session.channel)

    def _read_binary(self, command: CommandApdu) -> ResponseApdu:
        return self._session.files.read_binary(command, self._session.channel)

    def _read_binary_odd(self, command: CommandApdu) -> ResponseApdu:
        return self._session.files.read_binary_odd(command, self._session.channel)

    # Access

    def _get_challenge(self, command: CommandApdu) -> ResponseApdu:
        session = self._session
        return self._security.get_challenge(command, session.access, application=session.application)

    def _external_authenticate(self, command: CommandApdu) -> ResponseApdu:
        session = self._session
        response = self._security.external_authenticate(command, session.access)
        if session.access.gate is not None:
            session.files.opened = session.access.gate.opened & self.files.keys()
        return response

    def _manage_security_environment(self, command: CommandApdu) -> ResponseApdu:
        session = self._session
        return self._security.manage(command, session.access, application=session.application)

    def _general_authenticate(self, command: CommandApdu) -> ResponseApdu:
        return self._security.general_authenticate(command, self._session.access)

    def _internal_authenticate(self, command: CommandApdu) -> ResponseApdu:
        session = self._session
        return self._security.internal_authenticate(command, session.access, application=session.application)

    def _perform_security_operation(self, command: CommandApdu) -> ResponseApdu:
        return self._security.verify_certificate(command, self._session.access)


def _done(data: bytes = b"") -> ResponseApdu:
    return ResponseApdu(data=data, sw=StatusWord.OK)


_HANDLERS: dict[int, Callable[[SimulatedCard, CommandApdu], ResponseApdu]] = {
    0x22: SimulatedCard._manage_security_environment,
    0x2A: SimulatedCard._perform_security_operation,
    0x82: SimulatedCard._external_authenticate,
    0x84: SimulatedCard._get_challenge,
    0x86: SimulatedCard._general_authenticate,
    0x88: SimulatedCard._internal_authenticate,
    0xA4: SimulatedCard._select,
    0xB0: SimulatedCard._read_binary,
    0xB1: SimulatedCard._read_binary_odd,
}
