"""What the command line says of codes, in English and in Vietnamese."""

from collections.abc import Mapping
from types import MappingProxyType

import idcard
from idcard.cli.reasons import sentence
from idcard.cli.texts import Language, say

_PAIRS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "met": ("GOOD under the policy {policy}: {format}.", "ĐẠT theo chính sách {policy}: {format}."),
        "not_met": (
            "NOT PROVED under the policy {policy}: {format}.",
            "CHƯA XÁC MINH theo chính sách {policy}: {format}.",
        ),
        "failed": (
            "FAILED under the policy {policy}: {format}. What failed is marked ✗ below.",
            "KHÔNG ĐẠT theo chính sách {policy}: {format}. Xem mục đánh dấu ✗ bên dưới.",
        ),
        "malformed": ("NOT READABLE: {message}.", "KHÔNG ĐỌC ĐƯỢC: {message}."),
        "claims": (
            "What the code says; nothing binds it to whoever shows it",
            "Mã ghi như sau; không có gì gắn mã với người đang đưa mã",
        ),
        "nothing": ("No code was found.", "Không tìm thấy mã nào."),
        "no_trust": (
            "No list of signers was given, so no signature can be verified: use --trust DIR.",
            "Chưa có danh sách nơi ký, nên không xác minh được chữ ký: hãy dùng --trust THƯMỤC.",
        ),
        # What a format is, at best
        "kind.unsigned": (
            "UNSIGNED: anybody can print such a code. It proves nothing, whoever shows it.",
            "KHÔNG CÓ CHỮ KÝ: ai cũng in được mã này. Mã không chứng minh được gì.",
        ),
        "kind.signed": (
            "Signed: it proves who made it and that nothing was changed, not who shows it; a copy is as good.",
            "Có chữ ký: chứng minh nơi cấp và nội dung không bị sửa, không chứng minh ai đang đưa; bản sao cũng vậy.",
        ),
        "kind.single_use": (
            "Signed, for five minutes and one use: whoever takes it must remember it.",
            "Có chữ ký, dùng một lần trong năm phút: nơi nhận phải ghi nhớ mã.",
        ),
        "kind.online": (
            "Read by the issuer's service alone, within a minute: nothing in it is taken for an identity.",
            "Chỉ dịch vụ của nơi cấp đọc được, trong một phút: không lấy gì trong mã làm danh tính.",
        ),
        "kind.request": (
            "A request or an address, not a document: what it leads to must be judged.",
            "Là một yêu cầu hoặc địa chỉ, không phải giấy tờ: cần xét nội dung mà mã dẫn tới.",
        ),
        "kind.encrypted": (
            "Encrypted: only who has its issuer's key can read it, and nothing in it was read.",
            "Đã mã hóa: chỉ ai có khóa của nơi cấp mới đọc được; chưa đọc gì trong mã.",
        ),
        "kind.part": (
            "One code of several: it says nothing before the others are there.",
            "Chỉ là một trong nhiều mã: chưa đủ các mã kia thì chưa nói lên điều gì.",
        ),
        "kind.named": (
            "A known format that this version names and does not judge.",
            "Loại mã đã biết, phiên bản này gọi được tên nhưng chưa xét.",
        ),
        # What is said of a card elsewhere
        "outcome.not_supported": ("not offered", "mã không có"),
        "reason.in_force": ("It is in force.", "Còn hiệu lực."),
        "reason.expired": ("It is no longer in force.", "Đã hết hiệu lực."),
        "reason.expiry_unknown": ("It does not say until when it is in force.", "Mã không ghi thời hạn."),
        "reason.signature_verified": (
            "The key that the code names signed what it says.",
            "Khóa mà mã nêu ra đã ký nội dung này.",
        ),
        "kind.unknown": ("No known format.", "Không phải loại mã đã biết."),
    }
)

_REQUESTS = frozenset({"iso_18013_5_engagement", "openid4vp_request"})


def say_qr(key: str, language: Language, **values: object) -> str:
    """The text called ``key``, its places filled in."""
    return _PAIRS[key][list(Language).index(language)].format(**values)


def say_outcome(outcome: idcard.Outcome, language: Language) -> str:
    """What came of judging a fact about a code."""
    key = f"outcome.{outcome}"
    return say_qr(key, language) if key in _PAIRS else say(key, language)


def say_reason(reason: idcard.Reason, language: Language) -> str:
    """What a reason means for a code, in one sentence."""
    key = f"reason.{reason}"
    return say_qr(key, language) if key in _PAIRS else sentence(reason, language)


def _bears_signature(document: object) -> bool:
    """Whether there is a signature in it; some formats leave that to the issuer."""
    if isinstance(document, idcard.VisibleSeal | idcard.IcaoBarcode):
        return bool(document.signature)
    return not isinstance(document, idcard.IdentityToken) or document.is_signed


def kind_of(recognised: idcard.Recognised) -> str:
    """What such a code can be worth at best, in one word: the key behind ``kind.``."""
    document = recognised.document
    if isinstance(document, idcard.CardQr | idcard.BhytCard):
        return "unsigned"
    if isinstance(document, idcard.Token):
        return "single_use" if document.kind is idcard.TokenKind.HAND_OFF else "signed"
    if isinstance(document, idcard.VneidCode):
        return "online"
    if isinstance(document, idcard.EncryptedCode):
        return "encrypted"
    if isinstance(document, idcard.HealthCardPart):
        return "part"
    if document is not None:
        return "signed" if _bears_signature(document) else "unsigned"
    if recognised.format in _REQUESTS:
        return "request"
    return "unknown" if recognised.format == "unknown" else "named"
