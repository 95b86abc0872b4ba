"""The words of ``kiosk audit``, ``kiosk erase`` and ``kiosk disclose``, in both languages."""

from kiosk.roster_words import Language

_WORDS = {
    "whole": (
        "{device}: {links} mắt xích, nguyên vẹn; đã ghi dấu đến số {anchored}.",
        "{device}: {links} links, whole; its end was written down up to {anchored}.",
    ),
    "unanchored": (
        "{device}: {links} mắt xích, nguyên vẹn; chưa từng ghi dấu nên không thấy được nếu mất đoạn cuối.",
        "{device}: {links} links, whole; its end was never written down, so lost last links could not be seen.",
    ),
    "nothing": ("Sổ chưa có mắt xích nào.", "There is no link in the store yet."),
    "written": (
        "{device}: ghi dấu mắt xích {seq}, mã {hash}.",
        "{device}: link {seq} is written down, hash {hash}.",
    ),
    "wrong.first_lost": (
        "{device}: mất đoạn đầu, từ {first} đến {last}.",
        "{device}: the first links are lost, {first} to {last}.",
    ),
    "wrong.lost": (
        "{device}: mất mắt xích từ {first} đến {last}.",
        "{device}: links are lost, {first} to {last}.",
    ),
    "wrong.last_lost": (
        "{device}: mất đoạn cuối, từ {first} đến ít nhất {last}.",
        "{device}: the last links are lost, {first} to {last} at least.",
    ),
    "wrong.altered": (
        "{device}: mắt xích {first} đã bị sửa.",
        "{device}: link {first} was altered.",
    ),
    "wrong.swapped": (
        "{device}: mắt xích {first} bị đổi chỗ.",
        "{device}: link {first} stands where another belongs.",
    ),
    "wrong.forked": (
        "{device}: từ mắt xích {first} trở đi chuỗi đã bị viết lại.",
        "{device}: from link {first} on the chain was written anew.",
    ),
    "do": (
        "Giữ nguyên máy, sao chép sổ và báo người phụ trách an toàn thông tin.",
        "Leave the machine as it is, copy the store, and tell whoever answers for its security.",
    ),
    "number": ("Số định danh hoặc số thẻ BHYT", "Personal or insurance number"),
    "disclosed": (
        "Đã ghi thông tin của {many} lượt khám vào tệp {file}. Giao cho chính người đó, rồi xóa tệp.",
        "What is known of {many} visits is in the file {file}. Hand it to the person themselves, then delete it.",
    ),
    "disclosed_alike": (
        "{many} lượt khám khác có cùng số nhưng có thể là của người khác nên không đưa vào.",
        "{many} other visits bear the number and may be somebody else's; they were left out.",
    ),
    "erased": (
        "Đã xóa thông tin cá nhân của số {number} ngày {day}.",
        "The person of ticket {number} of {day} was erased.",
    ),
    "beside": (
        "Số {number} ngày {day} có ghi người này là người đi cùng; xem lại và xóa bằng --ticket nếu cần.",
        "Ticket {number} of {day} names this person as a companion; look at it, and erase it with --ticket if need be.",
    ),
    "alike": (
        "Số {number} ngày {day} có số của người này nhưng khác tên hoặc ngày sinh, hoặc không ghi; xem lại, và xóa bằng"
        " --ticket nếu cần.",
        "Ticket {number} of {day} bears a number of this person with another name or birth, or none; look at it, and"
        " erase it with --ticket if need be.",
    ),
    "nobody": ("Không có gì để xóa.", "There is nothing to erase."),
    "several": (
        "Chưa xóa gì: số này đứng dưới nhiều tên hoặc ngày sinh. Xem lại các hồ sơ trên, rồi chạy lại với một phiếu của"
        " người đó: --person --ticket SỐ --day NGÀY.",
        "Nothing was erased: the number stands under more than one name or birth. Look at the records above, then run"
        " this again with a ticket of that person: --person --ticket NUMBER --day DAY.",
    ),
    "unreadable": (
        "Có {count} hồ sơ không mở được, nên không biết là của ai.",
        "{count} records do not open, so nobody knows whose they are.",
    ),
    "log_kept": (
        "Đã xóa, nhưng nhật ký ghi tạm chưa dọn được vì đang có người đọc. Chạy lại lệnh này sau.",
        "Erased, but the write-ahead log could not be emptied while somebody reads. Run this again later.",
    ),
}


def say(word: str, language: Language, **values: object) -> str:
    """The words under this name; KeyError where there are none."""
    return _WORDS[word][language is Language.EN].format(**values)
