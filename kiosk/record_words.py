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
    "wrong.first_lost": ("{device}: mất đoạn đầu: {which}.", "{device}: the first links are lost: {which}."),
    "wrong.lost": ("{device}: mất đoạn giữa: {which}.", "{device}: links in the middle are lost: {which}."),
    "wrong.last_lost": (
        "{device}: mất đoạn cuối: ít nhất {which}.",
        "{device}: the last links are lost: {which} at least.",
    ),
    "wrong.altered": ("{device}: đã bị sửa: {which}.", "{device}: altered: {which}."),
    "wrong.swapped": ("{device}: bị đổi chỗ: {which}.", "{device}: standing where another belongs: {which}."),
    "wrong.forked": (
        "{device}: chuỗi đã bị viết lại, bắt đầu ở {which}.",
        "{device}: the chain was written anew, beginning at {which}.",
    ),
    "looks_altered": (
        "{device}: nhật ký xem hồ sơ mà mắt xích {link} ghi dấu đã bị sửa hoặc mất dòng.",
        "{device}: of the looks at records that link {link} vouches for, some are altered or gone.",
    ),
    "one": ("mắt xích {first}", "link {first}"),
    "some": ("mắt xích {first} đến {last}", "links {first} to {last}"),
    "do.lost": (
        "Mắt xích bị mất: tìm chúng trong bản sao lưu gần nhất của sổ; không ghi đè bản sao lưu đó.",
        "Lost links: look for them in the newest backup of the store, and let nothing overwrite that backup.",
    ),
    "do.altered": (
        "Mắt xích bị sửa hoặc đổi chỗ: so từng hồ sơ với bản sao lưu và với sự kiện ở trung tâm tỉnh.",
        "Altered or swapped links: compare those records with a backup, and with the events at the province.",
    ),
    "do.forked": (
        "Chuỗi bị viết lại: nếu ngày đó máy được khôi phục từ bản sao lưu, ghi biên bản; nếu không, xem cảnh báo của"
        " trung tâm tỉnh và coi như đã bị can thiệp.",
        "Written anew: if the machine was restored from a backup on that day, put that on record; if not, look at the"
        " province's alarms, and take it for tampering.",
    ),
    "do": (
        "Giữ nguyên máy, sao chép sổ và báo người phụ trách an toàn thông tin.",
        "Leave the machine as it is, copy the store, and tell whoever answers for its security.",
    ),
    "number": ("Số định danh hoặc số thẻ BHYT", "Personal or insurance number"),
    "birth": ("Ngày sinh (1960-05-17; chỉ biết năm thì ghi 1960)", "Date of birth (1960-05-17; or only 1960)"),
    "birth_form": ("Ngày sinh viết như 1960-05-17.", "A date of birth is written 1960-05-17."),
    "disclosed_unreadable": (
        "Có {many} bản ghi không mở được nên không biết của ai: tệp có thể chưa đủ.",
        "{many} records could not be opened, so nobody knows whose they are: the file may not be all.",
    ),
    "disclosed": (
        "Đã ghi thông tin của {many} lượt khám vào tệp {file}. Giao cho chính người đó, rồi xóa tệp.",
        "What is known of {many} visits is in the file {file}. Hand it to the person themselves, then delete it.",
    ),
    "disclosed_alike": (
        "{many} lượt khám khác có cùng số nhưng khác ngày sinh hoặc có thể là của người khác nên không đưa vào.",
        "{many} other visits bear the number with another birth, or may be somebody else's; they were left out.",
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
