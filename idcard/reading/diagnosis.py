"""What a reader and a card can do, found out without any access key and without reading anything about a person.

Theory of operation. Everything that is asked here is free before access: EF.ATR/INFO, EF.DIR, EF.CardAccess (in
extended form first, which shows whether long answers work), SELECT of the travel-document application and one challenge
for BAC, which is not answered. Each refusal is a finding and never an error; only a card or a reader that goes away is.
"""

from dataclasses import dataclass

from idcard.chip.bac import GET_CHALLENGE
from idcard.chip.pace_offers import PaceOffer, UnusableOffer
from idcard.errors import CardSilent, CommandRefused, IdCardError, TransportError
from idcard.iso7816.apdu import CommandApdu
from idcard.iso7816.atr_info import AtrInfo
from idcard.iso7816.directory import Application, parse_directory
from idcard.iso7816.files import FileReader, select_application
from idcard.iso7816.lengths import CardCapabilities, Lengths, capabilities_of
from idcard.iso7816.procedure import Procedure, exchange
from idcard.lds.layout import EMRTD_APPLICATION, File
from idcard.reading.discovery import CardAccess, Offer, length_offer, probed, read_atr_info
from idcard.reading.opening import pace_offers
from idcard.reading.profile import CardAccessForm
from idcard.transport.base import Connection, HasLimits, Resettable
from idcard.transport.session import ShouldCancel, never, perform

_SELECT_MASTER_FILE = CommandApdu(ins=0xA4, p1=0x00, p2=0x0C, data=b"\x3f\x00")


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What was found.

    ``answer_limit`` is what the reader's driver says (256: short lengths only; None: it does not say), ``lengths`` what
    was proved. ``unusable_pace`` is what the card offers besides ``pace`` and this library does not run.
    ``master_file_sw``, ``application_sw`` and ``challenge_sw`` are the status words of SELECT for the
    master file, SELECT for the travel-document application, and a challenge for BAC (None where it was not asked for).
    """

    reader: str
    atr: bytes
    answer_limit: int | None
    resettable: bool
    capabilities: CardCapabilities | None
    atr_info: AtrInfo | None
    applications: tuple[Application, ...]
    master_file_sw: int
    card_access: CardAccessForm
    pace: tuple[PaceOffer, ...]
    unusable_pace: tuple[UnusableOffer, ...]
    lengths: Lengths
    application_sw: int
    challenge_sw: int | None

    @property
    def is_travel_document(self) -> bool:
        """Whether the application of passports and identity cards answers."""
        return self.application_sw == 0x9000

    @property
    def bac(self) -> bool:
        """Whether the chip gives challenges for BAC."""
        return self.challenge_sw == 0x9000


def diagnose(connection: Connection, *, should_cancel: ShouldCancel = never) -> Diagnosis:
    """What the reader and the card behind ``connection`` can do; the card is left as after a reset where that works.

    :raises TransportError: if reader or card went away.
    """
    limit = connection.answer_limit if isinstance(connection, HasLimits) else None
    atr_info = perform(connection, read_atr_info(), should_cancel)
    applications = perform(connection, _directory(), should_cancel)
    offer = perform(connection, length_offer(connection.atr, limit), should_cancel)
    found = _probed(connection, offer, should_cancel)
    master_file = perform(connection, exchange(_SELECT_MASTER_FILE), should_cancel).sw
    _reset(connection)
    application = perform(connection, _application(), should_cancel)
    challenge = perform(connection, exchange(GET_CHALLENGE), should_cancel).sw if application == 0x9000 else None
    _reset(connection)
    unusable: list[UnusableOffer] = []
    return Diagnosis(
        reader=getattr(connection, "reader", ""),
        atr=connection.atr,
        answer_limit=limit,
        resettable=isinstance(connection, Resettable),
        capabilities=capabilities_of(connection.atr),
        atr_info=atr_info,
        applications=applications,
        master_file_sw=master_file,
        card_access=found.form,
        pace=tuple(pace_offers(found.raw, unusable.append)),
        unusable_pace=tuple(unusable),
        lengths=found.lengths,
        application_sw=application,
        challenge_sw=challenge,
    )


def _probed(connection: Connection, offer: Offer, should_cancel: ShouldCancel) -> CardAccess:
    try:
        return perform(connection, probed(offer), should_cancel)
    except CardSilent:
        if not offer.lengths.extended or not _reset(connection):
            raise
        return perform(connection, probed(Offer()), should_cancel)


def _reset(connection: Connection) -> bool:
    if not isinstance(connection, Resettable):
        return False
    connection.reset()
    return True


def _directory() -> Procedure[tuple[Application, ...]]:
    try:
        return parse_directory((yield from FileReader().peek(sfi=File.DIR.sfi)))
    except TransportError:
        raise
    except IdCardError:
        return ()


def _application() -> Procedure[int]:
    try:
        yield from select_application(EMRTD_APPLICATION)
    except CommandRefused as error:
        return error.sw
    return 0x9000
