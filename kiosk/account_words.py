"""The words of ``kiosk staff-account``, in both languages."""

from kiosk.roster_words import Language

_WORDS = {
    "ask.name": ("Họ và tên", "Full name"),
    "ask.number": (
        "Số định danh cá nhân (bỏ trống nếu không mở ca)",
        "Personal number (nothing for somebody who opens no shift)",
    ),
    "ask.password": ("Mật khẩu", "Password"),
    "ask.again": ("Nhập lại mật khẩu", "Password once more"),
    "done.add": ("Đã tạo tài khoản {sign}.", "The account {sign} is there."),
    "done.lock": ("Đã tạm khóa tài khoản {sign}.", "The account {sign} is locked."),
    "done.unlock": ("Đã mở lại tài khoản {sign}.", "The account {sign} is open again."),
    "done.password": ("Đã đổi mật khẩu của {sign}.", "The account {sign} has another password."),
    "done.remove": ("Đã xóa tài khoản {sign}.", "The account {sign} is removed."),
    "done.revoke_keys": ("Đã hủy {count} khóa bảo mật của {sign}.", "{count} keys of {sign} are revoked."),
    "none": ("Chưa có tài khoản nào.", "There is no account yet."),
    "state.open": ("mở", "open"),
    "state.locked": ("đang tạm khóa", "locked"),
    "state.waits": ("sai {wrong} lần", "{wrong} wrong tries"),
    "bad.sign": (
        "Tên đăng nhập gồm 2 đến 32 chữ thường không dấu, chữ số, dấu chấm hoặc gạch nối.",
        "An account's name has 2 to 32 small letters without accents, digits, dots or dashes.",
    ),
    "bad.taken": (
        "Tên đăng nhập này đã có người dùng, hoặc từng có.",
        "The account's name is taken, or was once.",
    ),
    "bad.unknown": ("Không có tài khoản này.", "There is no such account."),
    "bad.name": ("Họ và tên chưa đúng.", "That is no name."),
    "bad.number": ("Số định danh cá nhân có 12 chữ số.", "A personal number has 12 digits."),
    "bad.password": (
        "Mật khẩu có 10 đến 128 ký tự, không chứa tên đăng nhập, không lặp đi lặp lại vài chữ và không dễ đoán. Một câu"
        " của riêng mình là tốt.",
        "A password has 10 to 128 characters, not the account's name, not a few letters over and over, and nothing that"
        " is easily guessed. A sentence of one's own is good.",
    ),
    "bad.last_administrator": (
        "Đây là quản trị viên cuối cùng đang mở. Hãy tạo người khác trước.",
        "This is the last open administrator. Make another one first.",
    ),
    "bad.differs": ("Hai lần nhập không giống nhau.", "The two passwords differ."),
}


def say(key: str, language: Language, **values: object) -> str:
    """The words for ``key``, with values put in."""
    vietnamese, english = _WORDS[key]
    return (vietnamese if language is Language.VI else english).format(**values)
