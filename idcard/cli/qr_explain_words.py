"""What ``idcard qr explain`` says, in English and in Vietnamese: formats, what they prove, and of their signers."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from idcard.cli.texts import Language

_ALL: Final = ("origin", "unchanged", "original", "holder", "recent", "current")

PROVED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "signed": ("origin", "unchanged"),
        "single_use": ("origin", "unchanged", "recent", "first_use"),
        **dict.fromkeys(("unsigned", "online", "request", "named", "encrypted", "part", "unknown"), ()),
    }
)
"""What a code of that kind proves, once its signature is verified."""

NOT_PROVED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "signed": ("original", "holder", "recent", "current"),
        "single_use": ("original", "holder"),
        **dict.fromkeys(("unsigned", "online", "request", "named", "encrypted", "part", "unknown"), _ALL),
    }
)
"""What it does not prove, whatever is verified."""

TITLES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "vn_card_qr": ("Code printed on a Vietnamese identity card", "Mã in trên thẻ căn cước Việt Nam"),
        "vn_bhyt_card": ("Vietnamese health insurance card", "Thẻ bảo hiểm y tế Việt Nam"),
        "vn_vneid": ("Code of the app VNeID", "Mã của ứng dụng VNeID"),
        "idcard_token": ("Receipt or hand-off of a clinic", "Biên nhận hoặc mã chuyển tiếp của phòng khám"),
        "eu_dcc": (
            "EU digital COVID certificate; Vietnam's vaccine pass is one",
            "Chứng nhận COVID số theo chuẩn EU, như hộ chiếu vắc-xin Việt Nam",
        ),
        "smart_health_card": ("SMART Health Card", "Thẻ sức khỏe SMART Health Card"),
        "icao_vds": ("ICAO visible digital seal", "Con dấu số ICAO VDS"),
        "icao_idb": ("ICAO barcode data structure", "Mã vạch ICAO IDB"),
        "icao_vds_nc": ("ICAO seal of a health proof (VDS-NC)", "Con dấu số ICAO VDS-NC"),
        "fr_2d_doc": ("French 2D-Doc", "Mã 2D-Doc của Pháp"),
        "in_aadhaar": ("Indian Aadhaar code", "Mã Aadhaar của Ấn Độ"),
        "ph_philsys": ("Philippine PhilSys code", "Mã PhilSys của Philippines"),
        "mosip_claim_169": ("MOSIP identity code (Claim 169)", "Mã định danh MOSIP (Claim 169)"),
        "mosip_pixelpass": ("MOSIP PixelPass", "Mã MOSIP PixelPass"),
        "cose_encrypted": ("Encrypted message", "Mã đã mã hóa"),
        "cwt": ("CBOR web token", "Mã CBOR web token"),
        "iso_18013_5_engagement": ("Begin of a mobile licence's session", "Mã mở phiên giấy tờ di động ISO 18013-5"),
        "openid4vp_request": ("Request for a credential (OpenID4VP)", "Yêu cầu xuất trình giấy tờ (OpenID4VP)"),
        "iso_18013_5_mdoc": (
            "Mobile document (ISO 18013-5), as its issuer signed it",
            "Giấy tờ di động ISO 18013-5, phần nơi cấp đã ký",
        ),
        "sd_jwt_vc": ("Credential as SD-JWT (SD-JWT VC)", "Giấy tờ số dạng SD-JWT (SD-JWT VC)"),
        "sd_jwt": ("SD-JWT that calls itself no credential", "SD-JWT không tự nhận là giấy tờ"),
        "w3c_vc_jwt": ("W3C credential as JWT", "Giấy tờ số W3C dạng JWT"),
        "jwt": ("JSON web token (JWT)", "Mã JSON web token (JWT)"),
        "w3c_vc_json": ("Credential as JSON", "Giấy tờ số dạng JSON"),
        "unknown": ("No known format", "Không phải loại mã đã biết"),
    }
)
"""What a format is called, in English and in Vietnamese."""

_PAIRS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "proves": (
            "Proves, once its signature is verified under a known signer:",
            "Chứng minh được, khi chữ ký đã được xác minh với nơi ký đã biết:",
        ),
        "proves.origin": ("who made it", "ai đã làm ra mã"),
        "proves.unchanged": ("that nothing in it was changed", "nội dung không bị sửa"),
        "proves.recent": ("that it was made within the last five minutes", "mã được tạo trong năm phút vừa qua"),
        "proves.first_use": (
            "that it is shown for the first time, if whoever takes it remembers it",
            "mã được dùng lần đầu, nếu nơi nhận có ghi nhớ mã",
        ),
        "does_not_prove": ("Does not prove:", "Không chứng minh được:"),
        "does_not_prove.origin": ("who made it", "ai đã làm ra mã"),
        "does_not_prove.unchanged": ("that nothing in it was changed", "nội dung không bị sửa"),
        "does_not_prove.original": (
            "copying: a photo of it is as good as the code",
            "sao chép: ảnh chụp cũng dùng được như mã gốc",
        ),
        "does_not_prove.holder": (
            "the holder: nothing binds it to whoever shows it; compare a portrait, or read a card's chip",
            "người mang: không có gì gắn mã với người đang đưa; hãy so ảnh hoặc đọc chip của thẻ",
        ),
        "does_not_prove.recent": (
            "freshness: a copy of last year looks the same",
            "tính mới: bản sao từ năm trước trông cũng như vậy",
        ),
        "does_not_prove.current": (
            "that it still holds: the code does not know whether it was taken back",
            "còn giá trị: trong mã không ghi việc đã bị thu hồi hay chưa",
        ),
        "not_said": ("not said", "không ghi"),
        "signer": (
            "Signer, as the code says: {issuer}, key {key_id}, {algorithm}",
            "Nơi ký, theo mã ghi: {issuer}, khóa {key_id}, {algorithm}",
        ),
        "signer.no_list": (
            "Whether that signer is known was not looked up: use --trust DIR.",
            "Chưa tra xem nơi ký này có được biết không: hãy dùng --trust THƯMỤC.",
        ),
        "signer.listed": (
            "Your trust store believes that signer, and its key signed this; 'idcard qr verify' says what else counts.",
            "Kho chứng thư tin nơi ký này, và đúng khóa đó đã ký mã; 'idcard qr verify' cho biết các điều khác.",
        ),
        "signer.not_listed": (
            "Your trust store does not vouch for that signer; 'idcard qr verify' says why.",
            "Kho chứng thư không bảo đảm cho nơi ký này; 'idcard qr verify' cho biết lý do.",
        ),
        "trust": ("To verify it: ", "Để xác minh: "),
        "trust.eu_dcc": (
            "put the signer's certificate, from the issuing state's own list, into DIR/qr/signers (or into "
            "DIR/qr/certificates, if an anchor in DIR/csca issued it); then 'idcard qr verify FILE --trust DIR'.",
            "đặt chứng thư của nơi ký, lấy từ danh sách của nước cấp, vào DIR/qr/signers (hoặc DIR/qr/certificates "
            "nếu do chứng thư gốc trong DIR/csca cấp); rồi dùng 'idcard qr verify FILE --trust DIR'.",
        ),
        "trust.idcard_token": (
            "get the public key of the clinic {clinic} from the clinic itself and put it into DIR/qr/keys, in a file "
            "called {clinic}.pem; then 'idcard qr verify FILE --trust DIR'.",
            "xin khóa công khai của phòng khám {clinic} từ chính nơi đó, đặt vào DIR/qr/keys trong tệp "
            "{clinic}.pem; rồi dùng 'idcard qr verify FILE --trust DIR'.",
        ),
        "trust.sd_jwt_vc": (
            "put the keys of {issuer}, as it publishes them, into a file in DIR/qr/issuers, for sd_jwt_vc; or, where a "
            "certificate came along, its issuer's certificate into DIR/qr/anchors/sd_jwt_vc. Whoever shows it proves "
            "to be its holder only in answer to a request (OpenID4VP).",
            "đặt khóa của {issuer}, đúng như nơi đó công bố, vào một tệp trong DIR/qr/issuers, dùng cho sd_jwt_vc; nếu "
            "có chứng thư kèm theo, đặt chứng thư của nơi cấp chứng thư đó vào DIR/qr/anchors/sd_jwt_vc. Người đưa chỉ "
            "chứng minh mình là người giữ khi trả lời một yêu cầu (OpenID4VP).",
        ),
        "trust.w3c_vc_jwt": (
            "put the keys of {issuer}, as it publishes them, into a file in DIR/qr/issuers, for w3c_vc_jwt; or, where "
            "a certificate came along, its issuer's certificate into DIR/qr/anchors/w3c_vc_jwt.",
            "đặt khóa của {issuer}, đúng như nơi đó công bố, vào một tệp trong DIR/qr/issuers, dùng cho w3c_vc_jwt; "
            "nếu có chứng thư kèm theo, đặt chứng thư của nơi cấp chứng thư đó vào DIR/qr/anchors/w3c_vc_jwt.",
        ),
        "trust.iso_18013_5_mdoc": (
            "put the issuing authority's root (IACA) into DIR/qr/anchors/iso_18013_5_mdoc; the signer's certificate is "
            "in the code. Whoever shows it proves to be its holder only in answer to a request (OpenID4VP).",
            "đặt chứng thư gốc của cơ quan cấp (IACA) vào DIR/qr/anchors/iso_18013_5_mdoc; chứng thư của nơi ký có sẵn "
            "trong mã. Người đưa chỉ chứng minh mình là người giữ khi trả lời một yêu cầu (OpenID4VP).",
        ),
        "trust.smart_health_card": (
            "put the address and the keys of {issuer}, as it publishes them (.well-known/jwks.json), into a file in "
            "DIR/qr/issuers, for smart_health_card, after a directory that you trust named it.",
            "đặt địa chỉ và khóa của {issuer}, đúng như nơi đó công bố (.well-known/jwks.json), vào một tệp trong "
            "DIR/qr/issuers, dùng cho smart_health_card, sau khi một danh bạ mà bạn tin có nêu tên nơi đó.",
        ),
        "trust.icao_vds": (
            "put the signer's certificate, from the state or the ICAO PKD, into DIR/qr/certificates and the CSCA that "
            "issued it into DIR/csca; or into DIR/qr/signers/icao_vds, if you trust it as it is.",
            "đặt chứng thư của nơi ký, lấy từ nước cấp hoặc ICAO PKD, vào DIR/qr/certificates và CSCA đã cấp nó vào "
            "DIR/csca; hoặc vào DIR/qr/signers/icao_vds nếu bạn tin thẳng chứng thư đó.",
        ),
        "trust.icao_idb": (
            "put the signer's certificate, from the state or the ICAO PKD, into DIR/qr/certificates (if the code "
            "does not bring it) and the CSCA that issued it into DIR/csca; or into DIR/qr/signers/icao_idb, if you "
            "trust it as it is.",
            "đặt chứng thư của nơi ký, lấy từ nước cấp hoặc ICAO PKD, vào DIR/qr/certificates (nếu mã không kèm sẵn) "
            "và CSCA đã cấp nó vào DIR/csca; hoặc vào DIR/qr/signers/icao_idb nếu bạn tin thẳng chứng thư đó.",
        ),
        "trust.icao_vds_nc": (
            "put the CSCA of the issuing state into DIR/csca, as for its passports; the signer's certificate is in the "
            "code.",
            "đặt CSCA của nước cấp vào DIR/csca, như với hộ chiếu; chứng thư của nơi ký có sẵn trong mã.",
        ),
        "trust.mosip_claim_169": (
            "get the key of {issuer} from the country that issues it, and put it as a JSON web key into a file in "
            "DIR/qr/issuers, for mosip_claim_169; where a certificate came along, its root into "
            "DIR/qr/anchors/mosip_claim_169.",
            "xin khóa của {issuer} từ nước cấp, đặt dưới dạng JSON web key vào một tệp trong DIR/qr/issuers, dùng cho "
            "mosip_claim_169; nếu có chứng thư kèm theo, đặt chứng thư gốc vào DIR/qr/anchors/mosip_claim_169.",
        ),
        "trust.encrypted": (
            "it must be opened first, with the key that its issuer gives to whoever may read it; a program does so "
            "with idcard.decrypt_code.",
            "trước hết phải mở mã bằng khóa mà nơi cấp trao cho người được đọc; phần mềm làm việc này bằng "
            "idcard.decrypt_code.",
        ),
        "trust.part": (
            "scan the other codes of the document, too; a program puts them together with idcard.join_health_card.",
            "hãy quét cả các mã còn lại của giấy tờ; phần mềm ghép chúng bằng idcard.join_health_card.",
        ),
        "trust.unsigned": (
            "nobody signed it, so that no list of signers can help.",
            "không ai ký mã này, nên không danh sách nào giúp được.",
        ),
        "trust.vn_card_qr": (
            "no list of signers can help. Read the card's chip: 'idcard read --card-qr' takes its key from this code.",
            "không danh sách nào giúp được. Hãy đọc chip: 'idcard read --card-qr' lấy khóa từ mã này.",
        ),
        "trust.vn_bhyt_card": (
            "no list of signers can help. Ask the health insurance's own service, or read the holder's card.",
            "không danh sách nào giúp được. Hãy hỏi cổng của bảo hiểm xã hội, hoặc đọc thẻ căn cước.",
        ),
        "trust.online": (
            "only the issuer's own service can, within 60 seconds: a program hands it to an OnlineCodeVerifier.",
            "chỉ dịch vụ của nơi cấp làm được, trong 60 giây: phần mềm chuyển mã cho OnlineCodeVerifier.",
        ),
        "trust.request": (
            "there is nothing to verify in it; judge what it leads to.",
            "trong mã không có gì để xác minh; hãy xét nội dung mà mã dẫn tới.",
        ),
        "trust.named": (
            "this version cannot; use the issuer's own app.",
            "phiên bản này chưa làm được; hãy dùng ứng dụng của nơi cấp.",
        ),
        "trust.unknown": (
            "nobody here knows how; do not take it for an identity.",
            "không rõ cách; không lấy mã này làm danh tính.",
        ),
    }
)


def say_why(key: str, language: Language, **values: object) -> str:
    """The text called ``key``, its places filled in; nothing where there is none."""
    pair = _PAIRS.get(key)
    return "" if pair is None else pair[list(Language).index(language)].format(**values)
