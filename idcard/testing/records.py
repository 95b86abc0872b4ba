"""The files of a simulated Vietnamese card, built byte by byte from its holder.

Source: ICAO Doc 9303-10 (EF.COM, DG1, DG2, DG14, DG15); ISO/IEC 19794-5 (face record); BSI TR-03110-3, "SecurityInfos";
DG13 as seen on Vietnamese cards.
"""

from datetime import date

from idcard.encoding import tlv
from idcard.lds.layout import File
from idcard.testing import der, portrait
from idcard.testing.chip_crypto import Suite
from idcard.testing.chip_pace import Profile
from idcard.testing.chip_proof import ChipKey
from idcard.testing.holder import Holder

# Byte for byte what real Vietnamese cards answer, as four independent programs have recorded it.
VIETNAMESE_CARD_ACCESS = bytes.fromhex(
    "3134300d060804007f0007020202020101300f060a04007f000702020302030201013012060a04007f0007020204020202010202010d"
)
VIETNAMESE_PACE = Profile(suite=Suite.AES128, parameter_id=13)
VIETNAMESE_CHIP_AUTHENTICATION = Profile(suite=Suite.AES192, parameter_id=13)
DATA_GROUPS = (1, 2, 13, 14, 15)
NO_EXPIRY_TEXT = "Không thời hạn"
_ID_TA = "0.4.0.127.0.7.2.2.2"
_ID_PK_DH = "0.4.0.127.0.7.2.2.1.1"
_ID_PK_ECDH = "0.4.0.127.0.7.2.2.1.2"
_ID_AA = "2.23.136.1.1.5"
_UTF8 = "1.0.10646.1.0.8"


def pace_info(pace: Profile) -> bytes:
    """The PACEInfo of ``pace``, version 2."""
    return der.sequence(der.oid(pace.pace_oid), der.integer(2), der.integer(pace.info_parameter))


def pace_infos(profiles: tuple[Profile, ...]) -> list[bytes]:
    """The PACEInfos, and the domain parameters that are written out."""
    infos = [pace_info(profile) for profile in profiles]
    for profile in profiles:
        if profile.written_as is not None:
            number = der.integer(profile.written_as)
            infos.append(der.sequence(der.oid(profile.pace_kind), profile.domain.algorithm(), number))
    return infos


def chip_authentication_info(chip: Profile, version: int = 1, key_id: int | None = None) -> bytes:
    """The ChipAuthenticationInfo of ``chip``; the one key has no identifier unless it is given."""
    number = b"" if key_id is None else der.integer(key_id)
    return der.sequence(der.oid(chip.chip_authentication_oid), der.integer(version), number)


def chip_authentication_infos(
    chip_spki: bytes, *, chip: Profile, version: int = 1, key_id: int | None = None, named: bool = True
) -> list[bytes]:
    """The ChipAuthenticationInfo, where the cipher is ``named``, and the ChipAuthenticationPublicKeyInfo."""
    number = b"" if key_id is None else der.integer(key_id)
    key = der.sequence(der.oid(_ID_PK_ECDH if chip.domain.elliptic else _ID_PK_DH), chip_spki, number)
    return [chip_authentication_info(chip, version, key_id), key] if named else [key]


def card_security(
    chip_spki: bytes, *, chip: Profile, pace: tuple[Profile, ...], version: int = 1, key_id: int | None = None
) -> bytes:
    """The SecurityInfos that EF.CardSecurity signs: those of EF.CardAccess, and the chip's public key."""
    return der.set_of(
        terminal_authentication_info(),
        *chip_authentication_infos(chip_spki, chip=chip, version=version, key_id=key_id),
        *pace_infos(pace),
    )


def terminal_authentication_info() -> bytes:
    """The TerminalAuthenticationInfo, version 1."""
    return der.sequence(der.oid(_ID_TA), der.integer(1))


def card_access(
    pace: Profile = VIETNAMESE_PACE,
    chip: Profile = VIETNAMESE_CHIP_AUTHENTICATION,
    *more: Profile,
    version: int = 1,
) -> bytes:
    """EF.CardAccess, in the order of the real one."""
    infos = pace_infos((pace, *more))
    return tlv.build(0x31, terminal_authentication_info(), chip_authentication_info(chip, version), *infos)


def com(data_groups: tuple[int, ...] = DATA_GROUPS) -> bytes:
    """EF.COM: LDS 1.7, Unicode 4.0.0 and the tags of ``data_groups``."""
    tags = bytes(File.of_data_group(number).tag for number in data_groups)
    parts = (tlv.build(0x5F01, b"0107"), tlv.build(0x5F36, b"040000"), tlv.build(0x5C, tags))
    return tlv.build(File.COM.tag, *parts)


def dg1(mrz_text: str) -> bytes:
    """DG1: the machine readable zone."""
    return tlv.build(File.DG1.tag, tlv.build(0x5F1F, mrz_text.encode("ascii")))


def dg2(holder: Holder) -> bytes:
    """DG2: one drawn face."""
    old = holder.issued.year - holder.birth.year >= 60
    look = portrait.Look.of(holder.portrait_seed or holder.personal_number, woman=holder.sex == "F", old=old)
    header = b"".join(
        tlv.build(tag, bytes.fromhex(value))
        for tag, value in ((0x80, "0101"), (0x81, "02"), (0x82, "00"), (0x87, "0101"), (0x88, "0008"))
    )
    record = face_record(portrait.jpeg(look), width=portrait.WIDTH, height=portrait.HEIGHT, sex=holder.sex)
    template = tlv.build(0x7F60, tlv.build(0xA1, header), tlv.build(0x5F2E, record))
    return tlv.build(File.DG2.tag, tlv.build(0x7F61, tlv.build(0x02, b"\x01"), template))


def face_record(image: bytes, *, width: int, height: int, sex: str) -> bytes:
    """An ISO 19794-5 facial record with one JPEG ``image``, full frontal, no feature points."""
    gender = b"\x01" if sex == "M" else b"\x02"
    facial = b"\x00\x00" + gender + bytes(13)  # feature points, gender, then colours, features, pose: not said
    picture = b"\x01\x00" + width.to_bytes(2) + height.to_bytes(2) + b"\x01\x00" + bytes(4)
    block = (4 + len(facial) + len(picture) + len(image)).to_bytes(4) + facial + picture + image
    return b"FAC\x00010\x00" + (14 + len(block)).to_bytes(4) + b"\x00\x01" + block


def dg13(holder: Holder) -> bytes:
    """DG13 of Vietnam: numbered entries, in the order of their numbers as on real cards (DER would sort otherwise)."""
    entries = b"".join(_entry(number, value) for number, value in _dg13_values(holder).items())
    body = der.integer(1) + der.oid(_UTF8) + tlv.build(0x31, entries)
    return tlv.build(File.DG13.tag, tlv.build(0x30, body))


def _dg13_values(holder: Holder) -> dict[int, bytes]:
    texts = {
        1: holder.personal_number,
        2: holder.name,
        3: _date(holder.birth),
        4: "Nam" if holder.sex == "M" else "Nữ",
        5: holder.nationality,
        6: holder.ethnicity,
        7: holder.religion,
        8: holder.origin,
        9: holder.address,
        10: holder.marks,
        11: _date(holder.issued),
        12: NO_EXPIRY_TEXT if holder.expiry is None else _date(holder.expiry),
    }
    values = {number: der.utf8(text) for number, text in texts.items()}
    if holder.father is not None or holder.mother is not None:
        values[13] = der.sequence(der.utf8(holder.father or ""), der.utf8(holder.mother or ""))
    if holder.spouse is not None:
        values[14] = der.sequence(der.utf8(holder.spouse))
    if holder.old_number is not None:
        values[15] = der.utf8(holder.old_number)
    values[16] = der.utf8(holder.chip_serial)
    return values


def _entry(number: int, value: bytes) -> bytes:
    return der.sequence(der.integer(number), value)


def _date(value: date) -> str:
    return f"{value:%d/%m/%Y}"


def dg14(
    chip_spki: bytes,
    proof: ChipKey | None,
    *,
    pace: Profile | None = VIETNAMESE_PACE,
    chip: Profile = VIETNAMESE_CHIP_AUTHENTICATION,
    more: tuple[Profile, ...] = (),
    version: int = 1,
    key_id: int | None = None,
    named: bool = True,
) -> bytes:
    """DG14: the security infos, consistent with EF.CardAccess.

    :param chip_spki: the public key for chip authentication. :param proof: the key for active authentication, if any.
    :param version: of chip authentication. :param key_id: the key's number. :param named: whether its cipher is named.
    """
    infos = [terminal_authentication_info()]
    infos += chip_authentication_infos(chip_spki, chip=chip, version=version, key_id=key_id, named=named)
    if pace is not None:
        infos += pace_infos((pace, *more))
    if proof is not None and proof.signature_oid is not None:
        infos.append(der.sequence(der.oid(_ID_AA), der.integer(1), der.oid(proof.signature_oid)))
    return tlv.build(File.DG14.tag, der.set_of(*infos))


def dg15(proof: ChipKey) -> bytes:
    """DG15: the public key for active authentication."""
    return tlv.build(File.DG15.tag, proof.spki)
