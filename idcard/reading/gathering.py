"""One reading of one card: its files and its proof, kept as they come, so that nothing read is lost.

Theory of operation. EF.SOD comes first: it says which data groups there are, because a chip may answer for a missing
file without secure messaging, and any such bare answer closes the channel. Then DG14, which says how the chip proves
itself: chip authentication runs before anything else is read, so that the rest comes through a channel that a copy
cannot have. Then the other files in the plan's order.

What can go wrong is answered by rule, and once:

* A bare status word under secure messaging: the chip is opened again, with short lengths from then on, and asked again
  for the same file. Where that breaks too, the file counts as refused with that status, and the reading goes on.
* A chip that cannot seal with the keys of chip authentication: the same, without it; its answer is kept as evidence.
* The card left the field or was reset by somebody else, and lies there again: the same, with the same lengths.
* A wrong checksum is no quirk: the reading ends.
* A file that does not follow its format keeps what came of it, and the reading goes on: a judge compares its hash.

Before a resumed reading goes on, the first bytes of a file that was finished are read again and compared, so that two
cards are never mixed.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from os import urandom
from typing import Final, TypeVar

from idcard.chip import chip_authentication as agreement
from idcard.chip.access_keys import AccessKey
from idcard.chip.active_authentication import CHALLENGE_BYTES, active_authentication, signature_bytes_of
from idcard.chip.terminal_authentication import TerminalCredentials, terminal_authentication
from idcard.errors import (
    BoundExceeded,
    Cancelled,
    CardChanged,
    CardRemoved,
    CommandRefused,
    IdCardError,
    MalformedData,
    SecureMessagingBroken,
    TransportError,
    Unsupported,
)
from idcard.evidence import WITNESSED_HERE, ActiveAuthenticationProof, ChipAuthenticationProof, Evidence
from idcard.iso7816.apdu import RESPONSE
from idcard.iso7816.files import FileReader, Window
from idcard.iso7816.procedure import Procedure
from idcard.iso7816.secure_messaging import SecureChannel
from idcard.iso7816.status import StatusWord
from idcard.lds.layout import File
from idcard.lds.security_infos import SecurityInfos
from idcard.lds.sod import Sod
from idcard.reading.opening import Entropy, Opened, Opener
from idcard.reading.plan import OnProgress, Progress, ReadPlan, ReadStep, silent
from idcard.reading.profile import CardProfile
from idcard.transport.base import Connection
from idcard.transport.session import ShouldCancel, never

T = TypeVar("T")

_MAX_REOPENINGS: Final = 4
_OTHER_KEYS: Final = (None, StatusWord.SECURE_MESSAGING_OBJECT_MISSING, StatusWord.SECURE_MESSAGING_OBJECT_WRONG)
_FIRST: Final = (File.SOD, File.DG14)
_OUTSIDE: Final = (File.CARD_ACCESS, File.CARD_SECURITY, File.ATR_INFO, File.DIR)
_IDENTIFYING: Final = (File.SOD, File.DG1)
"""The first bytes of these differ from card to card: EF.SOD starts with the hash of DG1."""


class AgreementBroken(SecureMessagingBroken):
    """Chip authentication broke the session, or the answer after it is not sealed with the keys that were agreed on."""


@dataclass(slots=True, kw_only=True, repr=False)
class Reading:
    """One reading of one card, which can be continued after the card went away: see :meth:`run`.

    ``profile`` is what the caller knows of this type of card, and afterwards what was learnt.
    """

    connection: Connection
    plan: ReadPlan = field(default_factory=ReadPlan)
    entropy: Entropy = urandom
    on_progress: OnProgress = silent
    should_cancel: ShouldCancel = never
    profile: CardProfile | None = None
    files: dict[File, bytes] = field(default_factory=dict)
    refused: dict[File, int] = field(default_factory=dict)
    proof: ActiveAuthenticationProof | None = None
    _opened: Opened | None = None
    _opener: Opener | None = None
    _channel: SecureChannel | None = None
    _authorised: SecureChannel | None = None
    _window: Window = field(default_factory=Window)
    _agreed: agreement.Agreed | None = None
    _agreement_failed: bool = False
    _agreement_proof: ChipAuthenticationProof | None = None
    _keys: Sequence[AccessKey] = ()
    _reopenings: int = 0

    def run(
        self, keys: Sequence[AccessKey], challenge: bytes | None = None, *, connection: Connection | None = None
    ) -> None:
        """Open the chip, read the plan's files and let the chip prove itself.

        After a :class:`TransportError` it may be called again, with a new ``connection`` to the same card: finished
        files are kept, access is made anew, and the reading goes on.

        :raises CardChanged: if it is another card; nothing that was read of the first is given away for the second.
        """
        self.connection = connection or self.connection
        self._keys, self._channel, self._opener, self._reopenings = keys, None, None, 0
        try:
            self._gather(challenge)
        except AgreementBroken:
            # The chip cannot be opened again here, and what was read shows already that it is a copy.
            if self._agreement_proof is None or self._agreement_proof.refused:
                raise

    def _gather(self, challenge: bytes | None) -> None:
        for file in self._in_order():
            if file not in self.files and file not in self.refused and self._is_listed(file):
                self._read(file)
        if self.plan.active_authentication and File.DG15 in self.files and self.proof is None:
            self._prove(challenge or self.entropy(CHALLENGE_BYTES))

    def evidence(self, *, card_qr: str | None, reader: str, at: datetime | None) -> Evidence:
        """What was gathered."""
        return Evidence(
            files={file: self.files[file] for file in self.plan.files if file in self.files},
            refused=self.refused,
            access=None if self._opened is None else self._opened.access,
            active_authentication=self.proof,
            chip_authentication=self._agreement_proof,
            pace_cam=None if self._opened is None else self._opened.pace_cam,
            given_mrz=None if self._opened is None else self._opened.given_mrz,
            given_card_qr=card_qr,
            atr=self.connection.atr,
            reader=reader,
            read_at=at,
            witness=WITNESSED_HERE,
        )

    def _in_order(self) -> list[File]:
        inside = [file for file in self.plan.files if file not in _OUTSIDE]
        return sorted(inside, key=lambda file: _FIRST.index(file) if file in _FIRST else len(_FIRST))

    def _is_listed(self, file: File) -> bool:
        """Whether it is worth asking for ``file``: a data group that the signed list lacks is not there."""
        listed = listed_data_groups(self.files[File.SOD]) if File.SOD in self.files else None
        return file.data_group is None or listed is None or file.data_group in listed

    # The session

    def _session(self) -> Opener:
        """The opener of the open chip, which is opened now where it is not."""
        opener = self._opener = self._opener or self._new_opener()
        if self._channel is None:
            self.on_progress(Progress(step=ReadStep.OPENING))
            opened = opener.open(self._keys)
            self._channel, self._agreed = opened.channel, None
            self._window, self.profile = opener.window, opener.profile
            self._require_same_card(opener)
            self.files |= opened.outer_files
            self.refused |= opened.outer_refused
            self._opened = opened
        if self._agreed is None and not self._agreement_failed and self.plan.chip_authentication:
            self._agree(opener)
        if self.plan.terminal is not None and self._authorised is not self._channel:
            self._authorise(opener, self.plan.terminal)
        return opener

    def _perform(self, opener: Opener, procedure: Procedure[T]) -> T:
        """What ``procedure`` returns; the first answer after chip authentication is kept as the chip's proof."""
        agreed = self._agreed
        if agreed is None:
            return opener.perform(procedure)
        try:
            result = opener.perform(agreed.watch(procedure))
        except SecureMessagingBroken as error:
            if self._agreement_proof is None and error.facts.get("sw") in _OTHER_KEYS:
                # The chip has not the keys that it agreed on: that is evidence, and the rest can be read without.
                self._agreement_proof, self._agreement_failed = agreed.disproof, True
                raise AgreementBroken from error
            raise
        self._agreement_proof = self._agreement_proof or agreed.proof
        return result

    def _agree(self, opener: Opener) -> None:
        """Run chip authentication where DG14 was read and offers it; a chip that fails goes on without."""
        choice = next(iter(_choices(self.files.get(File.DG14))), None)
        if choice is None or self._channel is None:
            return
        try:
            entropy = self.entropy(agreement.entropy_bytes(choice))
            self._agreed = opener.perform(agreement.chip_authentication(self._channel, choice, entropy))
            self._channel = self._agreed.channel
        except (TransportError, Cancelled):
            raise
        except SecureMessagingBroken as error:
            if not _by_rule(error):
                raise
            self._disagreed(agreement.refusal(choice, _bare_status(error)))
            raise AgreementBroken from error
        except CommandRefused as error:
            self._disagreed(agreement.refusal(choice, error.sw))
        except IdCardError as error:
            self._disagreed(agreement.failure(choice))
            raise AgreementBroken from error

    def _disagreed(self, proof: ChipAuthenticationProof) -> None:
        """Keep what shows that the chip would not, or could not, unless it has proved itself before."""
        self._agreement_failed, self._agreement_proof = True, self._agreement_proof or proof

    def _authorise(self, opener: Opener, terminal: TerminalCredentials) -> None:
        """Run terminal authentication once in a channel that shows the chip; a chip that refuses goes on without."""
        opened, channel = self._opened, self._channel
        awaits_agreement = self.plan.chip_authentication and File.DG14 in self.plan.files and self._agreed is None
        if opened is None or channel is None or (awaits_agreement and not self.files.keys() & {File.DG14}):
            return
        ours = opened.identifiers.terminal if self._agreed is None else self._agreed.terminal_identifier
        if ours is None:
            return
        self._authorised = channel
        procedure = terminal_authentication(
            channel,
            terminal,
            chip_identifier=opened.identifiers.chip,
            terminal_identifier=ours,
            references=opened.identifiers.authorities,
        )
        with suppress(CommandRefused, Unsupported):
            self._perform(opener, procedure)

    def _new_opener(self) -> Opener:
        return Opener(
            connection=self.connection,
            plan=self.plan,
            entropy=self.entropy,
            should_cancel=self.should_cancel,
            profile=self.profile,
        )

    def _require_same_card(self, opener: Opener) -> None:
        """Compare the first bytes of a finished file; without one, read everything again."""
        known = next((file for file in _IDENTIFYING if self.files.get(file)), None)
        if known is None:
            self.files.clear()
            self.refused.clear()
            return
        reader = FileReader(channel=self._channel, window=self._window)
        changed = CardChanged("another card lies on the reader than the one that was being read")
        try:
            start = opener.perform(reader.peek(sfi=known.sfi))
        except CommandRefused as error:
            raise changed from error
        if not start or not self.files[known].startswith(start[: len(self.files[known])]):
            raise changed

    def _again(self, error: IdCardError) -> None:
        """Make ready to open the chip again after ``error``.

        :raises IdCardError: ``error`` itself, where no rule allows that.
        """
        opener, self._channel = self._opener, None
        self._reopenings += 1
        if opener is None or self._reopenings > _MAX_REOPENINGS or not opener.reset():
            raise error
        if not isinstance(error, CardRemoved | AgreementBroken):
            opener.profile = (opener.profile or CardProfile()).shorter

    # Files

    def _read(self, file: File) -> None:
        for last in (False, True):
            try:
                self._read_once(file)
            except SecureMessagingBroken as error:
                if not _by_rule(error):
                    raise
                self._again(error)
                if last:
                    self.refused[file] = _bare_status(error)
            except TransportError as error:
                if last:
                    raise
                self._again(error)
            else:
                return

    def _read_once(self, file: File) -> None:
        def told(done: int, total: int) -> None:
            self.on_progress(Progress(step=ReadStep.READING, file=file, done=done, total=total))

        opener = self._session()
        told(0, 0)
        reader = FileReader(channel=self._channel, window=self._window, on_bytes=told)
        try:
            self.files[file] = self._perform(opener, reader.read(fid=file.fid, sfi=file.sfi, name=file.label))
        except CommandRefused as error:
            self.refused[file] = error.sw
        except (MalformedData, BoundExceeded) as error:
            if error.facts.get("where") == RESPONSE:
                raise  # no answer at all, so nothing is known of the file
            self.files[file] = reader.came
        if self.profile is not None and self._window.most is not None:
            self.profile = replace(self.profile, most=self._window.most)

    def _prove(self, challenge: bytes) -> None:
        for last in (False, True):
            try:
                opener = self._session()
                self.on_progress(Progress(step=ReadStep.PROVING))
                self.proof = self._perform(opener, self._question(challenge))
            except SecureMessagingBroken as error:
                if not _by_rule(error):
                    raise
                if last:
                    self.proof = ActiveAuthenticationProof(challenge=challenge, response=None, sw=_bare_status(error))
                    return
                self._again(error)
            except TransportError as error:
                if last:
                    raise
                self._again(error)
            else:
                return

    def _question(self, challenge: bytes) -> Procedure[ActiveAuthenticationProof]:
        if self._channel is None:
            raise SecureMessagingBroken("the secure channel is closed")
        least = signature_bytes_of(self.files[File.DG15])
        return active_authentication(self._channel, challenge, signature_bytes=least)


def _choices(dg14: bytes | None) -> tuple[agreement.ChipKeyChoice, ...]:
    try:
        return () if dg14 is None else agreement.choices(SecurityInfos.from_dg14(dg14))
    except IdCardError:
        return ()


def _by_rule(error: IdCardError) -> bool:
    """Whether a reading may go on after a broken channel: after a bare status word, never after a wrong checksum."""
    return isinstance(error, AgreementBroken) or isinstance(error.facts.get("sw"), int)


def _bare_status(error: IdCardError) -> int:
    """The status word that came without secure messaging; 6F00 where none did."""
    sw = error.facts.get("sw")
    return sw if isinstance(sw, int) else StatusWord.NO_PRECISE_DIAGNOSIS


def listed_data_groups(ef_sod: bytes) -> frozenset[int] | None:
    """The numbers of the data groups that EF.SOD lists, or None where it cannot be understood: then all are asked."""
    try:
        return frozenset(Sod.from_bytes(ef_sod).data_group_hashes)
    except IdCardError:
        return None
