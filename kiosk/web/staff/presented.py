"""What a clerk typed or scanned into a form of another way, made into what somebody presents."""

from collections.abc import Mapping

from werkzeug.datastructures import MultiDict

from idcard import BhytCard, BhytNumber, BirthDate, CardQr, IdCardError
from kiosk.domain.scans import scanned_text
from kiosk.domain.ways import Paper, Way
from kiosk.services.desk import VisitRow
from kiosk.services.other_ways import OtherWays
from kiosk.services.ways import Guardian, Presented
from kiosk.web.staff.typed import BadField, typed_birth, typed_claim, typed_name, typed_number

_LONGEST_PASSPORT = 15
_PROVED = ("chip_anchored", "chip_pinned", "chip_confirmed")


def presented_of(way: Way, form: Mapping[str, str], row: VisitRow | None, ways: OtherWays) -> Presented:
    """What a form says that somebody presents.

    :raises BadField: for the first field that makes no sense: those of a claim, ``insurance``, ``passport``,
        ``guardian_name``, ``guardian_birth``, ``guardian_number``, ``guardian_ticket`` or ``code``.
    """
    card = _insurance_code(form.get("insurance", ""))
    number = card.number.text if card is not None else insurance_number(form.get("insurance", ""))
    known = row is not None and not row.needs_typing
    named = bool(form.get("name", "").strip() or form.get("birth", "").strip())
    unnamed = known or way is Way.EMERGENCY
    return Presented(
        way=way,
        claim=None if unnamed and not named else typed_claim(form),
        insurance_number=number,
        document_number=_passport(form.get("passport", "")),
        guardian=_guardian(form, ways),
        seen=_seen(form, row, has_number=number is not None, has_card=card is not None),
        spellings=() if card is None else (card.name,),
    )


def filled(form: Mapping[str, str]) -> MultiDict[str, str]:
    """The form with what the scanned codes say in their fields; a BadField ``code`` for a code that says nothing."""
    typed = MultiDict(form.items(multi=True) if isinstance(form, MultiDict) else form.items())
    scanned = form.get("code", "")
    if scanned.strip():
        _fill(typed, scanned, prefix="")
    guardian = form.get("guardian_code", "")
    if guardian.strip():
        _fill(typed, guardian, prefix="guardian_")
    typed["code"] = typed["guardian_code"] = ""
    return typed


def insurance_number(text: str) -> str | None:
    """The insurance number that was typed, or None for nothing; BadField ``insurance`` for anything else."""
    number = "".join(text.split()).upper()
    if not number:
        return None
    try:
        return BhytNumber(text=number).text
    except ValueError:
        raise BadField("insurance") from None


def _insurance_code(text: str) -> BhytCard | None:
    """The insurance card's code, where one was scanned into the field of the number."""
    if "|" not in text:
        return None
    try:
        return BhytCard.from_bytes(scanned_text(text.encode("utf-8", "replace")).encode())
    except IdCardError:
        raise BadField("insurance") from None


def _fill(typed: MultiDict[str, str], scanned: str, *, prefix: str) -> None:
    code = _code(scanned)
    claim = code.claimed_identity()
    typed[f"{prefix}name"] = claim.name or ""
    typed[f"{prefix}birth"] = "" if claim.birth is None else _written(claim.birth)
    typed[f"{prefix}number"] = claim.personal_number or ""
    if prefix:
        return
    typed["sex"] = claim.sex.value if claim.sex else "<"
    if isinstance(code, BhytCard):
        typed["insurance"] = code.number.text
        if Paper.INSURANCE_CARD not in typed.getlist("paper"):
            typed.add("paper", Paper.INSURANCE_CARD)


def _code(scanned: str) -> CardQr | BhytCard:
    content = scanned_text(scanned.encode("utf-8", "replace")).encode()
    for kind in (CardQr, BhytCard):
        try:
            return kind.from_bytes(content)
        except IdCardError:
            continue
    raise BadField("code")


def _written(birth: BirthDate) -> str:
    """As people write it: a day, a month or a year."""
    parts = [f"{part:02}" for part in (birth.day, birth.month) if part is not None]
    return "/".join([*parts, f"{birth.year:04}"])


def _passport(text: str) -> str | None:
    number = "".join(text.split()).upper()
    if not number:
        return None
    if len(number) > _LONGEST_PASSPORT or not (number.isascii() and number.isalnum()):
        raise BadField("passport")
    return number


def _guardian(form: Mapping[str, str], ways: OtherWays) -> Guardian | None:
    ticket = form.get("guardian_ticket", "").strip()
    if ticket:
        found = ways.guardian_of_ticket(int(ticket)) if ticket.isascii() and ticket.isdigit() else None
        if found is None:
            raise BadField("guardian_ticket")
        return found
    if not form.get("guardian_name", "").strip():
        return None
    try:
        return Guardian(
            name=typed_name(form["guardian_name"]),
            birth=typed_birth(form["guardian_birth"]) if form.get("guardian_birth", "").strip() else None,
            number=typed_number(form.get("guardian_number", "")),
        )
    except BadField as problem:
        raise BadField(f"guardian_{problem}") from None


def _seen(form: Mapping[str, str], row: VisitRow | None, *, has_number: bool, has_card: bool) -> frozenset[Paper]:
    """What the clerk ticked, what the form itself shows, and the chip that the machine proved."""
    ticked = form.getlist("paper") if isinstance(form, MultiDict) else []
    try:
        seen = {Paper(word) for word in ticked}
    except ValueError:
        raise BadField("code") from None
    if has_number:
        seen.add(Paper.INSURANCE_NUMBER)
    if has_card:
        seen.add(Paper.INSURANCE_CARD)
    if row is not None and row.read_assurance.value in _PROVED and not row.needs_typing:
        seen.add(Paper.CHIP_CARD)
    return frozenset(seen)
