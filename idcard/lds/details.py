"""DG11 and DG12, details about the person and about the document.

Theory of operation. Each file lists in a tag list (5C) what it holds and gives every item as a data object of its own;
other names and persons stand in a template (A0) with their number. What is there counts, not what the list says:

* A date is eight digits, as text or as four bytes in BCD: both are on cards (Malaysia, Spain).
* Other names come inside A0 or, on Chinese cards, without it; the list may name A0 instead of its content (Belarus).
* Items may be empty; fillers and spaces may stand around a text (France).
* Undocumented tags are passed over. 5F85 (Belgium) looks like the start of a tag of three bytes and is one of two.

Source: ICAO Doc 9303-10, "Data Group 11: additional personal detail(s)" and "Data Group 12: additional document
detail(s)".
"""

from dataclasses import dataclass
from datetime import date

from idcard.encoding import tlv
from idcard.errors import BoundExceeded, MalformedData
from idcard.lds.layout import File

_NAME, _OTHER_NAME, _PERSONAL_NUMBER, _BIRTH, _BIRTH_PLACE = 0x5F0E, 0x5F0F, 0x5F10, 0x5F2B, 0x5F11
_ADDRESS, _TELEPHONE, _PROFESSION, _TITLE, _SUMMARY = 0x5F42, 0x5F12, 0x5F13, 0x5F14, 0x5F15
_CITIZENSHIP, _DOCUMENTS, _CUSTODY = 0x5F16, 0x5F17, 0x5F18
_AUTHORITY, _ISSUED, _OTHER_PERSON, _ENDORSEMENTS, _TAX = 0x5F19, 0x5F26, 0x5F1A, 0x5F1B, 0x5F1C
_FRONT, _REAR, _PERSONALISED, _SYSTEM = 0x5F1D, 0x5F1E, 0x5F55, 0x5F56
_TEMPLATE = 0xA0
_DIGITS, _MOMENT_DIGITS = 8, 14
_AROUND = "< \u0000"
_MAX_ITEMS = 200


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Dg11:
    """What DG11 says; None (or nothing in a tuple) stands for what it does not say.

    Names are as they are written: surname and given names apart by ``<<``, with national characters. ``birth`` is eight
    digits, YYYYMMDD, of which unknown ones may be zero. ``birth_place``, ``address`` and ``other_documents`` are the
    parts that the file sets apart by ``<``. ``proof_of_citizenship`` is an image, byte for byte.
    """

    name: str | None
    personal_number: str | None
    birth: str | None
    other_names: tuple[str, ...] = ()
    birth_place: tuple[str, ...] = ()
    address: tuple[str, ...] = ()
    telephone: str | None = None
    profession: str | None = None
    title: str | None = None
    personal_summary: str | None = None
    proof_of_citizenship: bytes | None = None
    other_documents: tuple[str, ...] = ()
    custody: str | None = None

    def __repr__(self) -> str:
        return "Dg11(…)"

    @classmethod
    def parse(cls, data: bytes) -> "Dg11":
        """The value of the file's bytes; trailing bytes are an error.

        :raises MalformedData: if it does not follow the format.
        """
        items = _Items.of(data, File.DG11)
        return cls(
            name=items.text(_NAME),
            personal_number=items.text(_PERSONAL_NUMBER),
            birth=items.digits(_BIRTH, _DIGITS),
            other_names=items.texts(_OTHER_NAME),
            birth_place=items.parts(_BIRTH_PLACE),
            address=items.parts(_ADDRESS),
            telephone=items.text(_TELEPHONE),
            profession=items.text(_PROFESSION),
            title=items.text(_TITLE),
            personal_summary=items.text(_SUMMARY),
            proof_of_citizenship=items.bytes(_CITIZENSHIP),
            other_documents=items.parts(_DOCUMENTS),
            custody=items.text(_CUSTODY),
        )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Dg12:
    """What DG12 says of the document; None (or nothing in a tuple) stands for what it does not say.

    ``issued`` is the day of issue where all of it is known. ``personalised`` is the moment of personalisation, fourteen
    digits YYYYMMDDhhmmss. ``front`` and ``rear`` are images of the document, byte for byte.
    """

    issued: date | None
    authority: str | None = None
    other_persons: tuple[str, ...] = ()
    endorsements: str | None = None
    tax_and_exit: str | None = None
    front: bytes | None = None
    rear: bytes | None = None
    personalised: str | None = None
    personalisation_system: str | None = None

    def __repr__(self) -> str:
        return "Dg12(…)"

    @classmethod
    def parse(cls, data: bytes) -> "Dg12":
        """The value of the file's bytes; trailing bytes are an error.

        :raises MalformedData: if it does not follow the format.
        """
        items = _Items.of(data, File.DG12)
        return cls(
            issued=day_of(items.bytes(_ISSUED) or b"", items.where),
            authority=items.text(_AUTHORITY),
            other_persons=items.texts(_OTHER_PERSON),
            endorsements=items.text(_ENDORSEMENTS),
            tax_and_exit=items.text(_TAX),
            front=items.bytes(_FRONT),
            rear=items.bytes(_REAR),
            personalised=items.digits(_PERSONALISED, _MOMENT_DIGITS),
            personalisation_system=items.text(_SYSTEM),
        )


@dataclass(frozen=True, slots=True)
class _Items:
    """The data objects of a file, those inside templates among them."""

    where: str
    nodes: tuple[tlv.Tlv, ...]

    @classmethod
    def of(cls, data: bytes, file: File) -> "_Items":
        outer = tlv.parse_one(data, file.tag, where=file.label)
        nodes = _run(outer.value, file.label)
        inner = [each for node in nodes if node.tag == _TEMPLATE for each in _run(node.value, file.label)]
        return cls(file.label, (*nodes, *inner))

    def bytes(self, tag: int) -> bytes | None:
        node = tlv.find(self.nodes, tag)
        return node.value or None if node else None

    def text(self, tag: int) -> str | None:
        return next(iter(self.texts(tag)), None)

    def texts(self, tag: int) -> tuple[str, ...]:
        found = (text_of(node.value, self.where) for node in self.nodes if node.tag == tag)
        return tuple(text for text in found if text)

    def parts(self, tag: int) -> tuple[str, ...]:
        return tuple(part.strip() for part in (self.text(tag) or "").split("<") if part.strip())

    def digits(self, tag: int, count: int) -> str | None:
        value = self.bytes(tag)
        return None if value is None else digits_of(value, count, self.where)


def text_of(value: bytes, where: str) -> str:
    """The text that ``value`` is, without fillers and spaces around it.

    :raises MalformedData: if it is not UTF-8.
    """
    try:
        return value.decode("utf-8").strip(_AROUND)
    except UnicodeDecodeError:
        # The decoding error itself would carry the person's data along.
        raise MalformedData("a text is not UTF-8", where=where) from None


def digits_of(value: bytes, count: int, where: str) -> str:
    """So many digits, as text or as half as many bytes in BCD.

    :raises MalformedData: if they are not.
    """
    digits = value.hex() if len(value) == count // 2 else value.decode("ascii", errors="replace")
    if len(digits) != count or not (digits.isascii() and digits.isdecimal()):
        raise MalformedData(f"a date is not {count} digits", where=where)
    return digits


def day_of(value: bytes, where: str) -> date | None:
    """The calendar day in eight digits, or None where there is none or a part of it is not known.

    :raises MalformedData: if they are no digits.
    """
    if not value:
        return None
    digits = digits_of(value, _DIGITS, where)
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def _run(data: bytes, where: str) -> tuple[tlv.Tlv, ...]:
    """The data objects of ``data``, where a tag that starts with 5F has two bytes, whatever the second says."""
    nodes: list[tlv.Tlv] = []
    at = 0
    while at < len(data):
        if data[at] == 0x5F and at + 1 < len(data):
            # A stand-in of one byte lets the usual reader read the length.
            _, length, header = tlv.read_header(b"\x04" + data[at + 2 : at + 8], where=where)
            tag, header = int.from_bytes(data[at : at + 2]), header + 1
        else:
            tag, length, header = tlv.read_header(data, at, where=where)
        end = at + header + length
        if end > len(data):
            raise MalformedData("cut short in a value", where=where, offset=at)
        nodes.append(tlv.Tlv(tag=tag, value=data[at + header : end]))
        at = end
        if len(nodes) > _MAX_ITEMS:
            raise BoundExceeded(f"{where}: more than {_MAX_ITEMS} items", where=where)
    return tuple(nodes)
