"""How a person is told again at the hub, without saying who it is."""

import hashlib

KEY_BYTES = 32
TAG_BYTES = 16
_PERSONALISATION, _OF_CODES = b"hub person", b"hub code"


class PersonKey:
    """The province's key of one period, and the tags it makes.

    Clinics have it, so that the same person has the same tag everywhere in the province; who has the key can try all
    numbers, so it never lies beside tags in one place: the hub that stores tags does not hold it.

    :param number: which key it is, as events say it; greater ones are newer.
    """

    def __init__(self, key: bytes, number: int) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a person key has {KEY_BYTES} bytes")
        self.number = number
        self._keyed = hashlib.blake2b(digest_size=TAG_BYTES, key=key, person=_PERSONALISATION)
        self._codes = hashlib.blake2b(digest_size=TAG_BYTES, key=key, person=_OF_CODES)

    def __repr__(self) -> str:
        return f"PersonKey(number={self.number})"

    def tag(self, personal_number: str) -> bytes:
        """16 bytes that stand for a personal number."""
        each = self._keyed.copy()
        each.update(personal_number.encode())
        return each.digest()

    def code_tag(self, scanned: bytes) -> bytes:
        """16 bytes that stand for a code that was shown; nothing of a person's tag follows from it.

        :param scanned: SHA-256 over what the code says.
        """
        each = self._codes.copy()
        each.update(scanned)
        return each.digest()
