"""Opening a chip: which lengths it takes, which access protocol runs, with which key.

Theory of operation. EF.CardAccess says whether the chip offers PACE. With PACE the application is selected inside the
secure channel; with BAC before it. A chip that *refuses* PACE may be opened with BAC where the plan allows and a key
is at hand, and the evidence says so; a chip that found the key *wrong* is never tried another way.

That cards of a type have no EF.CardAccess is believed only where a key for BAC is at hand. A chip that does not open so
is looked at after all, and opened by what it offers: what was learnt of other cards must not turn this one away.

Source: ICAO Doc 9303-11, "Chip access procedure".
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from idcard.chip import bac, pace
from idcard.chip.access_keys import AccessKey, MrzKey
from idcard.chip.pace_offers import OnUnusable, PaceOffer, UnusableOffer, offers
from idcard.chip.terminal_authentication import document_identifier
from idcard.errors import (
    AccessBlocked,
    BoundExceeded,
    Cancelled,
    CardRemoved,
    CardSilent,
    CommandRefused,
    IdCardError,
    LastTryLeft,
    MalformedData,
    PaceRefused,
    PaceRequired,
    SecureMessagingBroken,
    UnsupportedDocument,
    WrongAccessKey,
)
from idcard.evidence import AccessProtocol, AccessRecord, PaceCamProof
from idcard.iso7816.apdu import RESPONSE
from idcard.iso7816.files import FileReader, Window, select_application
from idcard.iso7816.procedure import Procedure
from idcard.iso7816.secure_messaging import SecureChannel
from idcard.iso7816.status import tries_left
from idcard.lds.layout import EMRTD_APPLICATION, File
from idcard.lds.security_infos import SecurityInfos
from idcard.reading.bac_tries import leaves_application, left_after, require_another_try, require_one_to_spare
from idcard.reading.discovery import CardAccess, Offer, length_offer, probed, read_card_access
from idcard.reading.hints import wants_card_security
from idcard.reading.plan import ReadPlan
from idcard.reading.profile import CardAccessForm, CardProfile
from idcard.transport.base import Connection, HasLimits, Resettable
from idcard.transport.session import ShouldCancel, never, perform

T = TypeVar("T")
Entropy = Callable[[int], bytes]

MAX_BAC_TRIES = 4
MAX_PACE_TRIES = 3
_KEY_TROUBLE = (WrongAccessKey, LastTryLeft, AccessBlocked)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Identifiers:
    """What terminal authentication signs: what the chip is called, and the reader's key where PACE showed the chip.

    ``authorities`` are those of terminals that the chip knows, where it said so.
    """

    chip: bytes = b""
    terminal: bytes | None = None
    authorities: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Opened:
    """An open chip: its channel, how it was opened, and files that only the master file holds."""

    channel: SecureChannel
    access: AccessRecord
    given_mrz: str | None
    pace_cam: PaceCamProof | None = None
    identifiers: Identifiers = field(default_factory=Identifiers)
    outer_files: dict[File, bytes] = field(default_factory=dict)
    outer_refused: dict[File, int] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True, repr=False)
class Opener:
    """Opens one chip, once or, after a broken session, again; ``profile`` is what is known of it by then."""

    connection: Connection
    plan: ReadPlan
    entropy: Entropy
    should_cancel: ShouldCancel = never
    profile: CardProfile | None = None
    _card_access: bytes | None = None
    _fresh: bool = False
    _looked: bool = False
    _tries_asked: bool = False
    _tries_just_asked: bool = False
    _refused_bare: dict[File, int] = field(default_factory=dict)

    @property
    def window(self) -> Window:
        """How much the chip is asked for at once, as far as that is known."""
        profile = self.profile or CardProfile()
        return Window(lengths=profile.lengths, most=profile.most)

    def perform(self, procedure: Procedure[T]) -> T:
        """What ``procedure`` returns, performed on the card with the lengths that are known to work."""
        short_only = self.profile is not None and not self.profile.lengths.extended
        return perform(self.connection, procedure, self.should_cancel, short_only=short_only)

    def open(self, keys: Sequence[AccessKey]) -> Opened:
        """The chip, opened with the first of ``keys`` by PACE, or with one of the MRZ keys by BAC.

        :raises WrongAccessKey: if the chip found the key wrong.
        :raises LastTryLeft: if the chip has one try left for this key, and the plan does not allow to use it.
        :raises PaceRefused: if it refused PACE itself and no key for BAC was at hand.
        :raises UnsupportedDocument: if this is no travel document.
        """
        if not self._absence_is_known(keys):
            self._known_card()
        elif not self._looked:
            return self._open_on_trust(keys)
        return self._open_as_offered(keys)

    def _open_as_offered(self, keys: Sequence[AccessKey]) -> Opened:
        opened = self._try_pace(keys[0])
        return opened if isinstance(opened, Opened) else self._open_with_bac(keys, opened)

    def _open_on_trust(self, keys: Sequence[AccessKey]) -> Opened:
        """The chip, opened with BAC as such cards are; one that does not open so is looked at, whatever is known.

        A key that it found wrong is not tried again: that would cost a chip that counts its tries another one.
        """
        try:
            return self._open_with_bac(keys, _no_pace())
        except (CardRemoved, Cancelled):
            raise
        except IdCardError as error:
            self.reset()
            self.look_again()
            self._known_card()
            if not isinstance(error, _KEY_TROUBLE):
                return self._open_as_offered(keys)
            if self._card_access is not None and isinstance(opened := self._try_pace(keys[0]), Opened):
                return opened
            raise

    def _try_pace(self, key: AccessKey) -> Opened | PaceRefused:
        """The chip, opened by the strongest way that it does not refuse, or its first refusal."""
        refused: PaceRefused | None = None
        unusable: list[UnusableOffer] = []
        found = pace_offers(self._card_access or self.plan.assumed_card_access, unusable.append)
        for number, offer in enumerate(found):
            try:
                return self._open_with_pace(offer, key)
            except PaceRefused as error:
                refused = refused or error
                if error.facts["sw"] not in pace.REFERS_TO_DATA or number + 1 == MAX_PACE_TRIES:
                    break
        return refused or _no_pace(unusable)

    def reset(self) -> bool:
        """Power the card off and on where the connection can; whether it could."""
        if not isinstance(self.connection, Resettable):
            return False
        self.connection.reset()
        self._fresh = True
        return True

    @property
    def took_absence_on_trust(self) -> bool:
        """Whether the card was never asked for EF.CardAccess, because such cards are known to have none."""
        return not self._looked

    def look_again(self) -> None:
        """Ask for EF.CardAccess at the next opening, whatever is known of such cards."""
        self.profile = replace(self.profile or CardProfile(), card_access=CardAccessForm.SHORT_IDENTIFIER)

    def _absence_is_known(self, keys: Sequence[AccessKey]) -> bool:
        """Whether the card is known to have no EF.CardAccess: it was looked for, or is believed to be as its type.

        That is believed only where it can do without, and where it can be found out to be wrong.
        """
        if self.profile is None or self.profile.card_access is not CardAccessForm.ABSENT:
            return False
        can_be_wrong = File.DG14 in self.plan.files and isinstance(self.connection, Resettable)
        return self._looked or (can_be_wrong and bool(self._bac_keys(keys)))

    def _known_card(self) -> None:
        """Know the card: its profile is made on the first opening; EF.CardAccess is read each time."""
        known = self.profile
        found = self._look(known)
        if found.raw is None and not self._fresh and self.reset():
            # Inside an application that was left selected EF.CardAccess is not found, which looks like no PACE.
            found = self._look(known)
        self._looked, self._card_access = True, found.raw
        self.profile = replace(known or CardProfile(lengths=found.lengths), card_access=found.form)

    def _look(self, known: CardProfile | None) -> CardAccess:
        return self._probed() if known is None else self.perform(read_card_access(known.card_access))

    def _probed(self) -> CardAccess:
        """What the first look at the card gives; a reader that chokes on extended length is asked again without."""
        offer = self._offer()
        try:
            return self.perform(probed(offer))
        except CardSilent:
            if not offer.lengths.extended or not self.reset():
                raise
            return self.perform(probed(Offer()))

    def _offer(self) -> Offer:
        limit = self.connection.answer_limit if isinstance(self.connection, HasLimits) else None
        if not self.plan.extended_length:
            return Offer()
        return self.perform(length_offer(self.connection.atr, limit))

    def _open_with_pace(self, offer: PaceOffer, key: AccessKey) -> Opened:
        secrets = pace.PaceSecrets.from_entropy(offer, self.entropy(offer.entropy_bytes))
        session = self.perform(
            pace.pace(
                offer,
                key,
                secrets,
                allow_last_try=self.plan.allow_last_try,
                ask_for_authorities=self.plan.terminal is not None,
            )
        )
        record = self._record(key, AccessProtocol.PACE)
        opened = Opened(
            channel=session.channel,
            access=replace(record, pace_oid=offer.info.oid, parameter_id=offer.info.parameter_id),
            given_mrz=_information(key),
            pace_cam=session.cam,
            identifiers=Identifiers(
                chip=session.chip_identifier,
                terminal=None if session.cam is None else session.terminal_identifier,
                authorities=session.references,
            ),
        )
        if self._wants_card_security(session.cam):
            self._read_outside(File.CARD_SECURITY, opened)
        self._select(session.channel)
        return opened

    def _wants_card_security(self, cam: PaceCamProof | None) -> bool:
        """Whether EF.CardSecurity is asked for: by the plan, or because it has the key that the chip proves."""
        newer = self.plan.chip_authentication and wants_card_security(self._card_access)
        return File.CARD_SECURITY in self.plan.files or cam is not None or newer

    def _read_outside(self, file: File, opened: Opened) -> None:
        """A file of the master file, readable between PACE and the application; what breaks the channel is left out."""
        reader = FileReader(channel=opened.channel, window=self.window)
        try:
            if file in self._refused_bare:
                raise CommandRefused(file.label, self._refused_bare[file])
            opened.outer_files[file] = self.perform(reader.read(fid=file.fid, sfi=file.sfi, name=file.label))
        except CommandRefused as error:
            opened.outer_refused[file] = error.sw
        except SecureMessagingBroken as error:
            sw = error.facts.get("sw")
            if isinstance(sw, int):
                self._refused_bare[file] = sw
            raise
        except (MalformedData, BoundExceeded) as error:
            if error.facts.get("where") == RESPONSE:
                raise
            opened.outer_files[file] = reader.came

    def _open_with_bac(self, keys: Sequence[AccessKey], refused: PaceRefused) -> Opened:
        mrz_keys = self._bac_keys(keys)
        if not mrz_keys:
            raise refused
        self._select(None)
        left = self._tries_left()
        wrong: WrongAccessKey | None = None
        for key in mrz_keys:
            if wrong is not None:
                require_another_try(wrong, left, allow_last=self.plan.allow_last_try)
            try:
                channel = self._agree_on_bac(key)
            except WrongAccessKey as error:
                wrong, left = error, left_after(error, left)
                continue
            return Opened(
                channel=channel,
                access=self._record_bac(key, refused),
                given_mrz=_information(key),
                identifiers=Identifiers(chip=document_identifier(key)),
            )
        raise wrong or refused

    def _agree_on_bac(self, key: MrzKey) -> SecureChannel:
        """The channel; a chip that gives no challenge after it was asked for its tries is asked again without that."""
        try:
            return self.perform(bac.basic_access_control(key.bac_seed, self.entropy(bac.ENTROPY_BYTES)))
        except PaceRequired:
            if not self._tries_just_asked:
                raise
        self._start_bac_again()
        return self.perform(bac.basic_access_control(key.bac_seed, self.entropy(bac.ENTROPY_BYTES)))

    def _tries_left(self) -> int | None:
        """How many tries a chip has for BAC that counts them: the last one is the caller's to allow; None else.

        It is not asked where it said nothing before in this reading, or cards of its type do that are proved to have no
        PACE. Another card's word alone would let the last try of this one be used. One that the question silences is
        read without it.

        :raises AccessBlocked: if the chip takes no more tries.
        :raises LastTryLeft: if one try is left.
        """
        known, self._tries_just_asked = self.profile or CardProfile(), False
        silent = known.counts_tries is False and (self._tries_asked or not self._looked)
        if silent or self.plan.allow_last_try:
            return None
        self._tries_asked = self._tries_just_asked = True
        left = self._ask_tries()
        self.profile = replace(known, counts_tries=left is not None)
        require_one_to_spare(left)
        return left

    def _ask_tries(self) -> int | None:
        try:
            sw = self.perform(bac.tries())
        except (CardSilent, CardRemoved):
            self._start_bac_again()
            return None
        if leaves_application(sw):
            self._select(None)
        return tries_left(sw)

    def _start_bac_again(self) -> None:
        self._tries_just_asked = False
        self.reset()
        self._select(None)

    def _bac_keys(self, keys: Sequence[AccessKey]) -> list[MrzKey]:
        if not self.plan.allow_bac:
            return []
        return [key for key in keys if isinstance(key, MrzKey)][:MAX_BAC_TRIES]

    def _record_bac(self, key: MrzKey, refused: PaceRefused) -> AccessRecord:
        sw = refused.facts["sw"]
        told = sw if isinstance(sw, int) else None
        return replace(self._record(key, AccessProtocol.BAC), pace_refused_sw=told)

    def _record(self, key: AccessKey, protocol: AccessProtocol) -> AccessRecord:
        return AccessRecord(protocol=protocol, key_kind=key.kind, card_access=self._card_access)

    def _select(self, channel: SecureChannel | None) -> None:
        try:
            self.perform(select_application(EMRTD_APPLICATION, channel))
        except CommandRefused as error:
            raise UnsupportedDocument("no travel-document application answers on this card", sw=error.sw) from error


def _no_pace(unusable: Sequence[UnusableOffer] = ()) -> PaceRefused:
    """That no PACE could be tried; where the chip offers some, its first, and why that is not run."""
    told = "the chip offers no PACE that this library can run"
    if not unusable:
        return PaceRefused(told, sw=None)
    first = unusable[0]
    numbered = "" if first.parameter_id is None else f" with parameters {first.parameter_id}"
    return PaceRefused(
        f"{told}: {first.oid}{numbered}: {first.reason}",
        sw=None,
        oid=first.oid,
        parameter_id=first.parameter_id,
        reason=first.reason,
    )


def _information(key: AccessKey) -> str | None:
    return key.information if isinstance(key, MrzKey) else None


def pace_offers(card_access: bytes | None, on_unusable: OnUnusable | None = None) -> Iterator[PaceOffer]:
    """The ways to run PACE that EF.CardAccess offers and this library can run, the strongest first.

    :param on_unusable: told of each that cannot be run.
    """
    if card_access is None:
        return iter(())
    try:
        infos = SecurityInfos.from_bytes(card_access, where="EF.CardAccess")
    except IdCardError:
        return iter(())
    return offers(infos) if on_unusable is None else offers(infos, on_unusable)
