"""What the documents tell people to type is understood, and what can run without a reader runs as it stands there."""

import base64
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

import idcard
from idcard.cli import app, with_dashes
from idcard.testing import Holder, Issuer

ROOT = Path(__file__).parents[3]
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
COMMAND = f"#!/bin/sh\nexec {sys.executable} -c 'from idcard.cli import main; main()' \"$@\"\n"


def blocks(path: Path) -> list[str]:
    """The blocks that are for a shell."""
    found = BLOCK.findall(path.read_text(encoding="utf-8"))
    return [text for language, text in found if language in ("", "shell", "sh", "bash")]


def typed() -> Iterator[list[str]]:
    """Every ``idcard …`` in a block of the documents, as the shell gives it to the command."""
    for path in DOCS:
        for block in blocks(path):
            for line in block.replace("\\\n", " ").splitlines():
                words = shlex.split(line.split(" < ")[0], comments=True) if line.startswith("idcard ") else []
                if words:
                    yield words[1:]


def understood(arguments: list[str]) -> bool:
    """Whether the command takes these arguments; nothing is run."""
    command: Any = typer.main.get_command(app)
    rest, parent = with_dashes(arguments), None
    while True:
        context = command.make_context(command.name, list(rest), parent=parent)
        if not hasattr(command, "resolve_command"):
            return True
        _, found, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        assert found is not None
        command, parent = found, context


@pytest.mark.parametrize("arguments", list(typed()), ids=lambda arguments: " ".join(arguments)[:60])
def test_what_stands_there_is_understood(arguments: list[str]) -> None:
    assert understood(arguments)


def test_many_are_found() -> None:
    assert len(list(typed())) > 20


def saved_key(folder: Path, name: str) -> Ed25519PrivateKey:
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / f"{name}.key").write_bytes(pem)
    return key


@pytest.fixture
def desk(tmp_path: Path, issuer: Issuer, holder: Holder) -> Path:
    """A folder with what the documents name: keys, a signer's certificate, a reading."""
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "idcard"
    command.write_text(COMMAND)
    command.chmod(0o755)
    people = {
        name: base64.b64encode(saved_key(tmp_path, file).public_key().public_bytes_raw()).decode()
        for name, file in (("an.nguyen", "an"), ("binh.tran", "binh"))
    }
    lines = ["format = 1", "[keys]", *(f'"{name}" = "{text}"' for name, text in people.items())]
    (tmp_path / "people.toml").write_text("\n".join(lines))
    (tmp_path / "signer.cer").write_bytes(issuer.signer.certificate)
    device = saved_key(tmp_path, "device")
    public = device.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "device.pub").write_bytes(public)
    card = issuer.issue(holder)
    card.power_on()
    idcard.save_evidence(tmp_path / "visit.evidence", idcard.read(idcard.Can(holder.can), card), sign_with=device)
    return tmp_path


def test_signers_are_pinned_as_the_document_says(desk: Path) -> None:
    (block,) = [block for block in blocks(ROOT / "docs" / "command.md") if "trust pins draft" in block]
    script = f'PATH="{desk}/bin:$PATH"\nset -e\n{block}'
    result = subprocess.run(["/bin/sh", "-c", script], cwd=desk, capture_output=True, text=True, timeout=120)
    assert (result.returncode, result.stderr) == (0, "")
    assert "Signer: signer pinned by two named people" in result.stdout


def test_a_persons_public_key_is_made_as_the_document_says(desk: Path) -> None:
    text = (ROOT / "docs" / "command.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"`(openssl pkey -in an.key[^`]*)`", text)
    result = subprocess.run(["/bin/sh", "-c", line], cwd=desk, capture_output=True, text=True, timeout=60, check=True)
    assert f'"an.nguyen" = "{result.stdout.strip()}"' in (desk / "people.toml").read_text()
