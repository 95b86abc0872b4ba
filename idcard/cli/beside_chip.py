"""The code printed on a card beside its chip, where the code gave the key: every shared field, and its grade."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from rich.console import Console
from rich.text import Text

import idcard
from idcard.cli.qr_input import printable
from idcard.cli.texts import Language

_A = idcard.Agreement
_STYLES = {_A.SAME: ("✓", "green"), _A.OTHER: ("✗", "bold red")}
_OPEN = ("~", "yellow")
_NOTHING = "–"

_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "heading": (
            "The printed code beside the chip (the code is unsigned; the chip counts)",
            "Mã in trên thẻ so với chip (mã không có chữ ký; tính theo chip)",
        ),
        "other_card": (
            "The code is not this card's.",
            "Mã này không phải của thẻ này.",
        ),
        "field.personal_number": ("Personal number", "Số định danh cá nhân"),
        "field.name": ("Name", "Họ và tên"),
        "field.birth": ("Birth", "Ngày sinh"),
        "field.sex": ("Sex", "Giới tính"),
        "field.address": ("Address", "Nơi cư trú"),
        "field.issued": ("Day of issue", "Ngày cấp"),
        "field.old_number": ("Old number", "Số CMND cũ"),
        "same": ("the same", "giống nhau"),
        "written_differently": ("written differently", "viết khác kiểu"),
        "without_accents": ("one without accents", "một bên không dấu"),
        "partly": ("one says less", "một bên ghi thiếu"),
        "changed": ("has changed since", "đã thay đổi"),
        "other": ("OTHER", "KHÁC"),
        "one_sided": ("on one side only", "chỉ một bên có"),
    }
)


def say_field(key: str, language: Language) -> str:
    """The word called ``key``."""
    return _WORDS[key][list(Language).index(language)]


def compared(keys: object, evidence: idcard.Evidence) -> tuple[idcard.FieldComparison, ...]:
    """Every shared field, where a card's code gave the key; nothing where something else did."""
    return idcard.compare_card_qr(keys, evidence) if isinstance(keys, idcard.CardQr) else ()


def to_json(comparisons: tuple[idcard.FieldComparison, ...]) -> dict[str, Any]:
    """What a program gets beside the report: nothing where there was no code. It holds the person's data."""
    if not comparisons:
        return {}
    fields = [
        {"field": one.field.value, "agreement": one.agreement.value, "printed": one.printed, "chip": one.chip}
        for one in comparisons
    ]
    return {"card_qr": {"of_this_card": idcard.is_of_this_card(comparisons), "fields": fields}}


def show(comparisons: tuple[idcard.FieldComparison, ...], console: Console, language: Language) -> None:
    """Print it for people; nothing where there was no code."""
    for line in _lines(comparisons, language):
        console.print(line, soft_wrap=True)


def _lines(comparisons: tuple[idcard.FieldComparison, ...], language: Language) -> Iterator[Text]:
    # What neither side says is no difference.
    shown = [one for one in comparisons if one.printed is not None or one.chip is not None]
    if not shown:
        return
    yield Text("")
    yield Text(say_field("heading", language), style="bold")
    names = [say_field(f"field.{one.field}", language) for one in shown]
    grades = [say_field(one.agreement, language) for one in shown]
    name_width, grade_width = max(map(len, names)), max(map(len, grades))
    for one, name, grade in zip(shown, names, grades, strict=True):
        mark, style = _STYLES.get(one.agreement, _OPEN)
        values = "" if one.agreement is _A.SAME else f"  {_value(one.printed)}  |  {_value(one.chip)}"
        padded = f"{name.ljust(name_width)}  {grade.ljust(grade_width)}"
        yield Text.assemble((f"  {mark} ", style), (padded + values).rstrip())
    if not idcard.is_of_this_card(comparisons):
        yield Text(say_field("other_card", language), style="bold red")


def _value(text: str | None) -> str:
    return _NOTHING if text is None else printable(text)
