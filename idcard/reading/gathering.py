"""One reading of one card: its files and its proof, kept as they come, so that nothing read is lost.

Theory of operation. EF.SOD comes first: it says which data groups there are, because a chip may answer for a missing
file without secure messaging, and any such bare answer closes the channel. Then the other files in the plan's order.

What can go wrong is answered by rule, and once:

* A bare status word under secure messaging: the chip is opened again, with short lengths from then on, and asked again
  for the same file. Where that breaks too, the file counts as refused with that status, and the reading goes on.
* The card left the field or was reset by somebody else, and lies there again: the same, with the same lengths.
* A wrong checksum is no quirk: the reading ends.
* A file that does not follow its format keeps what came of it, and the reading goes on: a judge compares its hash.

Before a resumed reading goes on, the first bytes of a file that was finished are read again and compared, so that two
cards are never mixed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from os import urandom
from typing import Final

from idcard.chip.access_keys import AccessKey
from idcard.chip.active_authentication import CHALLENGE_BYTES, active_authentication
from idcard.errors import (
    BoundExceeded,
    CardChanged,
    CommandRefused,
    IdCardError,
    MalformedData,
    SecureMessagingBroken,
    TransportError,
)
from idcard.evidence import WITNESSED_HERE, ActiveAuthenticationProof, Evidence
from idcard.iso7816.files import FileReader, Window
from idcard.lds.layout import File
from idcard.lds.sod import Sod
from idcard.reading.opening import Entropy, Opened, Opener
from idcard.reading.plan import OnProgress, Progress, ReadPlan, ReadStep, silent
from idcard.reading.profile import CardProfile
from idcard.transport.base import Connection
from idcard.transport.session import ShouldCancel, never

_MAX_REOPENINGS: Final = 4
_OUTSIDE: Final = (File.CARD_ACCESS, File.CARD_SECURITY, File.ATR_INFO, File.DIR)
_IDENTIFYING: Final = (File.SOD, File.DG1)
"""The first bytes of these differ from card to card: EF.SOD starts with the hash of DG1."""


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
    _live: Opened | None = None
    _window: Window = field(default_factory=Window)
    _opener: Opener | None = None
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
        self._keys, self._live, self._opener, self._reopenings = keys, None, None, 0
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
        return sorted(inside, key=lambda file: file is not File.SOD)

    def _is_listed(self, file: File) -> bool:
        """Whether it is worth asking for ``file``: a data group that the signed list lacks is not there."""
        listed = listed_data_groups(self.files[File.SOD]) if File.SOD in self.files else None
        return file.data_group is None or listed is None or file.data_group in listed

    # The session

    def _session(self) -> tuple[Opener, Opened]:
        """The open chip; opened now where it is not."""
        if self._opener is None or self._live is None:
            self.on_progress(Progress(step=ReadStep.OPENING))
            opener = self._opener or self._new_opener()
            self._opener = opener
            opened = opener.open(self._keys)
            self._window, self.profile = opener.window, opener.profile
            self._require_same_card(opener, opened)
            self.files |= opened.outer_files
            self.refused |= opened.outer_refused
            self._opened = self._live = opened
            return opener, opened
        return self._opener, self._live

    def _new_opener(self) -> Opener:
        return Opener(
            connection=self.connection,
            plan=self.plan,
            entropy=self.entropy,
            should_cancel=self.should_cancel,
            profile=self.profile,
        )

    def _require_same_card(self, opener: Opener, opened: Opened) -> None:
        """Compare the first bytes of a finished file; without one, read everything again."""
        known = next((file for file in _IDENTIFYING if self.files.get(file)), None)
        if known is None:
            self.files.clear()
            self.refused.clear()
            return
        start = opener.perform(FileReader(channel=opened.channel, window=self._window).peek(sfi=known.sfi))
        if not start or not self.files[known].startswith(start[: len(self.files[known])]):
            raise CardChanged("another card lies on the reader than the one that was being read")

    def _again(self, error: IdCardError) -> None:
        """Make ready to open the chip again after ``error``.

        :raises IdCardError: ``error`` itself, where no rule allows that.
        """
        opener, self._live = self._opener, None
        self._reopenings += 1
        if opener is None or self._reopenings > _MAX_REOPENINGS or not opener.reset():
            raise error
        if isinstance(error, SecureMessagingBroken) or opener.window.lengths.extended:
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
                    self.refused[file] = int(error.facts["sw"] or 0)
            except TransportError as error:
                if last:
                    raise
                self._again(error)
            else:
                return

    def _read_once(self, file: File) -> None:
        def told(done: int, total: int) -> None:
            self.on_progress(Progress(step=ReadStep.READING, file=file, done=done, total=total))

        opener, opened = self._session()
        told(0, 0)
        reader = FileReader(channel=opened.channel, window=self._window, on_bytes=told)
        try:
            self.files[file] = opener.perform(reader.read(fid=file.fid, sfi=file.sfi, name=file.label))
        except CommandRefused as error:
            self.refused[file] = error.sw
        except (MalformedData, BoundExceeded):
            self.files[file] = reader.came
        if self.profile is not None and self._window.most is not None:
            self.profile = replace(self.profile, most=self._window.most)

    def _prove(self, challenge: bytes) -> None:
        for last in (False, True):
            try:
                opener, opened = self._session()
                self.on_progress(Progress(step=ReadStep.PROVING))
                self.proof = opener.perform(active_authentication(opened.channel, challenge))
            except (SecureMessagingBroken, TransportError) as error:
                if last or not _by_rule(error):
                    raise
                self._again(error)
            else:
                return


def _by_rule(error: IdCardError) -> bool:
    """Whether a reading may go on after ``error``: a lost card, or a bare status word; never a wrong checksum."""
    return isinstance(error, TransportError) or isinstance(error.facts.get("sw"), int)


def listed_data_groups(ef_sod: bytes) -> frozenset[int] | None:
    """The numbers of the data groups that EF.SOD lists, or None where it cannot be understood: then all are asked."""
    try:
        return frozenset(Sod.from_bytes(ef_sod).data_group_hashes)
    except IdCardError:
        return None
