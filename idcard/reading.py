"""Reading a chip: opens it, gathers its files and its answer to a challenge, and judges nothing.

Theory of operation. EF.CardAccess says whether the chip offers PACE. With PACE the application is selected inside the
secure channel; with BAC before it. A chip that *refuses* PACE may be opened with BAC where the plan allows and a key
is at hand, and the evidence says so; a chip that found the key *wrong* is never tried another way.

Source: ICAO Doc 9303-11, "Chip access procedure".
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from idcard.chip import bac, pace
from idcard.chip.access_keys import AccessKey, MrzKey
from idcard.chip.active_authentication import CHALLENGE_BYTES, active_authentication
from idcard.errors import (
    CommandRefused,
    IdCardError,
    MalformedData,
    PaceRefused,
    UnsupportedDocument,
    WrongAccessKey,
)
from idcard.evidence import WITNESSED_HERE, AccessProtocol, AccessRecord, ActiveAuthenticationProof, Evidence
from idcard.iso7816.apdu import CommandApdu
from idcard.iso7816.files import FileReader, select_application
from idcard.iso7816.procedure import Procedure, exchange
from idcard.iso7816.secure_messaging import SecureChannel
from idcard.lds.layout import EMRTD_APPLICATION, File
from idcard.lds.security_infos import PaceInfo, SecurityInfos
from idcard.lds.sod import Sod
from idcard.transport.base import Connection
from idcard.transport.session import ShouldCancel, never, perform

T = TypeVar("T")
Entropy = Callable[[int], bytes]

MAX_BAC_TRIES = 4
SELECT_MASTER_FILE = CommandApdu(ins=0xA4, p1=0x00, p2=0x0C, data=b"\x3f\x00")


class ReadStep(StrEnum):
    """What a reading is busy with."""

    OPENING = "opening"
    READING = "reading"
    PROVING = "proving"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a reading has come: its step, the file in work, and that file's bytes done and in all."""

    step: ReadStep
    file: File | None = None
    done: int = 0
    total: int = 0


OnProgress = Callable[[Progress], None]


def _silent(progress: Progress) -> None:
    """Where nobody asks for progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPlan:
    """What to read.

    ``files`` in the order of reading; ``active_authentication`` asks the chip for its signature where DG15 was read;
    ``allow_bac`` permits BAC where the chip refuses or does not offer PACE; ``assumed_card_access`` stands in for an
    EF.CardAccess that the chip does not give, as some batches do.
    """

    files: tuple[File, ...] = (File.SOD, File.COM, File.DG1, File.DG2, File.DG13, File.DG14, File.DG15)
    active_authentication: bool = True
    allow_bac: bool = True
    assumed_card_access: bytes | None = None


@dataclass(slots=True, kw_only=True, repr=False)
class Reader:
    """One reading of one card; holds what is gathered so far, so that a torn card loses nothing that was read."""

    connection: Connection
    plan: ReadPlan
    entropy: Entropy
    on_progress: OnProgress = _silent
    should_cancel: ShouldCancel = never
    files: dict[File, bytes] = field(default_factory=dict)
    refused: dict[File, int] = field(default_factory=dict)
    proof: ActiveAuthenticationProof | None = None
    access: AccessRecord | None = None
    given_mrz: str | None = None
    _card_access: bytes | None = None
    _listed: frozenset[int] | None = None

    def run(self, keys: Sequence[AccessKey], challenge: bytes | None = None) -> None:
        """Open the chip, read the plan's files and let the chip prove itself."""
        self.on_progress(Progress(step=ReadStep.OPENING))
        channel = self._open(keys)
        for file in self.plan.files:
            if self._is_listed(file):
                self._read(file, channel)
        if self.plan.active_authentication and File.DG15 in self.files:
            self.on_progress(Progress(step=ReadStep.PROVING))
            challenge = challenge or self.entropy(CHALLENGE_BYTES)
            self.proof = self._perform(active_authentication(channel, challenge))

    def evidence(self, *, card_qr: str | None, reader: str, at: datetime | None) -> Evidence:
        """What was gathered."""
        return Evidence(
            files=self.files,
            refused=self.refused,
            access=self.access,
            active_authentication=self.proof,
            given_mrz=self.given_mrz,
            given_card_qr=card_qr,
            atr=self.connection.atr,
            reader=reader,
            read_at=at,
            witness=WITNESSED_HERE,
        )

    def _perform(self, procedure: Procedure[T]) -> T:
        return perform(self.connection, procedure, self.should_cancel)

    def _open(self, keys: Sequence[AccessKey]) -> SecureChannel:
        self._card_access = self._perform(read_card_access())
        infos = pace_infos(self._card_access or self.plan.assumed_card_access)
        refused = PaceRefused("the chip offers no PACE that this library can run", sw=None)
        if infos:
            try:
                return self._open_with_pace(infos[0], keys[0])
            except PaceRefused as error:
                refused = error
        return self._open_with_bac(keys, refused)

    def _open_with_pace(self, info: PaceInfo, key: AccessKey) -> SecureChannel:
        curve = pace.curve_of(info)
        scalars = pace.PaceScalars.from_entropy(curve, self.entropy(pace.entropy_bytes(curve)))
        channel = self._perform(pace.pace(info, key, scalars))
        self._select(channel)
        self._record(key, AccessProtocol.PACE, info=info)
        return channel

    def _open_with_bac(self, keys: Sequence[AccessKey], refused: PaceRefused) -> SecureChannel:
        mrz_keys = [key for key in keys if isinstance(key, MrzKey)][:MAX_BAC_TRIES]
        if not mrz_keys or not self.plan.allow_bac:
            raise refused
        self._select(None)
        wrong: IdCardError = refused
        for key in mrz_keys:
            try:
                channel = self._perform(bac.basic_access_control(key.bac_seed, self.entropy(bac.ENTROPY_BYTES)))
            except WrongAccessKey as error:
                wrong = error
                continue
            sw = refused.facts["sw"]
            self._record(key, AccessProtocol.BAC, pace_refused_sw=sw if isinstance(sw, int) else None)
            return channel
        raise wrong

    def _record(
        self,
        key: AccessKey,
        protocol: AccessProtocol,
        *,
        info: PaceInfo | None = None,
        pace_refused_sw: int | None = None,
    ) -> None:
        self.given_mrz = key.information if isinstance(key, MrzKey) else None
        self.access = AccessRecord(
            protocol=protocol,
            key_kind=key.kind,
            pace_oid=info.oid if info else None,
            parameter_id=info.parameter_id if info else None,
            card_access=self._card_access,
            pace_refused_sw=pace_refused_sw,
        )

    def _select(self, channel: SecureChannel | None) -> None:
        try:
            self._perform(select_application(EMRTD_APPLICATION, channel))
        except CommandRefused as error:
            raise UnsupportedDocument("no travel-document application answers on this card", sw=error.sw) from error

    def _is_listed(self, file: File) -> bool:
        """Whether it is worth asking for ``file``: a data group that the signed list lacks is not there.

        A chip may answer for a missing file without secure messaging, which would end the session.
        """
        return file.data_group is None or self._listed is None or file.data_group in self._listed

    def _read(self, file: File, channel: SecureChannel) -> None:
        def told(done: int, total: int) -> None:
            self.on_progress(Progress(step=ReadStep.READING, file=file, done=done, total=total))

        told(0, 0)
        reader = FileReader(channel=channel, on_bytes=told)
        try:
            self.files[file] = self._perform(reader.read(fid=file.fid, sfi=file.sfi, name=file.label))
        except CommandRefused as error:
            self.refused[file] = error.sw
        if file is File.SOD and file in self.files:
            self._listed = listed_data_groups(self.files[file])


def listed_data_groups(ef_sod: bytes) -> frozenset[int] | None:
    """The numbers of the data groups that EF.SOD lists, or None where it cannot be understood: then all are asked."""
    try:
        return frozenset(Sod.from_bytes(ef_sod).data_group_hashes)
    except IdCardError:
        return None


def read(
    connection: Connection,
    keys: Sequence[AccessKey],
    *,
    entropy: Entropy,
    plan: ReadPlan | None = None,
    on_progress: OnProgress = _silent,
    should_cancel: ShouldCancel = never,
    challenge: bytes | None = None,
    card_qr: str | None = None,
    reader: str = "",
    at: datetime | None = None,
) -> Evidence:
    """Everything that was gathered from the card.

    :param keys: access keys, the preferred one first: PACE takes the first; BAC tries the MRZ keys in their order, at
        most four.
    :param entropy: gives random bytes; :func:`os.urandom` unless a test replays a standard's example.
    :param challenge: eight bytes of the caller's for active authentication, so that a third party is convinced.
    :param card_qr: the text of the card's QR code where the keys come from it; it is compared with the chip later.
    :raises WrongAccessKey: if the chip found the key wrong.
    :raises PaceRefused: if the chip refused PACE itself and no key for BAC was at hand.
    :raises UnsupportedDocument: if this is no travel document.
    :raises TransportError: if reader or card went away.
    """
    if not keys:
        raise ValueError("reading takes at least one access key")
    reading = Reader(
        connection=connection,
        plan=plan or ReadPlan(),
        entropy=entropy,
        on_progress=on_progress,
        should_cancel=should_cancel,
    )
    reading.run(keys, challenge)
    return reading.evidence(card_qr=card_qr, reader=reader, at=at)


def read_card_access() -> Procedure[bytes | None]:
    """EF.CardAccess, in the forms that cards accept, or None where the chip does not give it.

    Vietnamese cards refuse SELECT of the master file (6D00) but answer SELECT of the file without it; other cards want
    the master file first. None of it is worth failing for: PACE itself decides.
    """
    file, plain = File.CARD_ACCESS, FileReader()
    for attempt in (
        plain.read_short(sfi=file.sfi, name=file.label),
        _selected(plain, file),
        _under_master_file(plain, file),
    ):
        try:
            return (yield from attempt)
        except (CommandRefused, MalformedData):
            continue
    return None


def _selected(plain: FileReader, file: File) -> Procedure[bytes]:
    yield from plain.select(file.fid)
    return (yield from plain.read_selected(file.label))


def _under_master_file(plain: FileReader, file: File) -> Procedure[bytes]:
    yield from exchange(SELECT_MASTER_FILE)
    return (yield from _selected(plain, file))


def pace_infos(card_access: bytes | None) -> tuple[PaceInfo, ...]:
    """The ways to run PACE that EF.CardAccess offers and this library can run, the strongest first."""
    if card_access is None:
        return ()
    try:
        offered: Iterable[PaceInfo] = SecurityInfos.from_bytes(card_access, where="EF.CardAccess").pace
    except MalformedData:
        return ()
    usable = (info for info in offered if pace.supported(info))
    return tuple(sorted(usable, key=_strength, reverse=True))


def _strength(info: PaceInfo) -> tuple[int, int]:
    return int(info.oid.rsplit(".", 1)[1]), pace.curve_of(info).n.bit_length()
