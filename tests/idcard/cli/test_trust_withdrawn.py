"""What ``idcard trust`` says where a newer master list leaves a certificate out, from lists that openssl signed."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from idcard.cli.texts import Language
from idcard.cli.trust_view import attention, entries_of
from idcard.cli.trust_words import say_trust
from idcard.testing import der
from idcard.trust.certificates import Certificate
from idcard.trust.store import TrustStore

Run = Callable[..., tuple[int, str, str]]
CONFIGURATION = """
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
extendedKeyUsage=critical,2.23.136.1.1.3
"""


def openssl(folder: Path, *arguments: str, data: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, input=data).stdout


@pytest.fixture
def lists(tmp_path: Path) -> tuple[Path, Path]:
    """Two master lists of one root; the second leaves a certificate out. The root is in r.pem, the other in o.pem."""
    (tmp_path / "c.cnf").write_text(CONFIGURATION)
    new = ["req", "-config", "c.cnf", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-x509"]
    for name, subject in (("r", "/C=AA/CN=Root"), ("o", "/C=BB/CN=Other")):
        files = ["-keyout", f"{name}.key", "-out", f"{name}.pem"]
        openssl(tmp_path, *new, "-extensions", "root", "-subj", subject, *files)
    by_root = ["-CA", "r.pem", "-CAkey", "r.key", "-keyout", "l.key", "-out", "l.pem"]
    openssl(tmp_path, *new, "-extensions", "lists", "-subj", "/C=AA/CN=Lists", *by_root)
    root, other = (openssl(tmp_path, "x509", "-in", f"{name}.pem", "-outform", "DER") for name in "ro")
    sign = ["cms", "-sign", "-binary", "-nodetach", "-outform", "DER", "-econtent_type", "2.23.136.1.1.2"]
    for name, listed in (("old.ml", (root, other)), ("new.ml", (root,))):
        content = der.sequence(der.integer(0), der.set_of(*listed))
        signed = openssl(tmp_path, *sign, "-signer", "l.pem", "-inkey", "l.key", data=content)
        (tmp_path / name).write_bytes(signed)
    return tmp_path / "old.ml", tmp_path / "new.ml"


def test_it_is_told_at_once_and_whenever_the_store_is_looked_at(lists: tuple[Path, Path], run: Run) -> None:
    old, new = lists
    folder = old.parent
    store = folder / "trust"
    add = ["trust", "add", "--trust", store, "--root", folder / "r.pem"]
    assert run(*add, old)[0] == 0
    code, told, _ = run(*add, new)
    assert code == 0
    assert "Note: anchor C=BB, CN=Other (the newer list leaves it out; it stays until you remove it)" in told
    other = Certificate.from_bytes(openssl(folder, "x509", "-in", "o.pem", "-outform", "DER"))
    opened = TrustStore.from_directory(store)
    assert other in opened.anchors
    rows = {row["fingerprint"]: row for row in entries_of(opened)}
    assert [one for one, row in rows.items() if "withdrawn" in row["remarks"]] == [other.fingerprint]
    findings, _ = attention(opened, other.not_before)
    assert [(one["fingerprint"], one["finding"]) for one in findings] == [(other.fingerprint, "withdrawn")]
    # One that has run out is of no use to anybody: nothing needs to be done about it.
    assert "withdrawn" not in {one["finding"] for one in attention(opened, other.not_after.replace(year=2200))[0]}
    # Whoever hands it over by itself vouches for it.
    assert run(*add, folder / "o.pem")[0] == 0
    assert attention(TrustStore.from_directory(store), other.not_before)[0] == []


def test_programs_are_told_too(lists: tuple[Path, Path], run: Run) -> None:
    old, new = lists
    add = ["trust", "add", "--trust", old.parent / "trust", "--root", old.parent / "r.pem", "--json"]
    run(*add, old)
    findings = json.loads(run(*add, new)[1])["files"][0]["findings"]
    assert [(one["outcome"], one["reason"], one["days"]) for one in findings if one["outcome"] != "known"] == [
        ("withdrawn", "left_out_of_the_newer_list", None)
    ]


@pytest.mark.parametrize("language", Language)
def test_an_age_is_told_in_words(language: Language) -> None:
    assert "40" in say_trust("list_signer_expired", language, days=40)
