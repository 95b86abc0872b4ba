"""Why a fact about a document, its signer or its chip is as it is, in Vietnamese and in English.

Neutral words: a failed fact is said as it is, without accusing whoever holds the card.
"""

from collections.abc import Mapping
from typing import Final

from idcard.verification.facts import Reason

_R = Reason

REASON_TEXTS: Final[Mapping[Reason, tuple[str, str]]] = {
    _R.HASHES_MATCH: (
        "Mọi dữ liệu đã đọc đều đúng như khi được ký.",
        "All data that was read is as it was signed.",
    ),
    _R.HASH_MISMATCH: (
        "Có dữ liệu khác với dữ liệu đã được ký.",
        "Some data differs from what was signed.",
    ),
    _R.DATA_GROUP_NOT_SIGNED: (
        "Có dữ liệu không nằm trong danh sách đã được ký.",
        "Some data is not in the signed list.",
    ),
    _R.NOTHING_READ: ("Chưa đọc được nhóm dữ liệu nào.", "No data group was read."),
    _R.NO_SECURITY_OBJECT: (
        "Chưa đọc được danh sách đã ký (EF.SOD) trên chip.",
        "The signed list (EF.SOD) was not read from the chip.",
    ),
    _R.MALFORMED_SECURITY_OBJECT: (
        "Danh sách đã ký (EF.SOD) sai định dạng.",
        "The signed list (EF.SOD) is not well formed.",
    ),
    _R.UNSUPPORTED_ALGORITHM: (
        "Phần mềm chưa hỗ trợ thuật toán này.",
        "The software does not know this algorithm.",
    ),
    _R.SIGNATURE_VERIFIED: (
        "Chữ ký trên danh sách dữ liệu là đúng.",
        "The signature over the list of data is right.",
    ),
    _R.SIGNATURE_WRONG: (
        "Chữ ký trên danh sách dữ liệu không đúng.",
        "The signature over the list of data is wrong.",
    ),
    _R.NO_SIGNER_CERTIFICATE: (
        "Không có chứng thư của nơi ký.",
        "The signer's certificate is missing.",
    ),
    _R.MALFORMED_SIGNER_CERTIFICATE: (
        "Chứng thư của nơi ký sai định dạng.",
        "The signer's certificate is not well formed.",
    ),
    _R.ANCHORED: (
        "Nơi ký có chứng thư do cơ quan được tin cậy cấp.",
        "The signer's certificate comes from a trusted authority.",
    ),
    _R.NO_ANCHOR: (
        "Phòng khám chưa có chứng thư gốc của nơi cấp thẻ này.",
        "The root certificate of this card's issuer is not installed here.",
    ),
    _R.NO_ANCHOR_YET: (
        "Phòng khám chưa có chứng thư gốc nào, như người quản trị đã khai báo.",
        "No root certificate is installed here yet, as the administrator declared.",
    ),
    _R.SAME_NAME_OTHER_KEY: (
        "Nơi ký mang tên một cơ quan được tin cậy, nhưng không phải do cơ quan ấy cấp chứng thư.",
        "The signer bears a trusted authority's name, but that authority's key did not certify it.",
    ),
    _R.ISSUER_NAME_DIFFERS: (
        "Chứng thư của nơi ký do một cơ quan được tin cậy cấp, nhưng lại ghi tên cơ quan cấp khác.",
        "A trusted authority certified the signer, but the certificate names another one.",
    ),
    _R.SIGNER_NOT_FOR_DOCUMENTS: (
        "Chứng thư của nơi ký không dùng để ký loại giấy tờ này.",
        "The signer's certificate is not for signing documents of this kind.",
    ),
    _R.DEMONSTRATION_SIGNER: (
        "Thẻ này là thẻ minh họa, không chứng minh được ai.",
        "This is a demonstration card, which proves nobody's identity.",
    ),
    _R.SIGNER_EXPIRED: (
        "Chứng thư của nơi ký đã hết hạn.",
        "The signer's certificate has expired.",
    ),
    _R.SIGNER_NOT_YET_VALID: (
        "Chứng thư của nơi ký chưa có hiệu lực.",
        "The signer's certificate is not yet in force.",
    ),
    _R.SIGNED_OUTSIDE_VALIDITY: (
        "Thẻ được ký ngoài thời hạn của chứng thư nơi ký.",
        "The card was signed outside the validity of its signer's certificate.",
    ),
    _R.ANCHOR_NOT_IN_FORCE: (
        "Chứng thư gốc chưa có hiệu lực hoặc đã hết hạn.",
        "The root certificate is not in force.",
    ),
    _R.SIGNER_PINNED: (
        "Chưa có chứng thư gốc, nhưng hai người có tên đã ký xác nhận nơi ký này.",
        "There is no root certificate, but two named people signed for this signer.",
    ),
    _R.SIGNER_CONFIRMED: (
        "Chưa có chứng thư gốc, nhưng cơ quan có thẩm quyền đã xác nhận nơi ký này.",
        "There is no root certificate, but the authority confirmed this signer.",
    ),
    _R.SIGNER_NOT_CONFIRMED: (
        "Chưa có chứng thư gốc, và cơ quan được hỏi không biết nơi ký này.",
        "There is no root certificate, and the authority that was asked does not know this signer.",
    ),
    _R.SIGNER_DISTRUSTED: (
        "Chứng thư của nơi ký, hoặc chứng thư cấp trên của nó, đã bị loại khỏi danh sách được tin.",
        "The signer's certificate, or one above it, counts for nothing any more.",
    ),
    _R.UNKNOWN_CRITICAL_EXTENSION: (
        "Chứng thư của nơi ký có điều kiện bắt buộc mà phần mềm không hiểu.",
        "The signer's certificate has a mandatory condition that the software does not know.",
    ),
    _R.SIGNATURE_NOT_VERIFIED: (
        "Chữ ký chưa đạt nên chưa xét được nơi ký.",
        "The signature did not pass, so the signer cannot be judged.",
    ),
    _R.NOT_REVOKED: (
        "Chứng thư của nơi ký không bị thu hồi.",
        "The signer's certificate is not revoked.",
    ),
    _R.REVOKED: (
        "Chứng thư của nơi ký đã bị thu hồi.",
        "The signer's certificate has been revoked.",
    ),
    _R.REVOCATION_LIST_STALE: (
        "Danh sách thu hồi đã quá hạn cập nhật.",
        "The revocation list is out of date.",
    ),
    _R.OLD_ALGORITHM: (
        "Thuật toán ký đã cũ, không còn đủ an toàn.",
        "The algorithm is too old to rely on.",
    ),
    _R.NO_REVOCATION_LIST: (
        "Chưa có danh sách thu hồi để đối chiếu.",
        "There is no revocation list to compare with.",
    ),
    _R.CHIP_PROVED: (
        "Chip đã tự chứng minh là chip được cấp.",
        "The chip proved to be the one that was issued.",
    ),
    _R.CHIP_WRONG_ANSWER: (
        "Chip trả lời sai câu hỏi kiểm tra.",
        "The chip answered the challenge wrongly.",
    ),
    _R.CHIP_REPLAYED: (
        "Câu trả lời của chip không phải cho câu hỏi vừa gửi.",
        "The chip's answer is not to the challenge that was sent this time.",
    ),
    _R.CHIP_ANSWERED_UNDER_VOUCHER: (
        "Chip trả lời đúng; nơi ký chưa có chứng thư gốc nhưng đã được xác nhận.",
        "The chip answered rightly; its signer has no root certificate here, but was vouched for.",
    ),
    _R.CHIP_KEY_WEAK: (
        "Chip trả lời đúng, nhưng bằng khóa hoặc thuật toán không còn đủ an toàn.",
        "The chip answered rightly, but with a key or an algorithm too weak to rely on.",
    ),
    _R.CHALLENGE_UNWITNESSED: (
        "Câu trả lời của chip đúng, nhưng không có đầu đọc quen biết nào chứng rằng đó là câu trả lời mới.",
        "The chip's answer is right, but no known reader bears witness that it is not an old one.",
    ),
    _R.WITNESSED_BY_READER: (
        "Chip trả lời đúng, theo lời chứng của đầu đọc.",
        "The chip answered rightly, as the reader bears witness.",
    ),
    _R.WITNESS_MISSING: (
        "Không có đầu đọc quen biết nào ký chứng cho câu trả lời của chip.",
        "No known reader signed for the chip's answer.",
    ),
    _R.CHIP_REFUSED: (
        "Chip không trả lời câu hỏi kiểm tra.",
        "The chip did not answer the challenge.",
    ),
    _R.CHIP_NOT_ASKED: ("Chưa gửi câu hỏi kiểm tra tới chip.", "No challenge was sent to the chip."),
    _R.CHIP_KEY_NOT_READ: (
        "Chưa đọc được khóa công khai của chip.",
        "The chip's public key was not read.",
    ),
    _R.CHIP_KEY_NOT_SIGNED: (
        "Chip trả lời đúng, nhưng khóa công khai của chip không phải là khóa đã được ký.",
        "The chip answered rightly, but its public key is not the one that was signed.",
    ),
    _R.CHIP_KEY_UNUSABLE: (
        "Khóa công khai của chip sai định dạng.",
        "The chip's public key is not well formed.",
    ),
    _R.NO_CHIP_KEY: (
        "Thẻ không có khóa để chip tự chứng minh.",
        "The card has no key by which the chip could prove itself.",
    ),
    _R.TRUST_NOT_PASSED: (
        "Chip trả lời đúng, nhưng chưa biết nơi ký có đáng tin cậy hay không.",
        "The chip answered rightly, but its signer is not known to be trusted.",
    ),
    _R.OPENED_WITH_PACE: ("Chip được mở bằng PACE.", "The chip was opened with PACE."),
    _R.OPENED_WITH_BAC: ("Chip được mở bằng BAC.", "The chip was opened with BAC."),
    _R.DOWNGRADED: (
        "Chip được mở bằng BAC dù có hỗ trợ PACE.",
        "The chip was opened with BAC although it offers PACE.",
    ),
    _R.PACE_NOT_AS_SIGNED: (
        "Chip được mở bằng một kiểu PACE không nằm trong dữ liệu đã ký.",
        "The chip was opened with a variant of PACE that is not in the signed data.",
    ),
    _R.CARD_ACCESS_NOT_AS_SIGNED: (
        "Chip không nêu ra một kiểu PACE có trong dữ liệu đã ký.",
        "The chip did not offer a variant of PACE that is in the signed data.",
    ),
    _R.ACCESS_UNWITNESSED: (
        "Cách mở chip có ghi lại, nhưng không có đầu đọc quen biết nào ký chứng.",
        "How the chip was opened is recorded, but no known reader signed for it.",
    ),
    _R.NO_ACCESS_RECORD: ("Không ghi lại cách mở chip.", "How the chip was opened is not recorded."),
    _R.IN_FORCE: ("Thẻ còn hạn.", "The card is in force."),
    _R.NEVER_EXPIRES: ("Thẻ không thời hạn.", "The card does not expire."),
    _R.EXPIRED: ("Thẻ đã hết hạn.", "The card has expired."),
    _R.EXPIRY_UNKNOWN: ("Chưa đọc được thời hạn của thẻ.", "The card's expiry was not read."),
    _R.CONSISTENT: ("Mọi thông tin so được đều khớp nhau.", "All that could be compared agrees."),
    _R.NOTHING_TO_COMPARE: ("Không có thông tin nào để so.", "There was nothing to compare."),
    _R.INTEGRITY_NOT_VERIFIED: (
        "Dữ liệu cần so chưa được xác nhận là nguyên vẹn.",
        "The data to compare is not known to be unchanged.",
    ),
    _R.MALFORMED_DATA_GROUP: (
        "Có dữ liệu đã ký nhưng sai định dạng.",
        "Some signed data is not well formed.",
    ),
    _R.LISTS_DIFFER: (
        "Hai danh sách dữ liệu trên chip không giống nhau.",
        "The two lists of data on the chip differ.",
    ),
    _R.DATA_GROUPS_DIFFER: (
        "Các phần dữ liệu trên chip nói khác nhau.",
        "Parts of the data on the chip say different things.",
    ),
    _R.MRZ_DIFFERS: (
        "Dòng mã dùng để mở chip khác với dòng mã trên chip.",
        "The MRZ that opened the chip is not the one on the chip.",
    ),
    _R.CARD_QR_DIFFERS: (
        "Mã QR đã đưa không phải của thẻ này.",
        "The QR code that was shown is not this card's.",
    ),
    _R.CARD_QR_UNREADABLE: (
        "Không hiểu được mã QR đã đưa.",
        "The QR code that was shown cannot be understood.",
    ),
    _R.SIGNER_OF_ANOTHER_STATE: (
        "Nơi ký thuộc nước khác với nước cấp thẻ.",
        "The signer belongs to another state than the one that issued the card.",
    ),
    _R.ISSUING_STATE_UNKNOWN: (
        "Chưa biết nơi nào được ký cho nước cấp thẻ này.",
        "It is not known who may sign for the state that issued this card.",
    ),
    _R.TIMES_IMPLAUSIBLE: (
        "Các ngày ghi trên thẻ mâu thuẫn nhau hoặc ở tương lai.",
        "The card's dates contradict each other, or lie in the future.",
    ),
}
"""The Vietnamese and the English text of each reason that a verdict on a card gives."""
