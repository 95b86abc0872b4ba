"""What is to be recorded: the words of the catalogues that are said aloud, numbers, and the clinic's own words."""

import gettext
from collections.abc import Iterator
from pathlib import Path

from kiosk.audio.pieces import own_clip, pieces
from kiosk.domain.codes import DeskMessage
from kiosk.domain.numerals import SAID
from kiosk.domain.route import Clinic

LANGUAGES = ("vi", "en")
_LOCALES = Path(__file__).resolve().parents[1] / "locales"

_CALLED = (DeskMessage.HELP, DeskMessage.CHILD, DeskMessage.EMERGENCY)
_NO_WAY_TO_THE_DESK = (*_CALLED, DeskMessage.CLOSED, DeskMessage.PAPER, DeskMessage.TAKE_CARD)

SPOKEN = (
    *("attract.title", "attract.paper", "attract.qr", "attract.reader_lost", "attract.reader_lost_text"),
    *("hint.qr_unknown", "hint.closer", "hint.steadier", "hint.more_light"),
    *("digits.seen", "digits.wrong", "digits.title", "digits.qr", "digits.clear", "digits.delete"),
    *("place.seen", "place.title", "place.no_card", "qr.title", "qr.text", "qr.none", "back.title", "back.text"),
    *("child.title", "child.card", "child.code", "child.none", "one.title", "one.text"),
    *("consent.title", "consent.text", "consent.agree", "consent.disagree"),
    *("ticket.no_paper_title", "ticket.no_paper", "ticket.remember"),
    *("reading.title", *(f"reading.step.{step}" for step in ("open", "read", "prove", "cover"))),
    *("confirm.title", "confirm.facts", "confirm.covered", "confirm.go", "confirm.choose", "confirm.not_me"),
    *("room.waiting.none", "ticket.title", "ticket.again_title", "ticket.number.said", "ticket.before.none"),
    *("ticket.priority", "ticket.card", "ticket.print", "ticket.done", "take.title", "take.text"),
    *("desk.title", "desk.not_yet", "desk.staff", "desk.number.said", "desk.done"),
    *(f"desk.why.{message}" for message in DeskMessage if message not in _NO_WAY_TO_THE_DESK),
    *(f"called.{message}.{part}" for message in _CALLED for part in ("title", "text")),
    *("called.hotline.said", "closed.text", "still.title", "still.text", "still.more"),
    "unsent.text",
    *("bar.stop", "bar.help", "bar.child", "bar.emergency"),
    *("call.said.room", "call.said.desk"),
    *("tool.bigger", "tool.contrast", "tool.repeat", "tool.language"),
)
"""The words of the catalogues that are said, on screens and on buttons, by their ids."""

COUNTED = ("digits.tries", "room.waiting", "ticket.before")
"""Those that have a form for one and a form for many."""

COMMON = {
    "vi": (
        *(
            "Phòng",
            "Phòng khám",
            "Khu",
            "Tầng",
            "Quầy",
            "Nội tổng quát",
            "Nội khoa",
            "Ngoại tổng quát",
            "Nhi",
            "Nhi khoa",
        ),
        *("Sản phụ khoa", "Mắt", "Tai mũi họng", "Răng hàm mặt", "Da liễu", "Y học cổ truyền", "Tim mạch", "Thần kinh"),
        *("Cơ xương khớp", "Tiêm chủng", "Xét nghiệm", "Cấp cứu"),
    ),
    "en": (
        *("Room", "Clinic", "Area", "Floor", "Desk", "General medicine", "Internal medicine", "Surgery", "Children"),
        *("Paediatrics", "Women's health", "Eyes", "Ear, nose and throat", "Dentistry", "Skin", "Traditional medicine"),
        *("Heart", "Neurology", "Bones and joints", "Vaccination", "Laboratory", "Emergency"),
    ),
}
"""What clinics call their rooms and places most often: a number behind such a word is put together."""


def wanted(language: str, clinic: Clinic | None = None) -> dict[str, str]:
    """What every clip of a language says, by its name.

    :param clinic: its rooms and places are said, too.
    """
    clips = {clip: words for clip, words, _ in _catalogue_pieces(language) if clip} | SAID[language]
    clips |= {own_clip(words): words for words in COMMON[language]}
    if clinic is not None:
        clips |= {own_clip(words): words for words in clinic_words(clinic, language)}
    return clips


def clinic_words(clinic: Clinic, language: str) -> Iterator[str]:
    """The words of a clinic's own that screens say."""
    for room in clinic.rooms:
        yield from (room.name_vi, room.place_vi) if language == "vi" else (room.name_en, room.place_en)


def _catalogue_pieces(language: str) -> Iterator[tuple[str, str, str]]:
    with (_LOCALES / language / "LC_MESSAGES" / "messages.mo").open("rb") as file:
        catalogue = gettext.GNUTranslations(file)
    for message in SPOKEN:
        yield from pieces(message, catalogue.gettext(message))
    for message in COUNTED:
        yield from pieces(message, catalogue.ngettext(message, f"{message}.many", 1))
        yield from pieces(f"{message}.many", catalogue.ngettext(message, f"{message}.many", 2))
