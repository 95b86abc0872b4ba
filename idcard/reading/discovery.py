"""What can be learnt of a card before access: EF.CardAccess, and how long commands and answers may be.

Theory of operation. Nothing here is worth failing for: Vietnamese cards refuse SELECT of the master file (6D00), others
EF.CardAccess itself (6982, 6983), others again want the master file first. Extended length is used only where nobody
denies it (the reader's driver, the card's historical bytes, EF.ATR/INFO) and the card has shown that it understands
it: the first read of EF.CardAccess is sent in extended form, in plain, when no session can be lost.

Source: ICAO Doc 9303-11, "Chip access procedure"; ISO/IEC 7816-4, "EF.ATR/INFO".
"""

from collections.abc import Callable
from dataclasses import dataclass

from idcard.errors import BoundExceeded, CommandRefused, IdCardError, MalformedData
from idcard.iso7816.apdu import CommandApdu
from idcard.iso7816.atr_info import AtrInfo
from idcard.iso7816.files import FileReader, Window
from idcard.iso7816.lengths import LONG, SHORT, Lengths, capabilities_of
from idcard.iso7816.procedure import Procedure, exchange
from idcard.lds.layout import File
from idcard.reading.profile import CardAccessForm

SELECT_MASTER_FILE = CommandApdu(ins=0xA4, p1=0x00, p2=0x0C, data=b"\x3f\x00")
_MISSES = (CommandRefused, MalformedData, BoundExceeded)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """The longest lengths worth trying, and whether the card itself states that it takes them."""

    lengths: Lengths = SHORT
    stated: bool = False


def length_offer(atr: bytes, reader_limit: int | None) -> Procedure[Offer]:
    """What reader and card say of extended length; at most one command, for EF.ATR/INFO.

    :param reader_limit: the most bytes that the reader's driver takes in one answer; None where it does not say.
    """
    own = capabilities_of(atr)
    longest = LONG.within(reader_limit, reader_limit)
    if not longest.extended or (own is not None and not own.extended_length):
        return Offer()
    info = yield from read_atr_info()
    denied = info is not None and info.capabilities is not None and not info.capabilities.extended_length
    if denied and (info is None or info.max_response is None):
        return Offer()
    stated = own is not None or (info is not None and (info.max_response is not None or info.capabilities is not None))
    if info is not None and info.max_response is not None:
        longest = longest.within(info.max_response - 2, info.max_command)
    return Offer(lengths=longest, stated=stated)


def read_atr_info() -> Procedure[AtrInfo | None]:
    """EF.ATR/INFO, or None where the card does not give it, or not in its form."""
    try:
        raw = yield from FileReader().peek(sfi=File.ATR_INFO.sfi)
        return AtrInfo.from_bytes(raw)
    except IdCardError as error:
        if not isinstance(error, _MISSES):
            raise
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class CardAccess:
    """EF.CardAccess as the card gave it (None: not at all), in which form, and the lengths that this has proved."""

    raw: bytes | None
    form: CardAccessForm
    lengths: Lengths = SHORT


def probed(offer: Offer) -> Procedure[CardAccess]:
    """EF.CardAccess, asked for in extended form first where that is offered."""
    if offer.lengths.extended:
        raw = yield from _attempt(CardAccessForm.SHORT_IDENTIFIER, offer.lengths)
        if raw is not None:
            return CardAccess(raw=raw, form=CardAccessForm.SHORT_IDENTIFIER, lengths=offer.lengths)
    found = yield from read_card_access()
    if found.form is CardAccessForm.ABSENT and offer.stated:
        return CardAccess(raw=None, form=found.form, lengths=offer.lengths)
    return found


def read_card_access(first: CardAccessForm = CardAccessForm.SHORT_IDENTIFIER) -> Procedure[CardAccess]:
    """EF.CardAccess in the forms that cards accept, the form that is known of this type of card ``first``.

    Vietnamese cards refuse SELECT of the master file (6D00) but answer SELECT of the file without it; other cards want
    the master file first. None of it is worth failing for: PACE itself decides.
    """
    forms = [form for form in CardAccessForm if form not in (first, CardAccessForm.ABSENT)]
    for form in forms if first is CardAccessForm.ABSENT else (first, *forms):
        raw = yield from _attempt(form, SHORT)
        if raw is not None:
            return CardAccess(raw=raw, form=form)
    return CardAccess(raw=None, form=CardAccessForm.ABSENT)


def _attempt(form: CardAccessForm, lengths: Lengths) -> Procedure[bytes | None]:
    try:
        return (yield from _FORMS[form](FileReader(window=_Firm(lengths=lengths))))
    except _MISSES:
        return None


class _Firm(Window):
    """A window that never shrinks: a refused length is an answer here."""

    def shrink(self, refused: int) -> bool:
        return False


def _by_short_identifier(plain: FileReader) -> Procedure[bytes]:
    return (yield from plain.read_short(sfi=File.CARD_ACCESS.sfi, name=File.CARD_ACCESS.label))


def _selected(plain: FileReader) -> Procedure[bytes]:
    yield from plain.select(File.CARD_ACCESS.fid)
    return (yield from plain.read_selected(File.CARD_ACCESS.label))


def _under_master_file(plain: FileReader) -> Procedure[bytes]:
    yield from exchange(SELECT_MASTER_FILE)
    return (yield from _selected(plain))


_FORMS: dict[CardAccessForm, Callable[[FileReader], Procedure[bytes]]] = {
    CardAccessForm.SHORT_IDENTIFIER: _by_short_identifier,
    CardAccessForm.SELECTED: _selected,
    CardAccessForm.UNDER_MASTER_FILE: _under_master_file,
}
