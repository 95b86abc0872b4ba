"""The texts and the style sheet of the page for the desk."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from idcard.verification.words import Words

_PAIRS = {
    "title": ("Kết quả xác minh thẻ", "Verdict on a card"),
    "proved": ("Đã xác minh", "Proved"),
    "not_proved": ("Chưa xác minh được", "Not proved"),
    "failed": ("Không đạt", "Failed"),
    "read": ("Đã đọc, không dùng để xác minh", "Read; no proof of who this is"),
    "rung": ("Nơi ký", "Signer"),
    "holder_proved": ("Chủ thẻ, đã xác minh", "Holder, proved"),
    "holder_claimed": ("Chip ghi như sau, chưa xác minh", "What the chip says, not proved"),
    "name": ("Họ và tên", "Name"),
    "name_latin": ("Tên không dấu", "Name without accents"),
    "personal_number": ("Số định danh cá nhân", "Personal number"),
    "document_number": ("Số giấy tờ", "Document number"),
    "birth": ("Ngày sinh", "Born"),
    "sex": ("Giới tính", "Sex"),
    "sex_M": ("Nam", "Male"),
    "sex_F": ("Nữ", "Female"),
    "issuing_state": ("Nước cấp", "Issuing state"),
    "nationality": ("Quốc tịch", "Nationality"),
    "expiry": ("Có giá trị đến", "Valid until"),
    "never": ("Không thời hạn", "Does not expire"),
    "portrait": ("Ảnh trong chip", "Portrait in the chip"),
    "portrait_not_shown": (
        "Ảnh trong chip ở định dạng mà trình duyệt không hiển thị được.",
        "The portrait in the chip has a format that a browser cannot show.",
    ),
    "facts": ("Từng nội dung kiểm tra", "What was judged"),
    "particulars": ("Thông tin đối chiếu", "For the record"),
    "at": ("Thời điểm xét", "Judged"),
    "read_at": ("Thời điểm đọc thẻ", "Read"),
    "witness": ("Nơi đọc thẻ", "Read by"),
    "witness_here": ("máy này", "this computer"),
    "witness_device": ("đầu đọc quen biết, có chữ ký", "a known device, which signed for it"),
    "witness_unknown": (
        "không rõ: không có đầu đọc quen biết nào ký chứng",
        "not known: no known device signed for it",
    ),
    "challenge": ("Câu hỏi kiểm tra chip", "Challenge to the chip"),
    "challenge_caller": ("do nơi yêu cầu xét đưa ra", "given by whoever asked for this verdict"),
    "challenge_here": ("do máy này đặt khi đọc thẻ", "made by this computer while it read"),
    "challenge_device": ("do đầu đọc đặt khi đọc thẻ", "made by the device while it read"),
    "challenge_unknown": ("không rõ của ai, đặt khi nào", "not known whose, nor when it was made"),
    "challenge_none": ("không có", "none"),
    "policy": ("Chính sách", "Policy"),
    "policy_digest": ("Nội dung chính sách (SHA-256)", "Content of the policy (SHA-256)"),
    "anchor": ("Chứng thư gốc (SHA-256)", "Trust anchor (SHA-256)"),
    "signer": ("Chứng thư nơi ký (SHA-256)", "Document signer (SHA-256)"),
    "trust_version": ("Phiên bản kho chứng thư", "Trust store version"),
    "personal": (
        "Trang này chứa dữ liệu cá nhân. Không lưu hoặc in nếu không cần.",
        "This page holds personal data. Do not keep or print it without need.",
    ),
}

TEXTS: Final[Mapping[str, Words]] = MappingProxyType({key: Words(vi=vi, en=en) for key, (vi, en) in _PAIRS.items()})
"""The page's own texts."""

STYLE: Final = """
:root{--ink:#17211f;--soft:#56635f;--line:#dbe3e0;--good:#0b6b3a;--bad:#a3161a;--open:#7a4b00;--paper:#fff}
*{box-sizing:border-box}
body{margin:0;background:#eef2f1;color:var(--ink);font:16px/1.5 "Noto Sans",system-ui,sans-serif}
main{max-width:52rem;margin:1.5rem auto;background:var(--paper)}
main{border:1px solid var(--line);border-radius:12px;overflow:hidden}
header{padding:1.25rem 1.75rem;color:#fff;background:var(--open)}
header.proved{background:var(--good)}header.failed{background:var(--bad)}
header p{margin:0;opacity:.92}header .title{font-size:.9rem}
h1{margin:.1rem 0;font-size:1.75rem;line-height:1.25}
h2{margin:0 0 .75rem;font-size:1.05rem}
section{padding:1.25rem 1.75rem;border-top:1px solid var(--line)}
.person div{display:flex;gap:1.5rem;align-items:flex-start}
img.portrait{width:9rem;height:auto;border-radius:8px;border:1px solid var(--line);flex:none}
p.portrait{width:9rem;margin:0;padding:.75rem;border:1px dashed var(--soft);border-radius:8px}
p.portrait{font-size:.875rem;flex:none}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.35rem 1.25rem;margin:0}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
.person dd:first-of-type{font-weight:700;font-size:1.15rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.5rem .75rem .5rem 0;border-top:1px solid var(--line)}
tr:first-child th,tr:first-child td{border-top:0}
th{font-weight:600;width:30%}.outcome{white-space:nowrap;font-weight:600;color:var(--open)}
.passed .outcome{color:var(--good)}.failed .outcome{color:var(--bad)}.noted .outcome{color:var(--soft)}
.particulars{font-size:.8125rem}.particulars p{color:var(--soft);margin:1rem 0 0}
@media(max-width:36rem){.person div{flex-direction:column}dl{grid-template-columns:1fr}dt{margin-top:.4rem}}
@media print{body{background:#fff}main{border:0;margin:0;max-width:none}}
@media print{header{color:#000;background:none;border-bottom:3px solid}}
"""
"""The one style sheet; the browser takes no other."""
