"""Where fuzzing begins: the standards' vectors, files of a simulated card, codes of invented people."""

import json
import zlib
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any

from code_seeds import signed_codes
from down_seeds import what_comes_down
from sync_seeds import sync_messages

from idcard.errors import MalformedData
from idcard.evidence_file.envelope import unwrap
from idcard.lds.layout import File
from idcard.qr import base45
from idcard.qr.inflate import inflate
from idcard.testing import Holder, Issuer
from idcard.trust.archive import to_bytes

CORPORA = Path(__file__).resolve().parent / "corpus"
VECTORS = Path(__file__).resolve().parents[1] / "vectors"
LARGEST = 4096
HOLDER = Holder(
    personal_number="036190012345",
    name="NGUYỄN THỊ MẪU",
    birth=date(1990, 1, 2),
    sex="F",
    issued=date(2024, 8, 1),
    expiry=date(2030, 1, 2),
)
CARD_TEXT = "036190012345|123456789|Nguyễn Thị Mẫu|02011990|Nữ|Số 1, Phố Mẫu, Nam Định|01082024"
INSURANCE_TEXT = (
    "GD4363620000001|4e677579e1bb856e205468e1bb8b204de1baab75|02/01/1990|2|5875e1baa5|36 - 001|01/01/2026|31/12/2026|"
    "01/01/2026|36036200000001|-|4|01/01/2031|15e3f4|$"
)
GATEWAY = {
    "maKetQua": "000",
    "ghiChu": "Thẻ còn giá trị",
    "maThe": "GD4363620000001",
    "hoTen": "Nguyễn Thị Mẫu",
    "ngaySinh": "02/01/1990",
    "gioiTinh": "Nữ",
    "maDKBD": "36001",
    "gtTheTu": "01/01/2026",
    "gtTheDen": "31/12/2026",
    "dsLichSuKCB2025": [{"maHoSo": "1", "maCSKCB": "36001", "ngayVao": "202601020645", "ngayRa": "202601020900"}],
    "APIKey": {"access_token": "x", "id_token": "y", "token_type": "bearer"},
    "maGiaoDich": "36001-1",
}
DECISION = {
    **{"online": "answered", "code": None, "reasons": [], "step": "admit", "next": "none", "result": "000"},
    **{"coverage": None, "as_of": "2026-11-02T06:45:00Z", "shift_id": "1"},
}
TEMPLATES = {
    "dg5": "6516020101" + "5F4010" + "FFD8FFE0" + "00" * 12,
    "dg8": "6807020101" + "5F44" + "020102",
    "dg11": "6B14" + "5C025F0E" + "5F0E0D" + "564F3C3C54485545" + "3C4D4155" + "41",
    "dg12": "6C0C" + "5C025F26" + "5F2604" + "20240801" + "00",
    "dg16": "7012" + "020101" + "A10D" + "5F5004" + "20240801" + "5F5103" + "4D4155",
    "tlv_run": "61094F07A0000002471001",
    "directory": "61094F07A0000002471001",
    "atr_info": "7F66080202" + "03E8" + "0202" + "03E8",
    "capabilities": "73C00180",
    "vneid": "564E4549440A",
    "token": "D28443A10126A0",
    "cbor": "D28443A10126A0F6",
}
"""Small files of which no vector is at hand, in hexadecimal digits."""

FILE_TARGETS = {
    File.CARD_ACCESS: "card_access",
    File.COM: "com",
    File.SOD: "sod",
    **{File.of_data_group(number): f"dg{number}" for number in (1, 2, 3, 4, 5, 8, 11, 12, 13, 14, 15, 16)},
}


def kept(target: str) -> list[bytes]:
    """The inputs of the kept corpus of ``target``."""
    path = CORPORA / f"{target}.txt"
    return [b64decode(line) for line in path.read_text().split()] if path.exists() else []


def seeds(target: str) -> list[bytes]:
    """The inputs that fuzzing of ``target`` starts from: none greater than ``LARGEST`` bytes, and the kept ones."""
    return [seed for name, seed in every_seed() if name == target and len(seed) <= LARGEST] + kept(target)


def every_seed() -> Iterator[tuple[str, bytes]]:
    """Pairs of a target's name and an input."""
    yield from _card()
    yield from _codes()
    yield from signed_codes()
    yield from _trust()
    yield from _texts()
    yield from sync_messages()
    yield from what_comes_down()


def _card() -> Iterator[tuple[str, bytes]]:
    start = datetime(2021, 1, 1, tzinfo=UTC)
    issuer = Issuer.create(at=start, entropy=Random(9).randbytes)
    files = issuer.issue(HOLDER, entropy=Random(10).randbytes).files
    specimen = VECTORS / "chip" / "bsi2008_specimen"
    found = [*files.items(), *((_file_of(path), path.read_bytes()) for path in sorted(specimen.glob("*.bin")))]
    found.append((File.of_data_group(14), (VECTORS / "chip" / "icao_sample_dg14.bin").read_bytes()))
    for file, content in found:
        if file in FILE_TARGETS:
            yield FILE_TARGETS[file], content
            yield "tlv", content
            yield "ber", content
    yield "certificate", issuer.csca_certificate
    yield "certificate", issuer.signer.certificate
    yield "mrz", HOLDER.mrz_text().encode()


def _file_of(path: Path) -> File | None:
    name = path.stem.upper().removeprefix("EF_").replace("DATAGROUP", "DG")
    return next((file for file in File if file.name == name), None)


def _codes() -> Iterator[tuple[str, bytes]]:
    for text in _strings(json.loads((VECTORS / "qr" / "dcc.json").read_bytes())[:4]):
        if text.startswith("HC1:"):
            yield "covid_certificate", text.encode()
            yield "recognise", text.encode()
            yield "base45", text[4:].encode()
            yield from _signed(text)
    for name in ("claim169", "smart_health_cards", "vds_idb", "vds_nc"):
        for text in _strings(json.loads((VECTORS / "qr" / f"{name}.json").read_bytes())):
            if 40 < len(text) <= LARGEST:
                yield "recognise", text.encode()


def _signed(text: str) -> Iterator[tuple[str, bytes]]:
    try:
        signed = inflate(base45.decode(text[4:].encode()))
    except MalformedData:
        return
    yield "cose", signed
    yield "covid_cose", signed
    yield "cbor", signed


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for inside in value.values() if isinstance(value, dict) else value:
            yield from _strings(inside)


def _trust() -> Iterator[tuple[str, bytes]]:
    for path in sorted((VECTORS / "trust").glob("*.cer")):
        yield "certificate", path.read_bytes()
    sod = (VECTORS / "trust" / "ef_sod_austria.bin").read_bytes()
    yield "sod", sod
    yield "cms", sod[4:]
    yield "ber", sod[4:]
    signer = (VECTORS / "trust" / "csca_vietnam_passport_2022.cer").read_bytes()
    yield "ber", signer
    yield "master_list", sod[4:]
    yield "deviation_list", sod[4:]
    yield "card_security", sod[4:]
    written = datetime(2026, 11, 2, tzinfo=UTC)
    yield "trust_archive", to_bytes([], [], sequence=1, previous="", written_at=written)
    kept_file = (VECTORS / "evidence" / "version_1.bin").read_bytes()
    yield "evidence_file", kept_file
    yield "evidence_content", unwrap(kept_file, open_with=None).payload
    specimens = json.loads((VECTORS / "qr" / "vds_nc.json").read_bytes())
    for text in _strings(specimens.get("au_crlWithSerialNumberData")):
        yield "crl", text.encode()


def _texts() -> Iterator[tuple[str, bytes]]:
    for name in ("card_qr", "recognise", "scanner_text"):
        yield name, CARD_TEXT.encode()
    for name in ("insurance_card", "recognise", "scanner_text"):
        yield name, INSURANCE_TEXT.encode()
    yield "scanner_stream", b"".join(bytes([9, len(part)]) + part for part in _pieces(CARD_TEXT.encode()))
    yield "gateway_answer", json.dumps(GATEWAY, ensure_ascii=False).encode()
    yield "hl7_answer", b"MSH|^~\\&|HIS|BV|KIOSK|36001|20260102064500||ACK^A04|1|P|2.5\rMSA|AA|1\r"
    yield "configuration", (Path("kiosk") / "demo" / "clinic.toml").read_bytes()
    yield (
        "cover_question",
        json.dumps({"name": "MẪU", "birth": {"year": 1990}, "personal_number": "036190012345"}).encode(),
    )
    yield "cover_answer", b'{"online":"too_late"}'
    yield "cover_answer", json.dumps(DECISION).encode()
    for name, file in TEMPLATES.items():
        yield name, bytes.fromhex(file)
    yield "inflate", zlib.compress(CARD_TEXT.encode())
    yield "apdu_command", bytes.fromhex("00A4040C07A0000002471001")
    yield "apdu_response", bytes.fromhex("6F00849000")
    yield "traffic", b'{"version": 1}\n'


def _pieces(data: bytes) -> Iterator[bytes]:
    for at in range(0, len(data), 32):
        yield data[at : at + 32]
