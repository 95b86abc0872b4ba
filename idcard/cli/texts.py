"""What the command line says to people, in English and in Vietnamese."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from idcard.errors import IdCardError


class Language(StrEnum):
    """A language of the command line."""

    EN = "en"
    VI = "vi"


_PAIRS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        # Steps
        "step.opening": ("Opening the chip", "Mở chip"),
        "step.reading": ("Reading", "Đọc"),
        "step.proving": ("The chip proves itself", "Chip chứng minh là chip thật"),
        # Headlines
        "met": ("PROVED under the policy {policy}.", "ĐÃ XÁC MINH theo chính sách {policy}."),
        "read": (
            "READ, under the policy {policy}: nothing has failed, and nothing proves who this is.",
            "ĐÃ ĐỌC theo chính sách {policy}: không có lỗi, nhưng chưa xác minh được đây là ai.",
        ),
        "not_met": ("NOT PROVED under the policy {policy}.", "CHƯA XÁC MINH ĐƯỢC theo chính sách {policy}."),
        "failed": (
            "FAILED under the policy {policy}: what failed is marked ✗ below.",
            "KHÔNG ĐẠT theo chính sách {policy}: xem mục đánh dấu ✗ bên dưới.",
        ),
        "no_trust": (
            "No trust store was given, so nothing can show who issued this card: use --trust DIR.",
            "Chưa có kho chứng thư, nên không biết ai cấp thẻ này: hãy dùng --trust THƯMỤC.",
        ),
        "rung": ("Signer", "Nơi ký"),
        "authority_unreachable": (
            "The authority did not answer, so nobody vouches for the signer.",
            "Cơ quan có thẩm quyền chưa trả lời, nên chưa có ai xác nhận nơi ký.",
        ),
        "not_for_browsers": (
            "The page has no portrait: its JPEG 2000 could not be read (that takes Pillow with OpenJPEG).",
            "Trang không có ảnh: không đọc được ảnh JPEG 2000 (cần Pillow kèm OpenJPEG).",
        ),
        # Outcomes
        "outcome.passed": ("passed", "đạt"),
        "outcome.failed": ("FAILED", "KHÔNG ĐẠT"),
        "outcome.inconclusive": ("inconclusive", "chưa rõ"),
        "outcome.not_performed": ("not done", "chưa làm"),
        "outcome.not_supported": ("not offered", "thẻ không có"),
        # Facts
        "fact.integrity": ("integrity", "toàn vẹn"),
        "fact.signature": ("signature", "chữ ký"),
        "fact.trust": ("issuer trusted", "nơi cấp tin cậy"),
        "fact.revocation": ("revocation", "thu hồi"),
        "fact.genuine_chip": ("genuine chip", "chip thật"),
        "fact.access": ("access", "mở chip"),
        "fact.validity": ("validity", "thời hạn"),
        "fact.consistency": ("consistency", "nhất quán"),
        "fact.key_usage": ("key usage", "mục đích khóa"),
        "fact.freshness": ("freshness", "mã mới"),
        "fact.replay": ("first use", "dùng lần đầu"),
        "fact.audience": ("for whom", "nơi nhận"),
        "fact.holder": ("bearer", "người mang mã"),
        # The person
        "holder.verified": ("Holder, proved", "Chủ thẻ, đã xác minh"),
        "holder.claimed": ("What the chip says, NOT proved", "Chip ghi như sau, CHƯA xác minh"),
        "field.name": ("Name", "Họ và tên"),
        "field.name_latin": ("Name in the MRZ", "Tên trong MRZ"),
        "field.personal_number": ("Personal number", "Số định danh cá nhân"),
        "field.document_number": ("Document number", "Số giấy tờ"),
        "field.issuing_state": ("Issuing state", "Nước cấp"),
        "field.nationality": ("Nationality", "Quốc tịch"),
        "field.birth": ("Birth", "Ngày sinh"),
        "field.sex": ("Sex", "Giới tính"),
        "field.expiry": ("Expiry", "Có giá trị đến"),
        "field.portrait": ("Portrait", "Ảnh"),
        "sex.M": ("male", "Nam"),
        "sex.F": ("female", "Nữ"),
        "sex.<": ("not stated", "không ghi"),
        "never": ("does not expire", "Không thời hạn"),
        "bytes": ("{count} bytes", "{count} byte"),
        # Prompts and readers
        "ask.can": ("Card access number (the last six digits)", "Sáu số cuối của số căn cước"),
        "ask.mrz": ("The lines of the MRZ, then an empty line:", "Các dòng MRZ, rồi một dòng trống:"),
        "ask.card_qr": ("Scan the QR of the card, then an empty line:", "Quét mã QR trên thẻ, rồi một dòng trống:"),
        # Codes
        "scan.symbol": (
            "{kind}, {count} bytes, {name}; reading it proves nothing:",
            "{kind}, {count} byte, {name}; đọc được chưa phải là xác minh:",
        ),
        "scan.nothing": ("No code was found.", "Không tìm thấy mã nào."),
        "advice.closer": ("Hold the code closer to the camera.", "Đưa mã lại gần máy quét hơn."),
        "advice.steadier": ("Hold the code still.", "Giữ yên mã."),
        "advice.more_light": ("More light is needed.", "Cần thêm ánh sáng."),
        "no_reader": ("No reader is connected.", "Không có đầu đọc nào được kết nối."),
        "error": ("Error: {message} [{code}] {remedy}", "Lỗi [{code}]: {remedy} ({message})"),
        # Evidence files
        "signed_by": ("Signed by the device {device}….", "Thiết bị {device}… đã ký tệp này."),
        "unsigned": ("No device signed this file.", "Không có thiết bị nào ký tệp này."),
        "unknown_device": (
            "That is none of the devices that you named, so nothing in it counts.",
            "Đó không phải thiết bị đã khai báo, nên không dùng được tệp này.",
        ),
        "read_at": ("It says that the card was read on {at}.", "Tệp ghi thẻ được đọc lúc {at}."),
        "no_page": ("No page was written of it.", "Không ghi trang kết quả cho tệp này."),
        "recorded": (
            "Recorded on {at} under the policy {policy}: {met}. A record is no proof.",
            "Kết luận ghi lúc {at} theo chính sách {policy}: {met}. Bản ghi không phải là bằng chứng.",
        ),
        "recorded.met": ("proved", "đã xác minh"),
        "recorded.not_met": ("not proved", "chưa xác minh"),
        # The service
        "token": ("Token of this start: {token}", "Mã truy cập của lần chạy này: {token}"),
        "serving": (
            "Serving {address}, on this machine only; stop with Ctrl+C.",
            "Đang phục vụ {address}, chỉ trên máy này; dừng bằng Ctrl+C.",
        ),
        "stopped": ("Stopped.", "Đã dừng."),
    }
)

_ERRORS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "transport": ("Put the card on the reader again.", "Đặt lại thẻ lên đầu đọc."),
        "reader_missing": (
            "Plug the reader in and see that pcscd runs; 'idcard readers' lists what is there.",
            "Cắm đầu đọc và kiểm tra dịch vụ pcscd; 'idcard readers' liệt kê các đầu đọc.",
        ),
        "reader_busy": (
            "Close the other program that uses the reader, then try again.",
            "Đóng chương trình khác đang dùng đầu đọc rồi thử lại.",
        ),
        "card_removed": (
            "Put the card on the reader and leave it there until the reading is done.",
            "Đặt thẻ lên đầu đọc và giữ yên cho đến khi đọc xong.",
        ),
        "card_changed": (
            "Put the first card back, or start again with this one.",
            "Đặt lại thẻ ban đầu, hoặc bắt đầu lại với thẻ này.",
        ),
        "card_silent": (
            "Take the card away, put it back, and try again.",
            "Lấy thẻ ra, đặt lại và thử lại.",
        ),
        "access_denied": ("Try another access key.", "Hãy thử khóa truy cập khác."),
        "wrong_access_key": (
            "Compare the digits with the card and type them again.",
            "Đối chiếu các số với thẻ rồi nhập lại.",
        ),
        "access_blocked": (
            "The chip takes this key no more: use --mrz or --card-qr instead.",
            "Chip không nhận khóa này nữa: hãy dùng --mrz hoặc --card-qr.",
        ),
        "last_try_left": (
            "One more wrong try blocks this key: compare the digits with the card, or use --mrz or --card-qr.",
            "Sai một lần nữa là khóa: hãy đối chiếu các số với thẻ, hoặc dùng --mrz hay --card-qr.",
        ),
        "pace_required": ("Use --can instead.", "Hãy dùng --can."),
        "pace_refused": (
            "The digits are not wrong, but this chip needs more: use --card-qr or --mrz.",
            "Các số không sai, nhưng chip này cần thêm: hãy dùng --card-qr hoặc --mrz.",
        ),
        "chip_refused": ("Take the card away, put it back, and try again.", "Lấy thẻ ra, đặt lại và thử lại."),
        "command_refused": ("Take the card away, put it back, and try again.", "Lấy thẻ ra, đặt lại và thử lại."),
        "protocol_violation": (
            "Do not trust what was read; try once more.",
            "Không tin dữ liệu đã đọc; hãy thử lại một lần.",
        ),
        "list_not_trusted": (
            "Give the root that its publisher names: --root FILE or its SHA-256; compare it by another way.",
            "Khai báo chứng thư gốc do nơi phát hành công bố: --root TỆP hoặc mã SHA-256; đối chiếu qua kênh khác.",
        ),
        "nothing_for_the_store": (
            "Give certificates (DER, PEM, PKCS #7), master lists, revocation lists, deviation lists or PKD files.",
            "Hãy đưa chứng thư (DER, PEM, PKCS #7), danh sách gốc, danh sách thu hồi, danh sách sai lệch hoặc LDIF.",
        ),
        "malformed_data": (
            "Do not trust what was read; try once more.",
            "Không tin dữ liệu đã đọc; hãy thử lại một lần.",
        ),
        "bound_exceeded": (
            "No honest card sends this much: do not trust it.",
            "Thẻ thật không gửi nhiều dữ liệu như vậy: không nên tin.",
        ),
        "secure_messaging_broken": (
            "Take the card away, put it back, and try again; if it happens again, do not trust this card or reader.",
            "Lấy thẻ ra, đặt lại và thử lại; nếu vẫn xảy ra thì không nên tin thẻ hoặc đầu đọc này.",
        ),
        "unsupported": ("This program cannot use it.", "Chương trình này không dùng được."),
        "unsupported_document": (
            "Put a chip identity card or passport on the reader.",
            "Đặt thẻ căn cước gắn chip hoặc hộ chiếu lên đầu đọc.",
        ),
        "unsupported_algorithm": (
            "This version does not know the algorithm of this card: try a newer one.",
            "Phiên bản này chưa biết thuật toán của thẻ: hãy thử bản mới hơn.",
        ),
        "missing_extra": ("Install it, then try again.", "Hãy cài phần còn thiếu rồi thử lại."),
        "authority_unreachable": (
            "Go on without the answer; the verdict says how far the signer is known.",
            "Tiếp tục mà không cần câu trả lời; kết quả ghi rõ nơi ký được biết đến mức nào.",
        ),
        "evidence_altered": (
            "Fetch the file again from where it was written; believe nothing in this one.",
            "Lấy lại tệp từ nơi đã ghi; không tin nội dung của tệp này.",
        ),
        "evidence_sealed": (
            "Give the private key that it was sealed to: --open-with KEY.",
            "Dùng khóa riêng của nơi nhận tệp: --open-with KHÓA.",
        ),
        "configuration": ("Put that right first.", "Cần sửa kho chứng thư hoặc cấu hình trước."),
        "cancelled": ("Start again when you are ready.", "Bắt đầu lại khi sẵn sàng."),
    }
)


def say(key: str, language: Language, **values: object) -> str:
    """The text called ``key``, its places filled in."""
    return _PAIRS[key][list(Language).index(language)].format(**values)


def remedy(error: IdCardError, language: Language) -> str:
    """What to do about ``error``, in one sentence; empty where nothing is known."""
    codes = (kind.code for kind in type(error).__mro__ if issubclass(kind, IdCardError))
    pair = next((_ERRORS[code] for code in codes if code in _ERRORS), None)
    return pair[list(Language).index(language)] if pair else ""
