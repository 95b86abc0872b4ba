"""One reading of one card: its files and its proof, kept as they come, so that nothing read is lost.

Theory of operation. EF.SOD comes first: it says which data groups there are, because a chip may answer for a missing
file without secure messaging, and any such bare answer closes the channel. Then DG14, which says how the chip proves
itself: chip authentication runs before anything else is read, so that the rest comes through a channel that a copy
cannot have. Then the other files in the plan's order.

What can go wrong is answered by rule:

* A bare status word under secure messaging: the chip is opened again, with short lengths from then on, and asked again
  for the same file. Where that breaks too, the file counts as refused with that status, and the reading goes on,
  however many files end so. A connection that cannot reset its card cannot do this: there the reading ends.
* A chip that cannot seal with the keys of chip authentication: the same, without it; its answer is kept as evidence.
* The card left the field or was reset by somebody else, and lies there again: the same, with the same lengths. That is
  done once a file, and four times in all; it never counts against the file.
* A wrong checksum is no quirk: the reading ends.
* A file that does not follow its format keeps what came of it, and the reading goes on: a judge compares its hash.

Before a resumed reading goes on, a finished file that names the document is read again and compared whole, so that two
cards are never mixed. Without one, what was read and proved is dropped and asked for again, to the last file.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from os import urandom
from typing import Final, TypeVar

from idcard.chip.access_keys import AccessKey
from idcard.chip.active_authentication import CHALLENGE_BYTES, active_authentication, signature_bytes_of
from idcard.chip.terminal_authentication import TerminalCredentials, terminal_authentication
from idcard.errors import (
    BoundExceeded,
    CardChanged,
    CardRemoved,
    CommandRefused,
    IdCardError,
    MalformedData,
    SecureMessagingBroken,
    TransportError,
    Unsupported,
)
from idcard.evidence import WITNESSED_HERE, AccessProtocol, ActiveAuthenticationProof, Evidence
from idcard.iso7816.apdu import RESPONSE
from idcard.iso7816.files import FileReader, Window
from idcard.iso7816.procedure import Procedure
from idcard.iso7816.secure_messaging import SecureChannel
from idcard.lds.layout import File
from idcard.reading.agreeing import Agreement, AgreementBroken, bare_status, by_rule
from idcard.reading.hints import chip_keys, listed_data_groups, offers_pace, shows_chip
from idcard.reading.opening import Entropy, Opened, Opener
from idcard.reading.plan import OnProgress, Progress, ReadPlan, ReadStep, silent
from idcard.reading.profile import CardProfile
from idcard.transport.base import Connection
from idcard.transport.session import ShouldCancel, never

T = TypeVar("T")

_MAX_TEARS: Final = 4
_FIRST: Final = (File.SOD, File.DG14)
_OUTSIDE: Final = (File.CARD_ACCESS, File.CARD_SECURITY, File.ATR_INFO, File.DIR)
_IDENTIFYING: Final = (File.SOD, File.DG1)
"""EF.SOD holds the hash of every data group under a signature, DG1 the document's number."""
_LEAST_IDENTIFYING: Final = 64
"""A file of fewer bytes names no document: the shortest DG1 has 77, and what was cut short may fit many cards."""


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
    _agreement: Agreement = field(default_factory=Agreement)
    _keys: Sequence[AccessKey] = ()
    _tears: int = 0
    _spent: bool = False
    _refused_bare: dict[File, int] = field(default_factory=dict)

    def run(
        self, keys: Sequence[AccessKey], challenge: bytes | None = None, *, connection: Connection | None = None
    ) -> None:
        """Open the chip, read the plan's files and let the chip prove itself.

        After a :class:`TransportError` it may be called again, with a new ``connection`` to the same card: finished
        files are kept, access is made anew, and the reading goes on.

        :raises CardChanged: if it is another card; nothing that was read of the first is given away for the second.
        """
        self.connection = connection or self.connection
        self._keys, self._channel, self._opener, self._tears = keys, None, None, 0
        self._spent = False
        try:
            self._gather(challenge)
        except AgreementBroken:
            # The chip cannot be opened again here, and what was read shows already that it is a copy.
            if not self._agreement.settled:
                raise

    def _gather(self, challenge: bytes | None) -> None:
        # Anew after each step: what came of the earlier ones is dropped where nothing shows that the card is the same.
        while True:
            file = next(filter(self._is_wanted, self._in_order()), None)
            if file is not None:
                self._read(file)
            elif self.plan.active_authentication and File.DG15 in self.files and self.proof is None:
                self._prove(challenge or self.entropy(CHALLENGE_BYTES))
            else:
                break
            if file is File.DG14:
                self._insist_on_pace()
        if self._refused_bare and not self.files:
            raise SecureMessagingBroken("no file came through the secure channel", sw=max(self._refused_bare.values()))

    def evidence(self, *, card_qr: str | None, reader: str, at: datetime | None) -> Evidence:
        """What was gathered."""
        return Evidence(
            files={file: self.files[file] for file in (*self.plan.files, *_OUTSIDE) if file in self.files},
            refused=self.refused,
            access=None if self._opened is None else self._opened.access,
            active_authentication=self.proof,
            chip_authentication=self._agreement.kept,
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

    def _is_wanted(self, file: File) -> bool:
        """Whether ``file`` is still to be asked for: a data group that the signed list lacks is not there."""
        if file in self.files or file in self.refused:
            return False
        listed = listed_data_groups(self.files[File.SOD]) if File.SOD in self.files else None
        return file.data_group is None or listed is None or file.data_group in listed

    # The session

    def _session(self) -> Opener:
        """The opener of the open chip, which is opened now where it is not."""
        opener = self._opener = self._opener or self._new_opener()
        if self._channel is None:
            if self._spent:
                opener.reset()
            self._spent = False
            self.on_progress(Progress(step=ReadStep.OPENING))
            opened = opener.open(self._keys)
            self._channel = opened.channel
            self._agreement.reopened()
            self._window, self.profile = opener.window, opener.profile
            self._require_same_card(opener)
            self.files |= opened.outer_files
            self.refused |= opened.outer_refused
            self._opened = opened
        # DG14 comes first: its key may be the one to take.
        if File.DG14 in self.plan.files and self._is_wanted(File.DG14):
            return opener
        if self._agreement.agreed is None and not self._agreement.failed and self.plan.chip_authentication:
            self._channel = self._agreement.run(opener, self._channel, chip_keys(self.files))
        if self.plan.terminal is not None and self._authorised is not self._channel:
            self._authorise(opener, self.plan.terminal)
        return opener

    def _authorise(self, opener: Opener, terminal: TerminalCredentials) -> None:
        """Run terminal authentication once in a channel that shows the chip; a chip that refuses goes on without."""
        opened, channel = self._opened, self._channel
        if opened is None or channel is None:
            return
        agreed = self._agreement.agreed
        ours = self._mapped(opened) if agreed is None else agreed.terminal_identifier
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
            self._agreement.perform(opener, procedure)

    def _mapped(self, opened: Opened) -> bytes | None:
        """What PACE called the reader, where its mapping shows the chip; None for one that failed to agree on keys."""
        cam, card_access = opened.pace_cam, opened.access.card_access
        shown = cam is not None and shows_chip(cam, self.files, card_access)
        return opened.identifiers.terminal if shown and not self._agreement.settled else None

    def _new_opener(self) -> Opener:
        return Opener(
            connection=self.connection,
            plan=self.plan,
            entropy=self.entropy,
            should_cancel=self.should_cancel,
            profile=self.profile,
        )

    def _insist_on_pace(self) -> None:
        """Open a chip again that offers PACE in DG14 and was opened with less only because such cards have none."""
        opener, opened = self._opener, self._opened
        if (
            opener is None
            or opened is None
            or not opener.took_absence_on_trust
            or opened.access.protocol is AccessProtocol.PACE
        ):
            return
        if offers_pace(self.files.get(File.DG14)):
            self._channel = None
            opener.look_again()
            self.profile = opener.profile
            opener.reset()

    def _require_same_card(self, opener: Opener) -> None:
        """Compare a finished file that names the document; without one, read everything again."""
        known = next((file for file in _IDENTIFYING if len(self.files.get(file, b"")) >= _LEAST_IDENTIFYING), None)
        if known is None:
            self._forget()
        elif self._once_more(opener, known) != self.files[known]:
            raise CardChanged("another card lies on the reader than the one that was being read")

    def _once_more(self, opener: Opener, file: File) -> bytes | None:
        """What the card gives of ``file`` now; None where it refuses."""
        reader = FileReader(channel=self._channel, window=self._window)
        try:
            return opener.perform(reader.read(fid=file.fid, sfi=file.sfi, name=file.label))
        except CommandRefused:
            return None
        except (MalformedData, BoundExceeded) as error:
            if error.facts.get("where") == RESPONSE:
                raise
            return reader.came

    def _forget(self) -> None:
        """Drop what was read and proved so far: nothing shows that it is of the card that lies there now."""
        self.files.clear()
        self.refused.clear()
        # What was refused so once would be refused again: asking for ever would end nothing.
        self.refused |= self._refused_bare
        self.proof = None
        self._agreement.forget()

    def _again(self, error: IdCardError) -> None:
        """Make ready to open the chip again after ``error``.

        :raises IdCardError: ``error`` itself, where no rule allows that.
        """
        opener, self._channel = self._opener, None
        self._tears += isinstance(error, TransportError)
        if opener is None or self._tears > _MAX_TEARS or not opener.reset():
            raise error
        if not isinstance(error, CardRemoved | AgreementBroken):
            opener.profile = (opener.profile or CardProfile()).shorter

    # Files

    def _read(self, file: File) -> None:
        def refuse(sw: int) -> None:
            self.refused[file] = self._refused_bare[file] = sw

        self._insist(lambda: self._read_once(file), refuse)

    def _insist(self, ask: Callable[[], None], refused: Callable[[int], None]) -> None:
        """``ask`` the card, again after one bare status word and again after one tear; two of a kind end it.

        The second bare status word is ``refused``; the second tear, and whatever no rule allows for, is raised.
        """
        bare = torn = 0
        while True:
            try:
                return ask()
            except SecureMessagingBroken as error:
                if not by_rule(error):
                    raise
                bare += not isinstance(error, AgreementBroken)
                if bare > 1:
                    self._channel, self._spent = None, True
                    return refused(bare_status(error))
                self._again(error)
            except TransportError as error:
                torn += 1
                if torn > 1:
                    raise
                self._again(error)

    def _read_once(self, file: File) -> None:
        def told(done: int, total: int) -> None:
            self.on_progress(Progress(step=ReadStep.READING, file=file, done=done, total=total))

        opener = self._session()
        told(0, 0)
        reader = FileReader(channel=self._channel, window=self._window, on_bytes=told)
        try:
            self.files[file] = self._agreement.perform(opener, reader.read(fid=file.fid, sfi=file.sfi, name=file.label))
        except CommandRefused as error:
            self.refused[file] = error.sw
        except (MalformedData, BoundExceeded) as error:
            if error.facts.get("where") == RESPONSE:
                raise  # no answer at all, so nothing is known of the file
            self.files[file] = reader.came
        if self.profile is not None and self._window.most is not None:
            self.profile = replace(self.profile, most=self._window.most)

    def _prove(self, challenge: bytes) -> None:
        def ask() -> None:
            opener = self._session()
            if File.DG15 not in self.files:
                return  # it was dropped just now, and is read again first
            self.on_progress(Progress(step=ReadStep.PROVING))
            self.proof = self._agreement.perform(opener, self._question(challenge))

        def refuse(sw: int) -> None:
            self.proof = ActiveAuthenticationProof(challenge=challenge, response=None, sw=sw)

        self._insist(ask, refuse)

    def _question(self, challenge: bytes) -> Procedure[ActiveAuthenticationProof]:
        if self._channel is None:
            raise SecureMessagingBroken("the secure channel is closed")
        least = signature_bytes_of(self.files[File.DG15])
        return active_authentication(self._channel, challenge, signature_bytes=least)
