"""The gateway's answers, parsed strictly: what is not there is empty, what is of a wrong kind is no answer at all.

On errors most fields are null; then what was asked is all that is known. Source: the gateway's published interface, as
docs/gateway.md has it.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from kiosk.domain.cover_answer import CoverAnswer
from kiosk.insurance.gateway_errors import DownReason, GatewayDown, GatewayRefused, RecordRefused
from kiosk.insurance.token import Token

_CODE = re.compile(r"\d{3}")
_DATE = re.compile(r"(\d{2})/(\d{2})/(\d{4})")
_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")
_RECEIPT = re.compile(r"[\x21-\x7e]{1,128}")
_TAKEN, _REFUSED_ACCOUNT = "200", frozenset({"401", "403"})
_SHORT, _LONG = 64, 2000
_CODE_LONGEST = 16
"""No facility's code is longer than five characters; what is three times as long is none."""
_MOST_VISITS = 1000


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PastVisit:
    """A visit that the insurer paid for: where and when, ``yyyyMMddHHmm``. Diagnoses are left where they are."""

    record: str
    clinic: str
    came: str
    left: str

    def __repr__(self) -> str:
        return "PastVisit(…)"


def result_code(fields: Mapping[str, Any]) -> str:
    """The answer's result code, three digits.

    :raises GatewayDown: where there is none.
    """
    code = fields.get("maKetQua")
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        raise _malformed("maKetQua")
    return code


def token_of(fields: Mapping[str, Any]) -> Token:
    """The token in the answer to taking one; GatewayDown where there is none."""
    key = fields.get("APIKey")
    if not isinstance(key, Mapping):
        raise _malformed("APIKey")
    access, identity = key.get("access_token"), key.get("id_token")
    if not (isinstance(access, str) and isinstance(identity, str)):
        raise _malformed("access_token")
    if not (_TOKEN.fullmatch(access) and _TOKEN.fullmatch(identity)):
        raise _malformed("access_token")
    return Token(access=access, identity=identity)


def receipt_of(fields: Mapping[str, Any]) -> str:
    """The payer's number for what it took.

    :raises RecordRefused: where it took nothing. :raises GatewayRefused: for a refused account. :raises GatewayDown:
        where the fault is the gateway's, or the answer makes no sense.
    """
    code = result_code(fields)
    if code in _REFUSED_ACCOUNT:
        raise GatewayRefused(code)
    if code.startswith("5"):
        raise GatewayDown(DownReason.SERVER_ERROR, kind=code)
    if code != _TAKEN:
        raise RecordRefused(code)
    receipt = fields.get("maGiaoDich")
    if not isinstance(receipt, str) or not _RECEIPT.fullmatch(receipt):
        raise _malformed("maGiaoDich")
    return receipt


def cover_answer(fields: Mapping[str, Any], *, asked_number: str, as_of: datetime) -> CoverAnswer:
    """What the gateway said about one person.

    :param as_of: when it was asked, in UTC.
    :raises GatewayDown: ``malformed``, naming the field and not what is in it.
    """
    return CoverAnswer(
        result_code=result_code(fields),
        note=_text(fields, "ghiChu", _LONG),
        asked_number=asked_number,
        number=_text(fields, "maThe"),
        insurance_number=_text(fields, "maSoBHXH"),
        name=_text(fields, "hoTen", 200),
        birth=_text(fields, "ngaySinh"),
        sex=_text(fields, "gioiTinh"),
        home_clinic=_text(fields, "maDKBD", _CODE_LONGEST),
        home_clinic_name=_text(fields, "tenDKBD", 500),
        authority=_text(fields, "cqBHXH", 500),
        area=_text(fields, "maKV"),
        five_years_on=_day(fields, "ngayDu5Nam"),
        valid_from=_day(fields, "gtTheTu"),
        valid_to=_day(fields, "gtTheDen"),
        old_number=_text(fields, "maTheCu"),
        new_number=_text(fields, "maTheMoi"),
        new_valid_from=_day(fields, "gtTheTuMoi"),
        new_valid_to=_day(fields, "gtTheDenMoi"),
        new_home_clinic=_text(fields, "maDKBDMoi", _CODE_LONGEST),
        new_home_clinic_name=_text(fields, "tenDKBDMoi", 500),
        as_of=as_of,
    )


def past_visits(fields: Mapping[str, Any]) -> tuple[PastVisit, ...]:
    """The visits in an answer to a question for somebody's history; GatewayDown where they make no sense."""
    rows = fields.get("dsLichSuKCB2025")
    if rows is None:
        return ()
    if not isinstance(rows, list) or len(rows) > _MOST_VISITS:
        raise _malformed("dsLichSuKCB2025")
    return tuple(_past_visit(row) for row in rows)


def _past_visit(row: Any) -> PastVisit:
    if not isinstance(row, Mapping):
        raise _malformed("dsLichSuKCB2025")
    record, clinic, came, left = (_text(row, name) for name in ("maHoSo", "maCSKCB", "ngayVao", "ngayRa"))
    return PastVisit(record=record, clinic=clinic, came=came, left=left)


def _text(fields: Mapping[str, Any], name: str, longest: int = _SHORT) -> str:
    """A text in NFC without spaces around it; nothing for null."""
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > longest:
        raise _malformed(name)
    text = unicodedata.normalize("NFC", value).strip()
    if any(unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn") and char not in "\n\r\t" for char in text):
        raise _malformed(name)
    return text


def _day(fields: Mapping[str, Any], name: str) -> date | None:
    """A day ``dd/MM/yyyy``; None where none is given."""
    text = _text(fields, name)
    if not text:
        return None
    match = _DATE.fullmatch(text)
    try:
        return date(int(match[3]), int(match[2]), int(match[1])) if match else _no_day(name)
    except ValueError:
        raise _malformed(name) from None


def _no_day(name: str) -> date:
    raise _malformed(name)


def _malformed(name: str) -> GatewayDown:
    return GatewayDown(DownReason.MALFORMED, kind=name)
