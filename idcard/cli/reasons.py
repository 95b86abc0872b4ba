"""The reasons of a verdict, as sentences for people in English and in Vietnamese."""

from collections.abc import Mapping
from types import MappingProxyType

from idcard.cli.texts import Language
from idcard.verification.facts import Reason

_PAIRS: Mapping[Reason, tuple[str, str]] = MappingProxyType(
    {
        Reason.HASHES_MATCH: (
            "What was read is what was signed.",
            "Dữ liệu đã đọc đúng là dữ liệu đã được ký.",
        ),
        Reason.HASH_MISMATCH: (
            "Data on the chip were changed after they were signed.",
            "Dữ liệu trên chip đã bị thay đổi sau khi ký.",
        ),
        Reason.DATA_GROUP_NOT_SIGNED: (
            "The chip holds data that nobody signed.",
            "Chip chứa dữ liệu không được ký.",
        ),
        Reason.NOTHING_READ: ("No data were read.", "Chưa đọc được dữ liệu nào."),
        Reason.NO_SECURITY_OBJECT: ("The signature (EF.SOD) was not read.", "Chưa đọc được chữ ký (EF.SOD)."),
        Reason.MALFORMED_SECURITY_OBJECT: (
            "The signature (EF.SOD) is not well formed.",
            "Chữ ký (EF.SOD) sai định dạng.",
        ),
        Reason.UNSUPPORTED_ALGORITHM: (
            "The card uses an algorithm that this program does not know.",
            "Thẻ dùng thuật toán mà chương trình chưa biết.",
        ),
        Reason.SIGNATURE_VERIFIED: ("The document signer signed these data.", "Đơn vị ký đã ký dữ liệu này."),
        Reason.SIGNATURE_WRONG: ("The signature is wrong.", "Chữ ký sai."),
        Reason.NO_SIGNER_CERTIFICATE: (
            "The document signer's certificate is missing.",
            "Thiếu chứng thư của đơn vị ký.",
        ),
        Reason.MALFORMED_SIGNER_CERTIFICATE: (
            "The document signer's certificate is not well formed.",
            "Chứng thư của đơn vị ký sai định dạng.",
        ),
        Reason.ANCHORED: ("A trusted issuer stands behind it.", "Có nơi cấp tin cậy bảo đảm."),
        Reason.NO_ANCHOR: (
            "The trust store does not hold the issuer of this card.",
            "Kho chứng thư chưa có nơi cấp thẻ này.",
        ),
        Reason.NO_ANCHOR_YET: ("The trust store is still empty.", "Kho chứng thư còn trống."),
        Reason.SAME_NAME_OTHER_KEY: (
            "It bears a trusted issuer's name, but that issuer did not sign it.",
            "Thẻ mang tên một nơi cấp tin cậy, nhưng nơi đó không ký.",
        ),
        Reason.SIGNER_EXPIRED: (
            "The document signer's certificate has expired.",
            "Chứng thư của đơn vị ký đã hết hạn.",
        ),
        Reason.SIGNER_NOT_YET_VALID: (
            "The document signer's certificate is not yet in force.",
            "Chứng thư của đơn vị ký chưa có hiệu lực.",
        ),
        Reason.SIGNED_OUTSIDE_VALIDITY: (
            "It was signed when the signer's certificate was not in force.",
            "Ngày ký nằm ngoài thời hạn chứng thư của đơn vị ký.",
        ),
        Reason.ANCHOR_NOT_IN_FORCE: (
            "The trusted issuer's certificate is not in force.",
            "Chứng thư của nơi cấp tin cậy không có hiệu lực.",
        ),
        Reason.UNKNOWN_CRITICAL_EXTENSION: (
            "The signer's certificate has a condition that this program does not know.",
            "Chứng thư của đơn vị ký có điều kiện mà chương trình chưa biết.",
        ),
        Reason.SIGNATURE_NOT_VERIFIED: (
            "Without a right signature, whose certificate it is proves nothing.",
            "Chữ ký chưa đúng thì chứng thư không chứng minh được gì.",
        ),
        Reason.NO_REVOCATION_LIST: ("There is no revocation list.", "Không có danh sách thu hồi."),
        Reason.CHIP_PROVED: (
            "The chip proved that it is no copy.",
            "Chip đã chứng minh không phải bản sao.",
        ),
        Reason.CHIP_WRONG_ANSWER: (
            "The chip could not prove itself: it is a copy.",
            "Chip không chứng minh được: đây là bản sao.",
        ),
        Reason.CHIP_REFUSED: ("The chip refused to prove itself.", "Chip từ chối chứng minh."),
        Reason.CHIP_NOT_ASKED: ("The chip was not asked to prove itself.", "Chưa yêu cầu chip chứng minh."),
        Reason.CHIP_KEY_NOT_READ: ("The chip's public key was not read.", "Chưa đọc được khóa công khai của chip."),
        Reason.CHIP_KEY_NOT_SIGNED: (
            "The chip's public key is not the one that was signed.",
            "Khóa công khai của chip không phải khóa đã được ký.",
        ),
        Reason.CHIP_KEY_UNUSABLE: (
            "The chip's public key is not well formed.",
            "Khóa công khai của chip sai định dạng.",
        ),
        Reason.NO_CHIP_KEY: (
            "This document has no key with which to prove itself.",
            "Giấy tờ này không có khóa để tự chứng minh.",
        ),
        Reason.TRUST_NOT_PASSED: (
            "The chip answered rightly, but so would a copy of an untrusted card.",
            "Chip trả lời đúng, nhưng bản sao của thẻ chưa tin cậy cũng trả lời được.",
        ),
        Reason.OPENED_WITH_PACE: ("Opened with PACE.", "Mở bằng PACE."),
        Reason.OPENED_WITH_BAC: ("Opened with BAC.", "Mở bằng BAC."),
        Reason.DOWNGRADED: (
            "Opened with BAC although the chip offers PACE.",
            "Mở bằng BAC dù chip có PACE.",
        ),
        Reason.PACE_NOT_AS_SIGNED: (
            "Opened with a variant of PACE that was not signed.",
            "Mở bằng một kiểu PACE không được ký.",
        ),
        Reason.NO_ACCESS_RECORD: (
            "How the chip was opened is not recorded.",
            "Không có ghi nhận chip được mở như thế nào.",
        ),
        Reason.IN_FORCE: ("The card has not expired.", "Thẻ còn hạn."),
        Reason.NEVER_EXPIRES: ("The card does not expire.", "Thẻ không thời hạn."),
        Reason.EXPIRED: ("The card has expired.", "Thẻ đã hết hạn."),
        Reason.EXPIRY_UNKNOWN: ("When the card expires was not read.", "Chưa đọc được thời hạn của thẻ."),
        Reason.CONSISTENT: ("Everything that could be compared agrees.", "Mọi nội dung đối chiếu được đều khớp."),
        Reason.NOTHING_TO_COMPARE: ("Nothing could be compared.", "Không có gì để đối chiếu."),
        Reason.INTEGRITY_NOT_VERIFIED: (
            "What would be compared is not known to be what was signed.",
            "Chưa rõ dữ liệu cần đối chiếu có phải dữ liệu đã ký.",
        ),
        Reason.MALFORMED_DATA_GROUP: (
            "Signed data do not follow their format.",
            "Dữ liệu đã ký sai định dạng.",
        ),
        Reason.LISTS_DIFFER: (
            "The chip's two lists of its contents differ.",
            "Hai danh mục nội dung trên chip khác nhau.",
        ),
        Reason.DATA_GROUPS_DIFFER: (
            "Two places on the chip contradict each other.",
            "Hai phần dữ liệu trên chip mâu thuẫn nhau.",
        ),
        Reason.MRZ_DIFFERS: (
            "The MRZ that was given is not the one on the chip.",
            "MRZ đã nhập khác với MRZ trên chip.",
        ),
        Reason.CARD_QR_DIFFERS: ("The QR code is not this card's.", "Mã QR không phải của thẻ này."),
        Reason.CARD_QR_UNREADABLE: ("The QR code cannot be understood.", "Không hiểu được mã QR."),
        Reason.SIGNER_OF_ANOTHER_STATE: (
            "The signer belongs to another state than the card.",
            "Đơn vị ký thuộc nước khác với nước cấp thẻ.",
        ),
        Reason.UNSIGNED: (
            "The code bears no signature: anybody can print one like it.",
            "Mã không có chữ ký: ai cũng có thể in một mã như vậy.",
        ),
        Reason.NOT_VERIFIABLE_OFFLINE: (
            "Only the issuer's own service can tell what this code is worth.",
            "Chỉ dịch vụ của nơi cấp mới xác minh được mã này.",
        ),
        Reason.FORMAT_NOT_SUPPORTED: (
            "The format can be named, but not verified here.",
            "Nhận ra loại mã nhưng chưa xác minh được loại này.",
        ),
        Reason.SIGNER_NOT_LISTED: (
            "No key that the code names is in the trust store.",
            "Kho chứng thư không có khóa mà mã nêu ra.",
        ),
        Reason.SIGNER_LISTED: ("The trust store lists the key that signed.", "Khóa đã ký có trong danh sách tin cậy."),
        Reason.KEY_USAGE_RIGHT: (
            "The key that signed is meant for such documents.",
            "Khóa đã ký được dùng cho loại giấy tờ này.",
        ),
        Reason.KEY_USAGE_WRONG: (
            "The key that signed is meant for other documents.",
            "Khóa đã ký chỉ dùng cho loại giấy tờ khác.",
        ),
        Reason.KEY_USAGE_OPEN: (
            "The key that signed is not restricted to any kind of document.",
            "Khóa đã ký không giới hạn loại giấy tờ.",
        ),
        Reason.NOT_YET_IN_FORCE: ("It is not in force yet.", "Chưa đến ngày có hiệu lực."),
        Reason.STATIC_CODE: (
            "The code never changes: a copy is as good as the original.",
            "Mã không đổi: bản sao cũng như bản gốc.",
        ),
        Reason.FRESH: ("The code was made just now.", "Mã vừa được tạo."),
        Reason.TOO_OLD: ("The code is older than its kind may be.", "Mã đã quá thời gian được dùng."),
        Reason.SCAN_TIME_UNKNOWN: ("When the code was scanned is not known.", "Không rõ mã được quét lúc nào."),
        Reason.NOT_SEEN_BEFORE: ("The code was not shown here before.", "Mã chưa từng được đưa ở đây."),
        Reason.SEEN_BEFORE: ("The code was shown here before.", "Mã đã từng được đưa ở đây."),
        Reason.NOT_LOOKED_UP: (
            "Whether the code was shown before was not looked up.",
            "Chưa tra mã đã từng được đưa hay chưa.",
        ),
        Reason.NO_HOLDER_BINDING: (
            "Nothing binds the code to the person who shows it.",
            "Không có gì gắn mã với người đang đưa mã.",
        ),
        Reason.CONFIRMED_ONLINE: ("The issuer's service confirmed the code.", "Dịch vụ của nơi cấp đã xác nhận mã."),
        Reason.NUMBER_CONTRADICTS: (
            "The personal number does not go with the birth year or the sex that the code says.",
            "Số định danh không hợp với năm sinh hoặc giới tính ghi trong mã.",
        ),
        Reason.REFUSED_ONLINE: (
            "The issuer's service does not accept the code.",
            "Dịch vụ của nơi cấp không chấp nhận mã.",
        ),
        Reason.NOT_ASKED_ONLINE: ("The issuer's service was not asked.", "Chưa hỏi dịch vụ của nơi cấp."),
    }
)


def sentence(reason: Reason, language: Language) -> str:
    """What ``reason`` means, in one sentence; its own name where a newer version of the library has made it."""
    pair = _PAIRS.get(reason)
    return pair[list(Language).index(language)] if pair else reason.value
