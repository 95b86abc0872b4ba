"""Passwords as accounts keep them: hashed by Argon2id, one at a time, and a try costs the same whatever is wrong."""

import secrets
import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from kiosk.domain.staff import LONGEST_PASSWORD, is_good_password, plain_password

FEWEST_GUESSES = 10**8
"""What a thief of the hashes must try for the commonest password that is taken, at a third of a second each."""
WORDS_HERE = (
    *("kiosk", "idcard", "quay", "tiepnhan", "tiepdon", "khambenh", "benhnhan", "benhvien", "tramyte", "phongkham"),
    *("baohiem", "baohiemyte", "bhyt", "bhxh", "cccd", "cancuoc", "namdinh", "ninhbinh", "vietnam", "quantri"),
    *("truongca", "reception", "administrator", "matkhau", "xinchao", "anhyeuem", "emyeuanh", "motkhautoi"),
)
"""What comes to mind at a desk like this one: without accents, as people write passwords."""
_LOOKED_AT = 72
"""So many letters are judged: more cannot make a password worse."""


class Passwords:
    """Hashes passwords and tells right ones.

    :param hasher: Argon2id; its defaults are the second recommendation of RFC 9106, section 4.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._decoy = self._hasher.hash(secrets.token_urlsafe(32))
        self.turn = threading.Lock()
        """Whoever holds it hashes: each hash takes 64 MiB, and nobody gets past a count of tries by asking twice."""

    def hashed(self, password: str) -> str:
        """The hash to keep; waits for its turn."""
        with self.turn:
            return self._hasher.hash(plain_password(password))

    def is_right(self, hashed: str | None, password: str) -> bool:
        """Whether this is the password; for whoever holds the turn.

        :param hashed: the hash that was kept, or None for an account that is not there, or has to wait: never right.
        """
        try:
            # Cut, and not refused: what is too long costs as much as what is wrong, and is wrong.
            self._hasher.verify(hashed or self._decoy, plain_password(password[: LONGEST_PASSWORD + 1]))
        except (VerificationError, InvalidHashError):
            return False
        return hashed is not None

    def renewed(self, hashed: str, password: str) -> str | None:
        """A hash of today's cost for a right password whose hash is of an older one, else None; as :meth:`is_right`."""
        is_old = self._hasher.check_needs_rehash(hashed)
        return self._hasher.hash(plain_password(password)) if is_old else None


def may_be_chosen(password: str, sign: str) -> bool:
    """Whether a password may be an account's: long enough, and nothing that is tried first.

    What is tried first are passwords that were found in breaches, words, names, keys in a row, the account's name and
    the words of a place like this, alone or put together, with digits behind them or without their accents.
    """
    if not is_good_password(password, sign):
        return False
    plain = plain_password(password)[:_LOOKED_AT]
    known = [sign, *sign.replace("-", ".").split("."), *WORDS_HERE]
    return all(zxcvbn(form, user_inputs=known)["guesses"] >= FEWEST_GUESSES for form in (plain, _bare(plain)))


def _bare(text: str) -> str:
    """The text as people write it where keys have no accents: small, without marks and blanks."""
    letters = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return "".join(each for each in letters if not unicodedata.combining(each) and not each.isspace())
