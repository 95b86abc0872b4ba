"""What somebody agreed to: which words stood on the page, so that it can be said later, whatever they are by then."""

import gettext
import hashlib
from functools import cache
from pathlib import Path
from typing import Final

LOCALES: Final = Path(__file__).resolve().parents[1] / "locales"
_SAID: Final = ("consent.title", "consent.text")


@cache
def consent_words() -> str:
    """The mark of the words that ask for leave, in all languages: 16 hexadecimal digits of their SHA-256."""
    digest = hashlib.sha256()
    for file in sorted(LOCALES.glob("*/LC_MESSAGES/messages.mo")):
        with file.open("rb") as opened:
            words = gettext.GNUTranslations(opened)
        digest.update("\n".join((file.parts[-3], *(words.gettext(said) for said in _SAID))).encode())
    return digest.hexdigest()[:16]
