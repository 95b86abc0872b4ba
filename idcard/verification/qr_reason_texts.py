"""Why a fact about a code is as it is, in Vietnamese and in English; see :mod:`idcard.verification.reason_texts`."""

from collections.abc import Mapping
from typing import Final

from idcard.verification.facts import Reason

_R = Reason

QR_REASON_TEXTS: Final[Mapping[Reason, tuple[str, str]]] = {
    _R.UNSIGNED: (
        "Mã không có chữ ký: ai cũng có thể in một mã như vậy.",
        "The code bears no signature: anybody can print one like it.",
    ),
    _R.NOT_VERIFIABLE_OFFLINE: (
        "Chỉ dịch vụ của nơi cấp mới xác minh được mã này.",
        "Only the issuer's own service can tell what this code is worth.",
    ),
    _R.FORMAT_NOT_SUPPORTED: (
        "Nhận ra loại mã nhưng chưa xác minh được loại này.",
        "The format can be named, but not verified here.",
    ),
    _R.ENCRYPTED: (
        "Mã đã được mã hóa; chưa có khóa để mở.",
        "The code is encrypted, and no key opened it.",
    ),
    _R.PART_OF_A_CODE: (
        "Đây chỉ là một phần; cần quét đủ các mã của giấy tờ này.",
        "It is one code of several that make a document, which says nothing alone.",
    ),
    _R.SIGNER_NOT_LISTED: (
        "Kho chứng thư không có khóa mà mã nêu ra.",
        "No key that the code names is in the trust store.",
    ),
    _R.SIGNER_LISTED: ("Khóa đã ký có trong danh sách tin cậy.", "The trust store lists the key that signed."),
    _R.KEY_USAGE_RIGHT: (
        "Khóa đã ký được dùng cho loại giấy tờ này.",
        "The key that signed is meant for such documents.",
    ),
    _R.KEY_USAGE_WRONG: (
        "Khóa đã ký chỉ dùng cho loại giấy tờ khác.",
        "The key that signed is meant for other documents.",
    ),
    _R.KEY_USAGE_OPEN: (
        "Khóa đã ký không giới hạn loại giấy tờ.",
        "The key that signed is not restricted to any kind of document.",
    ),
    _R.NOT_YET_IN_FORCE: ("Chưa đến ngày có hiệu lực.", "It is not in force yet."),
    _R.STATIC_CODE: (
        "Mã không đổi: bản sao cũng như bản gốc.",
        "The code never changes: a copy is as good as the original.",
    ),
    _R.FRESH: ("Mã vừa được tạo.", "The code was made just now."),
    _R.TOO_OLD: ("Mã đã quá thời gian được dùng.", "The code is older than its kind may be."),
    _R.SCAN_TIME_UNKNOWN: ("Không rõ mã được quét lúc nào.", "When the code was scanned is not known."),
    _R.NOT_SEEN_BEFORE: ("Mã chưa từng được đưa ở đây.", "The code was not shown here before."),
    _R.SEEN_BEFORE: ("Mã đã từng được đưa ở đây.", "The code was shown here before."),
    _R.NOT_LOOKED_UP: (
        "Chưa tra mã đã từng được đưa hay chưa.",
        "Whether the code was shown before was not looked up.",
    ),
    _R.FOR_US: ("Mã dành cho nơi này.", "The code is for this machine."),
    _R.FOR_ANOTHER: ("Mã dành cho nơi khác.", "The code is for another machine."),
    _R.AUDIENCE_NOT_GIVEN: (
        "Mã dành riêng cho một nơi; chưa cho biết đây là nơi nào.",
        "The code is for one machine alone; which one this is was not said.",
    ),
    _R.NO_AUDIENCE: ("Mã loại này dành cho mọi nơi.", "Such a code is for anybody."),
    _R.NO_HOLDER_BINDING: (
        "Không có gì gắn mã với người đang đưa mã.",
        "Nothing binds the code to the person who shows it.",
    ),
    _R.HOLDER_KEY_PROVED: (
        "Người đưa có khóa mà nơi cấp đã gắn với giấy tờ.",
        "Whoever shows it has the key to which its issuer bound it.",
    ),
    _R.HOLDER_KEY_WRONG: (
        "Bằng chứng về khóa của người giữ không đúng.",
        "The proof of the holder's key is wrong.",
    ),
    _R.HOLDER_KEY_NOT_SHOWN: (
        "Giấy tờ gắn với khóa của người giữ, nhưng người đưa chưa chứng minh có khóa đó.",
        "It is bound to a holder's key, and whoever shows it did not prove to have that key.",
    ),
    _R.HOLDER_KEY_FOR_OTHERS: (
        "Người giữ từng chứng minh có khóa cho nơi khác, không phải trả lời câu hỏi ở đây.",
        "Its holder proved to have the key once, to somebody else than us.",
    ),
    _R.NONCE_WRONG: (
        "Câu trả lời không phải cho câu hỏi ở đây.",
        "It answers another question than ours.",
    ),
    _R.NOT_WHAT_WAS_ASKED: (
        "Giấy tờ không thuộc loại đã yêu cầu.",
        "It is of another kind than what was asked for.",
    ),
    _R.ISSUER_NOT_IN_CERTIFICATE: (
        "Chứng thư của khóa không ghi nơi cấp mà giấy tờ nêu.",
        "The certificate of the key does not name the issuer that it names.",
    ),
    _R.STATUS_NOT_LOOKED_UP: (
        "Nơi cấp có danh sách thu hồi; chưa tra danh sách đó.",
        "Its issuer keeps a list of what it took back, and nobody looked into it.",
    ),
    _R.CONFIRMED_ONLINE: ("Dịch vụ của nơi cấp đã xác nhận mã.", "The issuer's service confirmed the code."),
    _R.NUMBER_CONTRADICTS: (
        "Số định danh không hợp với năm sinh hoặc giới tính ghi trong mã.",
        "The personal number does not go with the birth year or the sex that the code says.",
    ),
    _R.REFUSED_ONLINE: (
        "Dịch vụ của nơi cấp không chấp nhận mã.",
        "The issuer's service does not accept the code.",
    ),
    _R.ANSWER_NOT_TIMELY: (
        "Câu trả lời của nơi cấp không phải của lúc này.",
        "The service's answer is not from now.",
    ),
    _R.NOT_ASKED_ONLINE: ("Chưa hỏi dịch vụ của nơi cấp.", "The issuer's service was not asked."),
}
"""The Vietnamese and the English text of each reason that only a verdict on a code gives."""
