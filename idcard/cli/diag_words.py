"""What ``idcard diag`` says, in English and in Vietnamese: for a help desk, so without the words of the standards."""

from collections.abc import Mapping
from types import MappingProxyType

from idcard.cli.texts import Language

_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "reader": ("Reader: {name}", "Đầu đọc: {name}"),
        "reader.unnamed": ("(not named)", "(không có tên)"),
        "atr": ("The card's first answer (ATR): {atr}", "Trả lời đầu tiên của thẻ (ATR): {atr}"),
        "limit.short": (
            "This reader takes short messages only. Reading works, but takes about two seconds longer.",
            "Đầu đọc này chỉ nhận thông điệp ngắn. Vẫn đọc được, nhưng lâu hơn khoảng hai giây.",
        ),
        "limit.long": (
            "This reader takes long messages, up to {count} bytes.",
            "Đầu đọc này nhận thông điệp dài, tối đa {count} byte.",
        ),
        "limit.silent": (
            "The reader's driver does not say how long messages may be; it was tried out.",
            "Trình điều khiển không cho biết độ dài thông điệp; đã thử trực tiếp.",
        ),
        "reset.yes": (
            "A reading that breaks off can go on by itself on this reader.",
            "Nếu đang đọc bị ngắt, đầu đọc này có thể tự đọc tiếp.",
        ),
        "reset.no": (
            "A reading that breaks off must be started again.",
            "Nếu đang đọc bị ngắt thì phải đọc lại từ đầu.",
        ),
        "lengths.long": (
            "Reader and card together use long messages: up to {count} bytes at once.",
            "Đầu đọc và thẻ cùng dùng được thông điệp dài: mỗi lần tối đa {count} byte.",
        ),
        "lengths.short": (
            "Reader and card together use short messages: a portrait takes some 80 of them.",
            "Đầu đọc và thẻ chỉ dùng được thông điệp ngắn: đọc ảnh cần khoảng 80 lượt.",
        ),
        "document.yes": (
            "This is a chip identity card or a passport.",
            "Đây là thẻ căn cước gắn chip hoặc hộ chiếu.",
        ),
        "document.no": (
            "No chip identity card or passport answers (status {sw}): is it another kind of card?",
            "Không phải thẻ căn cước gắn chip hay hộ chiếu (mã {sw}): có thể là loại thẻ khác?",
        ),
        "pace.yes": (
            "It opens with the six digits on the card (PACE), in {count} ways; the strongest: {name}.",
            "Mở được bằng sáu số trên thẻ (PACE), có {count} cách; cách mạnh nhất: {name}.",
        ),
        "pace.no": (
            "It does not say that it opens with six digits (PACE); Vietnamese cards are tried all the same.",
            "Thẻ không cho biết có mở bằng sáu số (PACE) hay không; với thẻ Việt Nam vẫn thử.",
        ),
        "bac.yes": (
            "It can be asked to open with document number, birth and expiry (BAC).",
            "Có thể mở bằng số giấy tờ, ngày sinh và ngày hết hạn (BAC).",
        ),
        "bac.no": (
            "It does not open with document number, birth and expiry (BAC, status {sw}).",
            "Không mở được bằng số giấy tờ, ngày sinh và ngày hết hạn (BAC, mã {sw}).",
        ),
        "applications": ("Applications that it names: {names}", "Các ứng dụng thẻ khai báo: {names}"),
        "advice.none": ("Nothing needs to be done.", "Không cần làm gì thêm."),
        "advice.short": (
            "A reader that takes long messages would make reading faster.",
            "Dùng đầu đọc nhận thông điệp dài sẽ đọc nhanh hơn.",
        ),
        "advice.other": (
            "Put a chip identity card or a passport on the reader, its chip side down, and try again.",
            "Đặt thẻ căn cước gắn chip hoặc hộ chiếu lên đầu đọc, úp mặt có chip, rồi thử lại.",
        ),
        "logged": (
            "The traffic was written to {path}; it holds nothing about the holder.",
            "Đã ghi lưu lượng vào {path}; tệp không chứa thông tin về chủ thẻ.",
        ),
    }
)


def diag_say(key: str, language: Language, **values: object) -> str:
    """The text called ``key``, its places filled in."""
    return _WORDS[key][list(Language).index(language)].format(**values)
