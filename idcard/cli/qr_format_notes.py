"""What is particular to each format of codes, in English and in Vietnamese, and the page that says it of all.

This, with :mod:`idcard.cli.qr_explain_words`, is the one source of what ``idcard qr explain`` says of a code at hand,
of ``idcard qr formats``, and of ``docs/qr-formats.md``.
"""

import textwrap
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from idcard.cli.qr_explain_words import NOT_PROVED, PROVED, TITLES, say_why
from idcard.cli.qr_words import say_qr
from idcard.cli.texts import Language

KINDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "vn_card_qr": ("unsigned",),
        "vn_bhyt_card": ("unsigned",),
        "vn_vneid": ("online",),
        "idcard_token": ("signed", "single_use"),
        "eu_dcc": ("signed",),
        "smart_health_card": ("signed", "part"),
        "icao_vds": ("signed", "unsigned"),
        "icao_idb": ("signed", "unsigned"),
        "icao_vds_nc": ("signed",),
        "mosip_claim_169": ("signed", "unsigned"),
        "cose_encrypted": ("encrypted",),
        "sd_jwt_vc": ("signed",),
        "w3c_vc_jwt": ("signed",),
        "iso_18013_5_mdoc": ("signed",),
        **dict.fromkeys(("iso_18013_5_engagement", "openid4vp_request"), ("request",)),
        **dict.fromkeys(("cwt", "sd_jwt", "jwt", "w3c_vc_json", "mosip_pixelpass"), ("named",)),
        **dict.fromkeys(("in_aadhaar", "ph_philsys", "fr_2d_doc"), ("named",)),
        "unknown": ("unknown",),
    }
)
"""What codes of a format can be worth at best, the usual first."""

_NOTES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "eu_dcc": (
            "Its dates are the signature's, not the vaccination's or the test's. Lists of single certificates that a "
            "state took back go into DIR/qr/revoked; without one, nobody looked.",
            "Ngày trong mã là của chữ ký, không phải của mũi tiêm hay xét nghiệm. Danh sách chứng nhận đã bị thu hồi "
            "đặt vào DIR/qr/revoked; không có danh sách thì chưa ai tra.",
        ),
        "smart_health_card": (
            "It says of itself that it is no form of identity. A card need not end; then only its issuer's list, in "
            "the issuer's file, takes it back. A card that is spread over several codes is judged once all are there.",
            "Thẻ tự ghi rằng mình không phải giấy tờ tùy thân. Thẻ có thể không có hạn; khi đó chỉ danh sách của nơi "
            "cấp, trong tệp của nơi cấp, mới thu hồi được. Thẻ trải trên nhiều mã chỉ được xét khi quét đủ.",
        ),
        "icao_vds": (
            "Most seals do not say until when they count, and then nobody here says it either. The profiles of BSI "
            "TR-03171 are seals: each is verified, and the certificate of registration has its fields named.",
            "Phần lớn con dấu không ghi hạn, và khi đó hạn để trống. Các hồ sơ BSI TR-03171 cũng là con dấu: đều được "
            "xác minh, riêng giấy xác nhận cư trú thì các trường có tên.",
        ),
        "icao_idb": (
            "Read as the draft and one foreign program have it. It may hold a portrait: compare that with the person.",
            "Đọc theo bản dự thảo và theo một chương trình khác. Mã có thể chứa ảnh: hãy so ảnh với người đang đưa.",
        ),
        "icao_vds_nc": (
            "It does not say until when it counts. Its signer must be for such seals, under a CSCA as for passports.",
            "Mã không ghi hạn. Nơi ký phải được cấp riêng cho loại dấu này, dưới CSCA như hộ chiếu.",
        ),
        "mosip_claim_169": (
            "It may hold a portrait: compare that with the person. How a country's key is found, the specification "
            "leaves open.",
            "Mã có thể chứa ảnh: hãy so ảnh với người đang đưa. Đặc tả không nói khóa của nước cấp lấy từ đâu.",
        ),
        "vn_card_qr": (
            "It holds the key to the chip, and the chip proves what the code cannot.",
            "Mã chứa khóa mở chip, và chip chứng minh được điều mã không thể.",
        ),
        "sd_jwt_vc": (
            "What its holder withholds is not in it, and no claim can be added. A proof of the holder's key that came "
            "along was made for somebody else: here it proves nobody. Lists of what its issuer took back (token status "
            "lists) go into DIR/qr/status; without one, nobody looked.",
            "Điều người giữ không đưa ra thì không có trong mã, và không thể thêm điều gì. Bằng chứng về khóa đi kèm "
            "được làm cho nơi khác: ở đây không chứng minh được ai. Danh sách thu hồi của nơi cấp (token status list) "
            "đặt vào DIR/qr/status; không có danh sách thì chưa ai tra.",
        ),
        "w3c_vc_jwt": (
            "Both ways of writing it are read: the claim vc of version 1.1, and version 2.0. Keys that only a network "
            "can find (did:web and the like) must be listed. The issuer's list of what it took back is not looked up.",
            "Đọc được cả hai cách ghi: trường vc của bản 1.1, và bản 2.0. Khóa chỉ tìm được qua mạng (did:web và tương "
            "tự) phải có trong danh sách. Chưa tra danh sách thu hồi của nơi cấp.",
        ),
        "iso_18013_5_mdoc": (
            "The standard has no code for it; it is read as CBOR, or as that in base64url. Elements that are not shown "
            "are not in it. A device's MAC is not judged, its signature only in answer to a request. Token status "
            "lists of its issuer go into DIR/qr/status.",
            "Tiêu chuẩn không định mã cho loại này; đọc dạng CBOR, hoặc CBOR ghi bằng base64url. Mục không đưa ra thì "
            "không có trong mã. MAC của thiết bị không được xét, chữ ký của thiết bị chỉ được xét khi trả lời yêu cầu. "
            "Danh sách thu hồi (token status list) đặt vào DIR/qr/status.",
        ),
        "openid4vp_request": (
            "Made here, too: idcard.request_presentation asks a wallet, idcard.verify_presentation judges the answer.",
            "Ở đây cũng tạo được: idcard.request_presentation hỏi ví, idcard.verify_presentation xét câu trả lời.",
        ),
        "iso_18013_5_engagement": (
            "No document is in it: it begins a session over another way.",
            "Trong mã không có giấy tờ nào: mã mở một phiên qua đường khác.",
        ),
    }
)

_INTRODUCTION = {
    Language.EN: (
        "What each code proves, what it does not, and how to make its signer known. `idcard qr explain FILE` says the "
        "same of the code at hand, `idcard qr formats` of all. `DIR` is the trust store: one for chips and codes. Its "
        "CSCA certificates are anchors for codes, too; `DIR/qr/anchors/FORMAT` holds anchors for one format alone.",
    ),
    Language.VI: (
        "Mỗi loại mã chứng minh được gì, không chứng minh được gì, và làm sao để nơi ký được biết đến. `idcard qr "
        "explain TỆP` nói như vậy về một mã, `idcard qr formats` về tất cả. `DIR` là kho chứng thư, dùng chung cho "
        "chip và mã. Chứng thư CSCA trong kho cũng là gốc cho mã; `DIR/qr/anchors/LOẠI` chứa gốc cho riêng một loại.",
    ),
}
_HEADINGS = {Language.EN: "The formats of codes", Language.VI: "Các loại mã"}
_ISSUER = {Language.EN: "the issuer", Language.VI: "nơi cấp"}
_CLINIC = {Language.EN: "CLINIC", Language.VI: "PHÒNG-KHÁM"}


def note_on(format_name: str, language: Language) -> str:
    """What is particular to a format, in a sentence or two; nothing where there is nothing."""
    pair = _NOTES.get(format_name)
    return "" if pair is None else pair[list(Language).index(language)]


def how_to_trust(format_name: str, kind: str, language: Language, issuer: str = "") -> str:
    """What to do so that such a code can be verified, by its format where that matters, else by its kind."""
    by_format = say_why(f"trust.{format_name}", language, clinic=issuer, issuer=issuer)
    by_kind = say_why(f"trust.{kind}", language)
    return by_kind if kind in _BY_KIND and KINDS[format_name][0] != "unsigned" else by_format or by_kind


_BY_KIND = frozenset({"unsigned", "part"})
"""Kinds of which a format's own way says nothing: such a code of a format whose others are signed."""


_COLUMNS = 140


def page(language: Language) -> Iterator[str]:
    """The lines of the page on all formats, in Markdown."""
    for line in _paragraphs(language):
        yield from textwrap.wrap(line, _COLUMNS, break_long_words=False, break_on_hyphens=False) or [""]


def _paragraphs(language: Language) -> Iterator[str]:
    yield f"# {_HEADINGS[language]}"
    for paragraph in _INTRODUCTION[language]:
        yield ""
        yield paragraph
    for name, kinds in KINDS.items():
        if name != "unknown":
            yield from _section(name, kinds, language)


def _section(name: str, kinds: tuple[str, ...], language: Language) -> Iterator[str]:
    yield ""
    yield f"## {TITLES[name][list(Language).index(language)]} (`{name}`)"
    for kind in kinds:
        yield ""
        yield say_qr(f"kind.{kind}", language)
    kind = kinds[-1] if name == "idcard_token" else kinds[0]
    for heading, keys in (("proves", PROVED[kind]), ("does_not_prove", NOT_PROVED[kind])):
        if keys:
            yield ""
            yield say_why(heading, language)
            yield ""
        for key in keys:
            yield f"* {say_why(f'{heading}.{key}', language)}"
    issuer = _CLINIC[language] if name == "idcard_token" else _ISSUER[language]
    yield ""
    yield say_why("trust", language) + how_to_trust(name, kinds[0], language, issuer)
    if note_on(name, language):
        yield ""
        yield note_on(name, language)
