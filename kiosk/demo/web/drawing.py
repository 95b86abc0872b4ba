"""What is printed on a citizen's card, made ready to be drawn."""

import textwrap
from dataclasses import dataclass
from datetime import date

import segno

from idcard.testing import Holder, portrait
from kiosk.demo.people import Citizen

_LINE = 36
"""As many letters as stand beside the portrait."""
_MRZ_LINE = 30
_QR_BORDER = 2
_OLD_AT_ISSUE = 60


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DrawnCard:
    """The texts of a card as they are printed, in Vietnamese whatever the page's language.

    ``qr_path`` is the code as an SVG path in units of its modules, ``qr_size`` its width in modules.
    """

    citizen: str
    generation: int
    number_start: str
    number_end: str
    name: str
    birth: str
    sex: str
    origin: tuple[str, ...]
    address: tuple[str, ...]
    issued: str
    expiry: str
    marks: str
    mrz: tuple[str, ...]
    qr_path: str
    qr_size: int

    @classmethod
    def of(cls, citizen: Citizen) -> "DrawnCard":
        """The card of this citizen."""
        holder = citizen.holder
        path, size = _qr(citizen.qr_text)
        mrz = holder.mrz_text()
        return cls(
            citizen=citizen.id,
            generation=citizen.generation,
            number_start=holder.personal_number[:-6],
            number_end=holder.can,
            name=holder.name.upper() if citizen.generation == 2024 else holder.name,
            birth=_date(holder.birth),
            sex="Nam" if holder.sex == "M" else "Nữ",
            origin=_lines(holder.origin),
            address=_lines(holder.address),
            issued=_date(holder.issued),
            expiry="Không thời hạn" if holder.expiry is None else _date(holder.expiry),
            marks=holder.marks,
            mrz=tuple(mrz[at : at + _MRZ_LINE] for at in range(0, len(mrz), _MRZ_LINE)),
            qr_path=path,
            qr_size=size,
        )


def portrait_jpeg(holder: Holder) -> bytes:
    """The drawn face that the card's chip holds too."""
    old = holder.issued.year - holder.birth.year >= _OLD_AT_ISSUE
    seed = holder.portrait_seed or holder.personal_number
    return portrait.jpeg(portrait.Look.of(seed, woman=holder.sex == "F", old=old))


def _date(value: date) -> str:
    return f"{value:%d/%m/%Y}"


def _lines(text: str) -> tuple[str, ...]:
    return tuple(textwrap.wrap(text, _LINE))


def _qr(text: str) -> tuple[str, int]:
    """Every dark module as a square of one unit, runs of them joined."""
    symbol = segno.make_qr(text, error="m")
    parts = []
    for y, row in enumerate(symbol.matrix):
        x = 0
        while x < len(row):
            run = next((at for at in range(x, len(row)) if not row[at]), len(row)) - x
            if run:
                parts.append(f"M{x + _QR_BORDER} {y + _QR_BORDER}h{run}v1h-{run}z")
            x += run or 1
    return "".join(parts), int(symbol.symbol_size(border=_QR_BORDER)[0])
