"""The words of ``kiosk roster``, in both languages."""

from enum import StrEnum


class Language(StrEnum):
    """A language of messages."""

    VI = "vi"
    EN = "en"


_WORDS = {
    "step.hash": ("Đang kiểm tra mã băm", "Checking the hash"),
    "step.lines": ("Đang đọc từng dòng", "Taking in lines"),
    "step.people": ("Đang xếp số định danh", "Sorting people"),
    "step.numbers": ("Đang xếp mã số bảo hiểm", "Sorting insurance numbers"),
    "step.names": ("Đang ghi tên đã niêm phong", "Writing sealed names"),
    "step.copy": ("Đang sao danh sách hiện có", "Copying the present roster"),
    "step.changes": ("Đang áp dụng thay đổi", "Applying changes"),
    "step.count": ("Đang đếm", "Counting"),
    "step.pack": ("Đang nén tệp", "Packing"),
    "step.install": ("Đang thay danh sách", "Putting it in place"),
    "step.state": ("Đang ghi trạng thái", "Writing the state"),
    "step.done": ("Xong", "Done"),
    "installed": ("Đã nhập danh sách {version}.", "Roster {version} is installed."),
    "already_there": ("Danh sách {version} đã có sẵn.", "Roster {version} is there already."),
    "resumed": ("Tiếp tục từ dòng {line}.", "Went on from line {line}."),
    "rejects": ("{count} dòng bị loại, ghi tại {file}.", "{count} lines were refused; they are in {file}."),
    "whole": ("Danh sách {version} nguyên vẹn.", "Roster {version} is whole."),
    "disowned": (
        "Danh sách {version} (số {sequence}) bị bác. Hãy nhập danh sách đầy đủ đúng. Đã ghi vào {file}.",
        "Roster {version} (number {sequence}) is disowned. Import the right whole roster now. This stands in {file}.",
    ),
    "manifest": ("Đã ghi {file}: {rows} dòng.", "Wrote {file}: {rows} lines."),
    "info.version": ("Phiên bản", "Version"),
    "info.sequence": ("Số thứ tự", "Number"),
    "info.as_of": ("Đúng vào lúc", "True as of"),
    "info.rows": ("Số người", "People"),
    "info.personal": ("Có số định danh", "With a personal number"),
    "info.linked": ("Đã liên kết với mã số bảo hiểm", "Linked to an insurance number"),
    "info.linked_share": ("Tỷ lệ liên kết", "Linked share"),
    "info.dead": ("Đã mất", "Deceased"),
    "info.names": ("Tên được giữ (niêm phong)", "Names kept, sealed"),
    "info.size_mb": ("Dung lượng (MB)", "Size (MB)"),
    "finding.pages": ("Tệp bị hỏng.", "The file is damaged."),
    "finding.row_form": ("Có dòng sai dạng.", "A row is not of its form."),
    "finding.links": ("Có mã số bảo hiểm dẫn sai chỗ.", "An insurance number leads nowhere."),
    "finding.counts": ("Số đếm không khớp.", "The counts differ."),
    "refused.manifest_missing": (
        "Không có bản kê. Đặt bản kê cạnh tệp, hoặc chỉ bằng --manifest.",
        "There is no manifest. Put it beside the file, or name it with --manifest.",
    ),
    "refused.manifest_malformed": (
        "Bản kê sai dạng. Yêu cầu nơi gửi làm lại.",
        "The manifest is malformed. Ask whoever sent it for another.",
    ),
    "refused.signature_missing": (
        "Bản kê không có chữ ký. Yêu cầu nơi gửi ký.",
        "The manifest is not signed. Ask whoever sent it to sign it.",
    ),
    "refused.signature_wrong": (
        "Chữ ký trên bản kê không đúng. Không dùng tệp này; báo nơi gửi.",
        "The manifest's signature is wrong. Do not use this file; tell whoever sent it.",
    ),
    "refused.file_missing": ("Không đọc được tệp.", "The file cannot be read."),
    "refused.file_changed": (
        "Tệp bị thay đổi khi đang đọc. Chép lại tệp rồi nhập lại.",
        "The file changed while it was read. Copy it again and import again.",
    ),
    "refused.hash_differs": (
        "Tệp không đúng mã băm trong bản kê. Tải lại tệp.",
        "The file does not have the manifest's hash. Fetch it again.",
    ),
    "refused.rows_differ": (
        "Số dòng khác với bản kê. Yêu cầu nơi gửi làm lại bản kê.",
        "The manifest counts other lines. Ask whoever sent it for another.",
    ),
    "refused.header": (
        "Dòng đầu không phải là tên các cột. Xem docs/roster.md.",
        "The first line does not name the columns, or a line has no end. See docs/roster.md.",
    ),
    "refused.older": (
        "Tệp cũ hơn danh sách đã nhập. Nhập tệp mới nhất; nếu số thứ tự trước đó bị sai, dùng: kiosk roster disown.",
        "The file is older than a roster that was imported before. Import the newest; if that one's number was wrong, "
        "see: kiosk roster disown.",
    ),
    "refused.disowned": (
        "Danh sách này đã bị bỏ (kiosk roster disown). Nhập danh sách đúng; cùng nội dung thì phải có số thứ tự khác.",
        "This very delivery was disowned (kiosk roster disown). Import the right one; its rows need another number.",
    ),
    "refused.in_future": (
        "Bản kê ghi thời điểm ở tương lai. Kiểm tra đồng hồ máy này, hoặc yêu cầu nơi gửi làm lại bản kê.",
        "The manifest is dated in the future. Look at this machine's clock, or ask whoever sent it for another.",
    ),
    "refused.not_the_newest": (
        "Danh sách mới nhất có số khác. Xem bằng: kiosk roster info.",
        "The newest roster has another number. See: kiosk roster info.",
    ),
    "refused.wrong_base": (
        "Tệp thay đổi này không dành cho danh sách hiện có. Nhập các tệp theo thứ tự, hoặc nhập tệp đầy đủ.",
        "This delta does not change the roster that is here. Import the deltas in turn, or a whole roster.",
    ),
    "refused.too_many_rejects": (
        "Quá nhiều dòng bị loại. Xem tệp các dòng bị loại và báo nơi gửi.",
        "Too many lines were refused. Look at the file of refused lines and tell whoever sent it.",
    ),
    "refused.too_many_kinds": (
        "Quá nhiều loại quyền lợi khác nhau. Báo nơi gửi.",
        "There are too many different kinds of cover. Tell whoever sent the file.",
    ),
    "refused.too_many_names": (
        "Quá 100.000 tên. Chọn ít cơ sở hơn bằng --names-of.",
        "There are more than 100,000 names. Choose fewer clinics with --names-of.",
    ),
    "refused.busy": ("Đang có một lần nhập khác. Chờ rồi thử lại.", "Another import is at work. Wait for it."),
    "refused.no_space": (
        "Không ghi được bên cạnh danh sách: đầy đĩa hoặc không có quyền.",
        "Nothing can be written beside the roster: the disk is full, or this user may not.",
    ),
    "refused.pack_malformed": (
        "Gói danh sách hỏng. Tải lại gói đầy đủ.",
        "The pack of the roster is damaged. Fetch a whole one again.",
    ),
}


def say(word: str, language: Language, **values: object) -> str:
    """The words under this name; KeyError where there are none."""
    return _WORDS[word][language is Language.EN].format(**values)
