"""What ``idcard trust`` says to people, in English and in Vietnamese."""

from collections.abc import Mapping
from types import MappingProxyType

from idcard.cli.shared import printable
from idcard.cli.texts import Language

_PAIRS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "anchor": ("anchor", "chứng thư gốc"),
        "link": ("link", "chứng thư nối"),
        "signer": ("document signer", "đơn vị ký"),
        "crl": ("revocation list", "danh sách thu hồi"),
        "deviation_list": ("deviation list", "danh sách sai lệch"),
        "master_list": ("master list", "danh sách gốc"),
        "unknown": ("unknown", "không rõ"),
        "self_signed": ("self-signed", "tự ký"),
        "missing_issuer": ("issuer missing", "thiếu nơi cấp"),
        "signature_wrong": ("signature wrong", "chữ ký sai"),
        "unsupported_algorithm": ("algorithm unknown", "thuật toán chưa biết"),
        "demonstration": ("demonstration only", "chỉ để minh họa"),
        "summary": (
            "{name}: {added} added, {known} known already, {refused} refused.",
            "{name}: thêm {added}, đã có {known}, từ chối {refused}.",
        ),
        "sha256": ("SHA-256 of the file: {sha256}", "SHA-256 của tệp: {sha256}"),
        "signed_list": (
            "Signed {signed_at}; the root behind it: {root}",
            "Ký lúc {signed_at}; chứng thư gốc bảo đảm: {root}",
        ),
        "refused": ("Refused: {what} {subject} ({reason})", "Từ chối: {what} {subject} ({reason})"),
        "judged": ("Signatures: {counts}", "Chữ ký: {counts}"),
        "removed": ("Removed: {what} {subject}", "Đã xóa: {what} {subject}"),
        "exported": ("Written: {count} certificates to {file}", "Đã ghi {count} chứng thư vào {file}"),
        "empty": ("Nothing was imported.", "Chưa nhập gì."),
        "no_anchor_in_force": ("no anchor of this state is in force", "không còn chứng thư gốc nào có hiệu lực"),
        "stale": ("out of date", "đã quá hạn cập nhật"),
        "remarked": ("Note: {what} {subject} ({reason})", "Lưu ý: {what} {subject} ({reason})"),
        "list_signer_expired": (
            "the signer of the list has expired since, {days} days ago",
            "người ký danh sách đã hết hạn từ {days} ngày trước",
        ),
        "list_signer_revoked": ("the signer of the list was revoked", "người ký danh sách đã bị thu hồi"),
        "from_the_future": ("dated in the future", "ghi ngày trong tương lai"),
        "left_out_of_the_newer_list": (
            "the newer list leaves it out; it stays until you remove it",
            "danh sách mới không còn; vẫn giữ cho đến khi được xóa",
        ),
        "withdrawn": ("left out of the newest list", "không còn trong danh sách mới nhất"),
        "older": ("older than what is here", "cũ hơn bản đang có"),
        "unknown_critical_extension": ("a condition that is not known", "có điều kiện chưa biết"),
        "anchor_in_an_unsigned_bundle": (
            "a CSCA certificate in a file that nobody signed",
            "chứng thư CSCA trong tệp không có chữ ký",
        ),
        "malformed_data": ("not well formed", "sai định dạng"),
        "unsupported": ("not supported", "chưa hỗ trợ"),
        "protocol_violation": ("not as its standard says", "trái tiêu chuẩn"),
        "signer_expired": ("its signer has expired", "chứng thư của người ký đã hết hạn"),
        "signer_not_yet_valid": ("its signer is not yet in force", "chứng thư của người ký chưa có hiệu lực"),
        "signed_outside_validity": (
            "signed outside the validity of its signer",
            "được ký ngoài thời hạn của chứng thư người ký",
        ),
        "anchor_not_in_force": ("its root is not in force", "chứng thư gốc của danh sách không có hiệu lực"),
        "not_version_3": ("not of version 3", "không phải phiên bản 3"),
        "serial_number": ("serial number not as prescribed", "số chứng thư sai quy định"),
        "no_country": ("no country named", "không ghi quốc gia"),
        "countries_differ": ("issuer and subject of different countries", "nơi cấp và chủ thể khác quốc gia"),
        "no_subject_key_identifier": ("no subject key identifier", "thiếu mã khóa chủ thể"),
        "no_authority_key_identifier": ("no authority key identifier", "thiếu mã khóa nơi cấp"),
        "no_basic_constraints": ("does not say that it may issue", "không ghi được phép cấp chứng thư"),
        "is_authority": ("says that it may issue", "ghi là được phép cấp chứng thư"),
        "key_usage": ("key usage not as prescribed", "mục đích khóa sai quy định"),
        "extended_key_usage": ("names extended key usages", "có mục đích khóa mở rộng"),
        "old_algorithm": ("algorithm too old", "thuật toán đã cũ"),
        "key_on_another_curve": ("key on another curve than named", "khóa thuộc đường cong khác"),
        "malformed_extension": ("an extension that is not well formed", "phần mở rộng sai định dạng"),
        "no_signer": ("not signed", "không có chữ ký"),
        "not_a_list_signer": ("signed by somebody who may not sign lists", "người ký không được phép ký danh sách"),
        "unknown_issuer": ("its root was not given", "chưa khai báo chứng thư gốc của danh sách"),
        "same_name_other_key": ("another root of this name", "chứng thư gốc khác cùng tên"),
        "issuer_name_differs": ("its root has another name", "chứng thư gốc mang tên khác"),
        "too_many_candidates": ("more certificates than any list needs", "quá nhiều chứng thư kèm theo"),
        "bound_exceeded": ("more in it than is looked at", "vượt quá giới hạn xem xét"),
        "not_an_authority": ("may not issue certificates", "không được phép cấp chứng thư"),
        "column.fingerprint": ("fingerprint", "mã SHA-256"),
        "column.kind": ("kind", "loại"),
        "column.subject": ("subject", "chủ thể"),
        "column.until": ("until", "đến ngày"),
        "column.added": ("added", "nhập ngày"),
        "column.source": ("from", "nguồn"),
        "by_hand": ("by hand", "đặt bằng tay"),
        "check.good": ("The store is whole.", "Kho chứng thư nguyên vẹn."),
        "check.version": ("Number {sequence}, version {version}", "Số {sequence}, phiên bản {version}"),
        "check.age": ("The newest list is {days} days old.", "Danh sách mới nhất đã {days} ngày."),
        "check.age_without_list": (
            "The newest import is {days} days old; no signed list was imported.",
            "Lần nhập mới nhất đã {days} ngày; chưa nhập danh sách có chữ ký nào.",
        ),
        "check.no_anchor": (
            "It holds no anchor, as declared on {day}.",
            "Chưa có chứng thư gốc, đã khai báo ngày {day}.",
        ),
        "check.finding": ("{what} {subject}: {finding}", "{what} {subject}: {finding}"),
        "check.state": ("The newest store is remembered in {file}", "Kho mới nhất được ghi nhớ trong {file}"),
        "pins.draft": (
            "Drafted: list {serial} with {count} pins. Two people sign it with: idcard trust pins sign {file}",
            "Đã soạn danh sách số {serial} gồm {count} mục. Hai người ký bằng: idcard trust pins sign {file}",
        ),
        "pins.list": ("List {serial}: {count} pins", "Danh sách số {serial}: {count} mục"),
        "pins.pin": (
            "{fingerprint}, {first} to {last}, {note}",
            "{fingerprint}, từ {first} đến {last}, {note}",
        ),
        "pins.signed": ("{name} has signed.", "{name} đã ký."),
        "pins.missing": ("Signatures still missing: {count}", "Số chữ ký còn thiếu: {count}"),
        "pins.unchecked": (
            "The signatures were not checked: that takes --pin-keys FILE.",
            "Chưa kiểm tra chữ ký: cần --pin-keys TỆP.",
        ),
        "pins.bad": (
            "NOT signed by two of the people named; under it stand: {names}",
            "CHƯA được hai người có tên ký; tên ghi dưới danh sách: {names}",
        ),
        "pins.good": ("Signed by two of the people named: {names}", "Hai người có tên đã ký: {names}"),
        "more": (
            "All about one entry: idcard trust show --trust DIR FINGERPRINT; whole fingerprints: --json",
            "Xem hết một mục: idcard trust show --trust THƯMỤC MÃ; mã SHA-256 đầy đủ: --json",
        ),
        "field.fingerprint": ("fingerprint", "mã SHA-256"),
        "field.kind": ("kind", "loại"),
        "field.country": ("country", "quốc gia"),
        "field.subject": ("subject", "chủ thể"),
        "field.issuer": ("issuer", "nơi cấp"),
        "field.serial_number": ("serial number", "số chứng thư"),
        "field.not_before": ("not before", "có hiệu lực từ"),
        "field.not_after": ("not after", "có hiệu lực đến"),
        "field.key": ("key", "khóa"),
        "field.subject_key_identifier": ("subject key identifier", "mã khóa chủ thể"),
        "field.remarks": ("remarks", "ghi chú"),
        "field.this_update": ("this update", "ngày lập"),
        "field.next_update": ("next update", "ngày cập nhật kế tiếp"),
        "field.number": ("number", "số"),
        "field.revoked": ("revoked", "số mục bị thu hồi"),
        "field.signed_at": ("signed at", "ký lúc"),
        "field.kinds": ("kinds", "các loại sai lệch"),
        "field.signed": ("signature", "chữ ký"),
        "check.bad": ("{count} entries need attention.", "{count} mục cần xem lại."),
        "check.remarks": ("{count} entries have remarks on their profile.", "{count} mục có ghi chú về hồ sơ."),
    }
)


def say_trust(key: str, language: Language, **parts: object) -> str:
    """The text for ``key``, its braces filled with what is printable.

    It is the key itself where a newer version of the library has made it.
    """
    pair = _PAIRS.get(key)
    told = {name: printable(part) for name, part in parts.items()}
    return pair[list(Language).index(language)].format(**told) if pair else printable(key)
