"""Passwords as accounts keep them: hashed by Argon2id, one at a time, and a try costs the same whatever is wrong."""

import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from kiosk.domain.staff import LONGEST_PASSWORD, plain_password


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
