"""How entries of every kind are shown, from a small PKI that openssl made."""

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from idcard.cli import app
from idcard.cli.trust_view import attention, entries_of
from idcard.testing import der
from idcard.trust.archive import FILE, Archive, Kind, to_bytes
from idcard.trust.draft import Draft
from idcard.trust.store import TrustStore

AT = datetime.now(UTC) + timedelta(days=1)
CONFIGURATION = """
[ca]
default_ca=c
[c]
database=index
default_md=sha256
default_crl_days=30
crlnumber=number
crl_extensions=e
[e]
authorityKeyIdentifier=keyid
[req]
distinguished_name=d
[d]
[root]
subjectKeyIdentifier=hash
basicConstraints=critical,CA:true
keyUsage=critical,keyCertSign,cRLSign
[lists]
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
keyUsage=critical,digitalSignature
extendedKeyUsage=critical,2.23.136.1.1.8
"""


def openssl(folder: Path, *arguments: str, data: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, input=data).stdout


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with a root, a document signer, a revocation list and a deviation list."""
    (tmp_path / "c.cnf").write_text(CONFIGURATION)
    (tmp_path / "index").write_text("")
    (tmp_path / "number").write_text("05")
    new = ["req", "-config", "c.cnf", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    openssl(
        tmp_path, *new, "-x509", "-extensions", "root", "-subj", "/C=AA/CN=Root", "-keyout", "r.key", "-out", "r.pem"
    )
    openssl(tmp_path, *new, "-subj", "/C=AA/CN=Lists", "-keyout", "l.key", "-out", "l.csr")
    issue = ["x509", "-req", "-in", "l.csr", "-CA", "r.pem", "-CAkey", "r.key", "-set_serial", "7", "-days", "400"]
    openssl(tmp_path, *issue, "-extfile", "c.cnf", "-extensions", "lists", "-out", "l.pem")
    authority = ["ca", "-config", "c.cnf", "-cert", "r.pem", "-keyfile", "r.key"]
    openssl(tmp_path, *authority, "-gencrl", "-out", "crl.pem")
    described = der.sequence(der.oid("2.23.136.1.1.7.2.2"))
    content = der.sequence(der.integer(0), der.set_of(der.sequence(der.sequence(), der.set_of(described))))
    sign = ["cms", "-sign", "-binary", "-nodetach", "-econtent_type", "2.23.136.1.1.7", "-signer", "l.pem"]
    openssl(tmp_path, *sign, "-inkey", "l.key", "-outform", "DER", "-out", "deviations.dl", data=content)
    directory = tmp_path / "store"
    files = [str(tmp_path / name) for name in ("r.pem", "l.pem", "crl.pem", "deviations.dl")]
    result = CliRunner().invoke(app, ["trust", "add", *files, "--trust", str(directory)])
    assert result.exit_code == 0, result.output
    return directory


def opened(store: Path) -> TrustStore:
    return TrustStore.from_directory(store)


def test_every_kind_is_described(store: Path) -> None:
    rows: dict[str, Any] = {row["kind"]: row for row in entries_of(opened(store))}
    assert rows.keys() == {"anchor", "signer", "crl", "deviation_list"}
    assert (rows["crl"]["number"], rows["crl"]["revoked"], rows["crl"]["country"]) == ("5", 0, "AA")
    assert rows["crl"]["next_update"] > rows["crl"]["this_update"]
    assert rows["deviation_list"]["kinds"] == ["2.23.136.1.1.7.2.2"]
    assert rows["deviation_list"]["country"] == "AA"
    # It signs lists, not documents.
    assert rows["signer"]["remarks"] == ["extended_key_usage"]
    assert all(row["sources"] for row in rows.values())
    json.dumps(rows)


def test_a_list_that_is_overdue(store: Path) -> None:
    assert attention(opened(store), AT) == ([], 1)
    findings, _ = attention(opened(store), AT + timedelta(days=60))
    assert "stale" in [finding["finding"] for finding in findings]


def test_a_signature_that_became_wrong(store: Path) -> None:
    """Somebody wrote a store of their own: its digest is right, what is in it is not."""
    archive = Archive.read(store)
    draft = Draft.of(archive)
    entries = [
        entry if entry.kind != "signer" else type(entry)(**fields(entry) | {"data": changed(entry.data)})
        for entry in draft.entries.values()
    ]
    (store / FILE).write_bytes(to_bytes(entries, draft.sources, sequence=9, previous="", written_at=AT))
    findings, _ = attention(opened(store), AT)
    assert [(finding["kind"], finding["finding"]) for finding in findings] == [("signer", "signature_wrong")]


def test_lists_whose_anchor_was_removed(store: Path) -> None:
    """They count for nothing any more: every signer that they take back would be without a list."""
    draft = Draft.of(Archive.read(store))
    kinds = {entry.kind for entry in draft.entries.values()}
    for anchor in draft.certificates(Kind.ANCHOR):
        draft.remove(anchor.fingerprint)
    (store / FILE).write_bytes(draft.to_bytes(at=AT))
    (store / "trust.toml").write_text("format = 2\nno_anchor_yet = 2026-11-23\n")
    found = {(one["kind"], one["finding"]) for one in attention(opened(store), AT)[0]}
    assert kinds >= {"crl", "deviation_list"}
    assert found >= {("crl", "missing_issuer"), ("deviation_list", "unknown_issuer")}


def fields(entry: Any) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in entry.__slots__}


def changed(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])
