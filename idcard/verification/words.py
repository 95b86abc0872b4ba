"""What facts, outcomes, reasons and rungs are called for people, in Vietnamese and in English.

Neutral words: a failed fact is said as it is, without accusing whoever holds the card.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from idcard.verification.facts import FactName, Outcome, Rung
from idcard.verification.qr_reason_texts import QR_REASON_TEXTS
from idcard.verification.reason_texts import REASON_TEXTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The same thing in Vietnamese and in English."""

    vi: str
    en: str


def _words(texts: Mapping[Any, tuple[str, str]]) -> dict[StrEnum, Words]:
    return {key: Words(vi=vi, en=en) for key, (vi, en) in texts.items()}


_F, _O = FactName, Outcome

WORDS: Mapping[StrEnum, Words] = MappingProxyType(
    _words(
        {
            _F.INTEGRITY: ("Dữ liệu nguyên vẹn", "Data unchanged"),
            _F.SIGNATURE: ("Chữ ký điện tử", "Electronic signature"),
            _F.TRUST: ("Nơi ký được tin cậy", "Trusted signer"),
            _F.REVOCATION: ("Thu hồi chứng thư", "Revocation"),
            _F.GENUINE_CHIP: ("Chip thật", "Genuine chip"),
            _F.ACCESS: ("Cách mở chip", "How the chip was opened"),
            _F.VALIDITY: ("Thời hạn của thẻ", "Expiry of the card"),
            _F.CONSISTENCY: ("Thông tin khớp nhau", "Consistent data"),
            _F.KEY_USAGE: ("Mục đích của khóa", "Purpose of the key"),
            _F.FRESHNESS: ("Mã mới", "Freshness"),
            _F.REPLAY: ("Mã dùng lần đầu", "First use"),
            _F.AUDIENCE: ("Nơi nhận mã", "For whom the code is"),
            _F.HOLDER: ("Người mang mã", "Bearer"),
        }
    )
    | _words(
        {
            _O.PASSED: ("đạt", "passed"),
            _O.FAILED: ("không đạt", "failed"),
            _O.INCONCLUSIVE: ("chưa kết luận được", "inconclusive"),
            _O.NOT_PERFORMED: ("chưa kiểm tra", "not performed"),
            _O.NOT_SUPPORTED: ("thẻ không hỗ trợ", "not supported"),
        }
    )
    | _words(REASON_TEXTS)
    | _words(QR_REASON_TEXTS)
)
"""The words of every fact, outcome and reason."""

RUNG_WORDS: Mapping[Rung, Words] = MappingProxyType(
    {
        Rung.ANCHORED: Words(vi="có chứng thư gốc bảo đảm", en="anchored"),
        Rung.PINNED: Words(vi="hai người có tên đã xác nhận nơi ký", en="signer pinned by two named people"),
        Rung.CONFIRMED: Words(vi="cơ quan có thẩm quyền đã xác nhận nơi ký", en="signer confirmed by the authority"),
        Rung.SIGNED: Words(vi="chữ ký đúng, chưa rõ nơi cấp", en="signature right, issuer unknown"),
        Rung.UNSIGNED: Words(vi="không có chữ ký đúng", en="unsigned"),
    }
)
"""The words of every rung; apart, since a rung and a reason may have the same name."""

_SIGNER_REFUSED = Words(vi="chữ ký đúng, nhưng không chấp nhận nơi ký", en="signature right, signer not accepted")


def words_of_rung(rung: Rung, trust: Outcome) -> Words:
    """The words of a rung: below a voucher, an unknown issuer is one thing and a signer that was refused another.

    :param trust: the outcome of the fact *trust*.
    """
    return _SIGNER_REFUSED if rung is Rung.SIGNED and trust is Outcome.FAILED else RUNG_WORDS[rung]
