"""Issuers with bare keys: from files, wholly or not at all; and anchors for one format alone."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from idcard.errors import ConfigurationError, IdCardError
from idcard.trust.issuer_list import Issuer
from idcard.trust.signer_list import QrTrust

VECTORS = Path(__file__).parents[2] / "vectors" / "qr"
SHC = json.loads((VECTORS / "smart_health_cards.json").read_text())
[KEY] = SHC["jwks"]["keys"]
CSCA = base64.b64decode(json.loads((VECTORS / "vds_nc.json").read_text())["au_cscaCertData"])
SAID = {"format": 1, "issuer": "https://issuer.example", "for": ["smart_health_card"], "keys": [KEY]}
CRL = {"kid": KEY["kid"], "method": "rid", "ctr": 1, "rids": ["abc", "def.1638311286"]}


def test_a_file() -> None:
    issuer = Issuer.from_bytes(json.dumps(SAID | {"crls": [CRL]}).encode())
    [key] = issuer.keys
    assert (key.issuer, key.key_id, key.algorithm) == ("https://issuer.example", KEY["kid"], "ES256")
    assert key.formats == {"smart_health_card"}
    assert key.goes_by(KEY["kid"])
    assert key.goes_by(KEY["kid"].encode())
    assert key.goes_by(None)
    assert not key.goes_by("other")
    assert not key.goes_by(b"other")
    assert issuer.revoked[KEY["kid"]].cards.keys() == {"abc", "def"}


@pytest.mark.parametrize(
    "more",
    [
        {"format": 2},
        {"issuer": ""},
        {"issuer": 5},
        {"issuer": "a\nb"},
        {"for": []},
        {"for": "smart_health_card"},
        {"keys": []},
        {"keys": [KEY | {"use": "enc"}]},
        {"keys": [KEY | {"d": "AA"}]},
        {"keys": [KEY | {"kid": 5}]},
        {"keys": [KEY | {"crlVersion": -1}]},
        {"keys": ["x"]},
        {"more": 1},
        {"crls": {}},
        {"crls": [CRL | {"method": "other"}]},
        {"crls": [CRL | {"ctr": "1"}]},
        {"crls": [CRL | {"rids": ["abc", "abc.1"]}]},
        {"crls": [CRL | {"rids": ["a" * 25]}]},
        {"crls": [CRL | {"rids": ["abc.999999999999"]}]},
        {"crls": [CRL | {"rids": None}]},
        {"crls": [CRL, CRL | {"ctr": 2, "rids": ["ghi"]}]},
        {"keys": [KEY, KEY | {"use": 5}]},
        {"keys": [KEY, KEY | {"x": "AA"}]},
        {"keys": [KEY, KEY | {"crv": "secp256k1", "d": "AA"}]},
        {"keys": [KEY | {"crv": []}]},
    ],
)
def test_what_is_no_file(more: dict[str, Any]) -> None:
    with pytest.raises(IdCardError):
        Issuer.from_bytes(json.dumps(SAID | more).encode())
    with pytest.raises(ConfigurationError):
        QrTrust.of(issuers=[json.dumps(SAID | more).encode()])


@pytest.mark.parametrize("foreign", [
    KEY | {"use": "enc"}, {"kty": "OKP", "crv": "X25519", "x": "AA"}, KEY | {"crv": "secp256k1"}, KEY | {"crv": []},
    {"kty": "oct"},
])  # fmt: skip
def test_a_key_for_something_else_is_passed_over(foreign: dict[str, Any]) -> None:
    """Sets of keys, as issuers publish them, hold such keys beside the one that signs."""
    issuer = Issuer.from_bytes(json.dumps(SAID | {"keys": [foreign, KEY]}).encode())
    assert [key.key_id for key in issuer.keys] == [KEY["kid"]]


def folder(path: Path, **files: bytes) -> Path:
    for name, data in files.items():
        file = path / "qr" / name.replace("__", "/").replace("_json", ".json").replace("_cer", ".cer")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return path


def test_the_folders(tmp_path: Path) -> None:
    empty = QrTrust.of().version
    trust = QrTrust.from_directory(
        folder(tmp_path, issuers__one_json=json.dumps(SAID).encode(), anchors__icao_vds__csca_cer=CSCA)
    )
    assert [one.name for one in trust.issuers] == ["https://issuer.example"]
    assert trust.has_anchors("icao_vds")
    assert not trust.has_anchors("other")
    assert len({empty, trust.version, QrTrust.of(issuers=[json.dumps(SAID).encode()]).version}) == 3
    assert QrTrust.of(anchors={"icao_vds": [CSCA]}).version != QrTrust.of(anchors={"icao_idb": [CSCA]}).version


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("issuers__one_cer", CSCA),
        ("issuers__one_json", b"{}"),
        ("anchors__csca_cer", CSCA),
        ("anchors__icao_vds__b_cer", b"x"),
    ],
)
def test_what_does_not_belong_there(tmp_path: Path, name: str, data: bytes) -> None:
    with pytest.raises(ConfigurationError):
        QrTrust.from_directory(folder(tmp_path, **{name: data}))


def test_an_issuer_is_found_by_name_and_key() -> None:
    trust = QrTrust.of(issuers=[json.dumps(SAID).encode()])
    assert len(trust.issuer_keys("https://issuer.example", None)) == 1
    assert len(trust.issuer_keys(None, KEY["kid"])) == 1
    for issuer, key_id in (("https://other.example", KEY["kid"]), ("https://issuer.example", "other"), (None, None)):
        assert not trust.issuer_keys(issuer, key_id)


# The form of the framework's directories: "directory", "time", and of each issuer its address, keys and lists.
DIRECTORY: dict[str, Any] = {
    "directory": "https://spec.smarthealth.cards/examples",
    "time": "2022-02-28T22:38:31Z",
    "issuerInfo": [
        {"issuer": {"iss": "https://a.example", "name": "A"}, "keys": [KEY], "crls": [CRL], "lastRetrieved": "x"},
        {"issuer": {"iss": "https://b.example", "name": "B"}, "keys": [KEY]},
        {"issuer": {"iss": "https://gone.example", "name": "C"}, "keys": []},
    ],
}


def test_a_directory_s_snapshot() -> None:
    trust = QrTrust.of(issuers=[json.dumps(DIRECTORY).encode()])
    assert [one.name for one in trust.issuers] == ["https://a.example", "https://b.example"]
    assert {one.formats for one in trust.issuers} == {frozenset({"smart_health_card"})}
    first, second = trust.issuers
    assert (len(first.revoked), len(second.revoked)) == (1, 0)


@pytest.mark.parametrize(
    "entry",
    [
        5,
        {},
        {"issuer": "x", "keys": [KEY]},
        {"issuer": {"iss": 5}, "keys": [KEY]},
        {"issuer": {"iss": "https://a.example"}, "keys": [{"kty": "oct"}]},
        {"issuer": {"iss": "https://a.example"}},
    ],
)
def test_a_snapshot_counts_whole_or_not_at_all(entry: Any) -> None:
    with pytest.raises(ConfigurationError):
        QrTrust.of(issuers=[json.dumps(DIRECTORY | {"issuerInfo": [*DIRECTORY["issuerInfo"], entry]}).encode()])


def test_thousands_of_issuers_and_cards() -> None:
    crl = CRL | {"rids": [f"r{n}" for n in range(20_000)]}
    issuers = [{"issuer": {"iss": f"https://{n}.example"}, "keys": [KEY]} for n in range(1000)]
    issuers.append({"issuer": {"iss": "https://a.example"}, "keys": [KEY], "crls": [crl]})
    assert len(QrTrust.of(issuers=[json.dumps({"issuerInfo": issuers}).encode()]).issuers) == 1001
