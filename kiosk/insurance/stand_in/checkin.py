"""What the stand-in takes as a check-in table: its own reading of the decision, and no code of ours that writes one."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

_LARGEST = 1024 * 1024
_PERSON = ["HO_TEN", "SO_CCCD", "NGAY_SINH", "GIOI_TINH"]
_CARD = ["MA_THE_BHYT", "MA_DKBD", "GT_THE_TU", "GT_THE_DEN", "MA_DOITUONG_KCB"]
_STAY = ["NGAY_VAO", "NGAY_VAO_NOI_TRU", "LY_DO_VNT", "MA_LY_DO_VNT", "MA_LOAI_KCB", "MA_CSKCB"]
_COST = ["MA_DICH_VU", "TEN_DICH_VU", "MA_THUOC", "TEN_THUOC", "MA_VAT_TU", "TEN_VAT_TU", "NGAY_YL", "DU_PHONG"]
_TAGS = ["MA_LK", "STT", "MA_BN", *_PERSON, *_CARD, *_STAY, *_COST]
_NEEDED = {
    "MA_LK": r".{1,100}",
    "STT": r"\d{1,10}",
    "MA_BN": r".{1,100}",
    "HO_TEN": r".{1,255}",
    "NGAY_SINH": r"\d{12}",
    "GIOI_TINH": r"[123]",
    "MA_DOITUONG_KCB": r"[\d.]{1,4}",
    "NGAY_VAO": r"\d{12}",
    "MA_LOAI_KCB": r"\d{2}",
    "MA_CSKCB": r".{5}",
    "NGAY_YL": r"\d{12}",
}
_COSTS = ("MA_DICH_VU", "MA_THUOC", "MA_VAT_TU")


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The visits (MA_LK) of a table that is taken."""

    visits: tuple[str, ...]


def taken(fields: Mapping[str, str]) -> Taken | None:
    """The visits in what was sent; None where anything of it is against the decision."""
    if fields.get("loaiHoSo") != "0" or not re.fullmatch(r"\d{2}", fields.get("maTinh", "")):
        return None
    root = _document(fields.get("fileHSBase64", ""))
    if (
        root is None
        or root.tag != "CHI_TIEU_TRANG_THAI_KCB"
        or [child.tag for child in root]
        != [
            "DSACH_TRANG_THAI_KCB",
            "CHUKYDONVI",
        ]
    ):
        return None
    rows = list(root[0])
    if not rows or not all(_is_row(row, place, fields) for place, row in enumerate(rows, start=1)):
        return None
    return Taken(visits=tuple(row[0].text or "" for row in rows))


def _document(encoded: str) -> Element | None:
    try:
        content = base64.b64decode(encoded, validate=True)
        if len(content) > _LARGEST:
            return None
        root: Element = fromstring(content, forbid_dtd=True)
    except (binascii.Error, ParseError, DefusedXmlException, ValueError):
        return None
    return root


def _is_row(row: Element, place: int, fields: Mapping[str, str]) -> bool:
    if row.tag != "TRANG_THAI_KCB" or [child.tag for child in row] != _TAGS:
        return False
    said = {child.tag: child.text or "" for child in row}
    return (
        all(re.fullmatch(pattern, said[tag]) for tag, pattern in _NEEDED.items())
        and said["STT"] == str(place)
        and said["MA_CSKCB"] == fields.get("maCSKCB")
        and any(said[tag] for tag in _COSTS)
    )
