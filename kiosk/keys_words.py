"""The words of ``kiosk keys``, in both languages."""

from kiosk.roster_words import Language

_WORDS = {
    "ask.name": (
        "Tên người mở khóa (bỏ trống nếu dùng PIN hoặc mã khôi phục)",
        "Officer (nothing for a PIN or the recovery's code)",
    ),
    "ask.typed": ("Cụm mật khẩu, PIN hoặc mã khôi phục", "Passphrase, PIN or recovery's code"),
    "ask.passphrase": ("Cụm mật khẩu mới", "New passphrase"),
    "ask.pin": ("PIN của thiết bị khóa", "The token's PIN"),
    "ask.again": ("Nhập lại", "Once more"),
    "done.protect": (
        "Két khóa mở bằng {place}. Vừa bọc {count} tệp khóa.",
        "The key safe opens by {place}. {count} key files were wrapped now.",
    ),
    "done.unprotect": ("{count} tệp khóa nay là tệp thường.", "{count} key files are plain files now."),
    "done.removed": ("{name} không còn mở được két khóa.", "{name} opens the key safe no more."),
    "recovery": (
        "Mã khôi phục, chỉ hiện một lần. In ra, niêm phong, cất ở nơi khác:",
        "The recovery's code, shown this once. Print it, seal it, keep it somewhere else:",
    ),
    "file": ("tệp thường", "plain files"),
    "passphrase": ("cụm mật khẩu", "a passphrase"),
    "tpm": ("chip TPM", "the TPM"),
    "pkcs11": ("thiết bị khóa", "a token"),
    "recovery.place": ("chỉ mã khôi phục", "the recovery's code alone"),
    "group.key_safe": ("Khóa riêng của quầy", "The staff's own keys"),
    "group.shared_safe": ("Khóa dùng chung với máy bệnh nhân", "Keys shared with the patient's process"),
    "resists.nothing": ("ai lấy được ổ đĩa là có khóa", "whoever has the disk has them"),
    "resists.disk": (
        "chịu được mất ổ đĩa, không chịu được mất cả máy",
        "withstands the theft of the disk, not of the whole machine",
    ),
    "resists.machine": ("chịu được mất cả máy khi đã tắt", "withstands the theft of the machine while it is off"),
    "plain": ("{count} tệp chưa bọc", "{count} files are plain"),
    "officers": ("người mở: {names}", "opened by: {names}"),
    "attended": ("phải có người mở", "somebody must open it"),
    "bad.passphrase": (
        "Cụm mật khẩu có 14 đến 128 ký tự, không chứa tên người mở, không lặp đi lặp lại vài chữ.",
        "A passphrase has 14 to 128 characters, not the officer's name, and not a few letters over and over.",
    ),
    "bad.differs": ("Hai lần nhập không giống nhau.", "The two entries differ."),
    "bad.officer": ("Hãy nêu tên tài khoản với --officer.", "Name the account with --officer."),
    "bad.token": ("Hãy nêu --module và --token.", "Give --module and --token."),
    "bad.unnamed": (
        "Cấu hình chưa nêu {setting}. Hãy thêm vào trước.",
        "The configuration does not name {setting}. Add it first.",
    ),
}


def say(key: str, language: Language, **values: object) -> str:
    """The words for ``key``, with values put in."""
    vietnamese, english = _WORDS[key]
    return (vietnamese if language is Language.VI else english).format(**values)
