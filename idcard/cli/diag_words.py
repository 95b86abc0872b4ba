"""What ``idcard diag`` says, in English and in Vietnamese: for a help desk, so without the words of the standards."""

from collections.abc import Mapping
from types import MappingProxyType

from idcard.cli.texts import Language

_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "reader": ("Reader: {name}", "Đầu đọc: {name}"),
        "reader.unnamed": ("(not named)", "(không có tên)"),
        "limit.short": (
            "This reader takes short messages only. Reading works, but takes about two seconds longer.",
            "Đầu đọc này chỉ nhận thông điệp ngắn. Vẫn đọc được, nhưng lâu hơn khoảng hai giây.",
        ),
        "limit.long": (
            "This reader takes long messages: reading is fast where the card takes them too.",
            "Đầu đọc này nhận thông điệp dài: đọc nhanh nếu thẻ cũng nhận được.",
        ),
        "limit.silent": (
            "The reader does not say whether it takes long messages; it was tried out.",
            "Đầu đọc không cho biết có nhận thông điệp dài hay không; đã thử trực tiếp.",
        ),
        "reset.yes": (
            "If contact with the card is lost for an instant, reading goes on by itself.",
            "Nếu mất liên lạc với thẻ trong tích tắc, việc đọc sẽ tự tiếp tục.",
        ),
        "reset.no": (
            "If contact with the card is lost, reading must be started again.",
            "Nếu mất liên lạc với thẻ thì phải đọc lại từ đầu.",
        ),
        "lengths.long": (
            "Reader and card understand long messages together.",
            "Đầu đọc và thẻ cùng dùng được thông điệp dài.",
        ),
        "lengths.short": (
            "Reader and card use short messages: a photo takes about 80 of them, some two seconds more.",
            "Đầu đọc và thẻ dùng thông điệp ngắn: đọc ảnh cần khoảng 80 lượt, lâu hơn khoảng hai giây.",
        ),
        "document.yes": (
            "This is a chip identity card or a passport.",
            "Đây là thẻ căn cước gắn chip hoặc hộ chiếu.",
        ),
        "document.no": (
            "No chip identity card or passport answers: is it another kind of card?",
            "Không phải thẻ căn cước gắn chip hay hộ chiếu: có thể là loại thẻ khác?",
        ),
        "opens.new": (
            "It opens the newer, safer way: with the six-digit card number where one is printed on the card, otherwise "
            "with the lines at its bottom.",
            "Mở theo cách mới, an toàn hơn: bằng sáu số in trên thẻ nếu có (thẻ căn cước: sáu số cuối của số thẻ), nếu "
            "không thì bằng các dòng mã ở cuối.",
        ),
        "opens.silent": (
            "It does not say that it opens the newer way. With Vietnamese identity cards the last six digits of the "
            "number are tried all the same.",
            "Thẻ không cho biết có mở theo cách mới hay không. Với thẻ căn cước Việt Nam vẫn thử sáu số cuối của "
            "số thẻ.",
        ),
        "opens.unknown": (
            "It opens the newer way in a form only that this program does not know; the lines for technicians name it.",
            "Thẻ mở theo cách mới nhưng chỉ ở dạng mà chương trình này chưa hỗ trợ; phần kỹ thuật bên dưới ghi rõ "
            "dạng nào.",
        ),
        "opens.old": (
            "It also opens the older way: with document number, birth date and expiry date.",
            "Cũng mở được theo cách cũ: bằng số giấy tờ, ngày sinh và ngày hết hạn.",
        ),
        "opens.old_only": (
            "It opens the older way: with document number, birth date and expiry date.",
            "Mở được theo cách cũ: bằng số giấy tờ, ngày sinh và ngày hết hạn.",
        ),
        "opens.not_old": (
            "It does not open the older way (document number, birth date, expiry date).",
            "Không mở được theo cách cũ (số giấy tờ, ngày sinh, ngày hết hạn).",
        ),
        "advice.none": ("Nothing needs to be done.", "Không cần làm gì thêm."),
        "advice.short": (
            "A reader that takes long messages would make reading faster.",
            "Dùng đầu đọc nhận thông điệp dài sẽ đọc nhanh hơn.",
        ),
        "advice.other": (
            "Put a chip identity card or a passport on the reader, its chip side down, and try again.",
            "Đặt thẻ căn cước gắn chip hoặc hộ chiếu lên đầu đọc, úp mặt có chip, rồi thử lại.",
        ),
        "advice.digits": (
            "Passports usually have no six-digit number: give the lines at the bottom of the photo page instead.",
            "Hộ chiếu thường không có sáu số: hãy dùng các dòng mã ở cuối trang ảnh.",
        ),
        "technical": ("For technicians:", "Dành cho kỹ thuật viên:"),
        "logged": (
            "The traffic was written to {path}; it holds nothing about the holder.",
            "Đã ghi lưu lượng vào {path}; tệp không chứa thông tin về chủ thẻ.",
        ),
    }
)


def diag_say(key: str, language: Language, **values: object) -> str:
    """The text called ``key``, its places filled in."""
    return _WORDS[key][list(Language).index(language)].format(**values)
