"""How a person is told again at the hub, without saying who it is."""

import hashlib

KEY_BYTES = 32
TAG_BYTES = 16
_PERSONALISATION = b"hub person"


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

    def __repr__(self) -> str:
        return f"PersonKey(number={self.number})"

    def tag(self, personal_number: str) -> bytes:
        """16 bytes that stand for a personal number."""
        each = self._keyed.copy()
        each.update(personal_number.encode())
        return each.digest()
