"""``kiosk staff-cert``: certificates for the name by which other PCs call the staff's screen."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from kiosk.record_cli import errors_told
from kiosk.roster_words import Language

_WORDS = {
    "authority": ("Chứng thư của cơ quan riêng, cài vào từng máy tính", "Authority, to be installed on each PC"),
    "fingerprint": ("Dấu vân SHA-256, để so khi cài", "Its SHA-256 fingerprint, to compare when installing"),
    "certificate": ("Chứng thư của máy chủ", "Server's certificate"),
    "key": ("Khóa của máy chủ", "Server's key"),
    "until": ("Dùng được đến", "Good until"),
    "kept": ("Chứng thư còn dùng được, không làm lại.", "The certificate is still good; nothing was made anew."),
}


def staff_cert(
    config: Annotated[Path, typer.Option("--config", metavar="FILE", help="The staff's configuration.")],
    folder: Annotated[Path, typer.Option("--dir", metavar="FOLDER", help="Where authority and certificate lie.")],
    language: Annotated[Language, typer.Option("--lang", help="The language of messages.")] = Language.EN,
) -> None:
    """Make or renew the certificate of the staff screen's name (public_name), and the authority that signs it."""
    with errors_told(language):
        from idcard import ConfigurationError
        from kiosk.certificates import issue
        from kiosk.config import StaffConfig, load

        name = load(StaffConfig, config).public_name
        if name is None:
            raise ConfigurationError(
                "The staff's configuration has no public_name.",
                reason="wrong_setting",
                remedy="Put the name there by which other PCs call this screen.",
            )
        issued = issue(folder, name.partition(":")[0], datetime.now(UTC))
    rows = {
        "authority": issued.authority,
        "fingerprint": issued.fingerprint,
        "certificate": issued.certificate,
        "key": issued.key,
        "until": f"{issued.until:%Y-%m-%d}",
    }
    if not issued.renewed:
        typer.echo(_say("kept", language))
    for word, value in rows.items():
        typer.echo(f"{_say(word, language)}: {value}")


def _say(word: str, language: Language) -> str:
    vietnamese, english = _WORDS[word]
    return vietnamese if language is Language.VI else english
