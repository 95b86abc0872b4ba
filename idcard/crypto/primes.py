"""Is a number prime? Asked of domain parameters that a chip writes out itself.

Source: FIPS 186-4, "Miller-Rabin Probabilistic Primality Test".
"""

import functools
import hashlib

_SMALL = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)
_ROUNDS = 24


@functools.lru_cache(maxsize=64)
def is_prime(number: int) -> bool:
    """Whether ``number`` is prime; a composite one passes with a chance of at most 2^-48.

    The bases are hashes of the number: whoever makes up the number cannot choose one for them.
    """
    if number < 2:
        return False
    for prime in _SMALL:
        if number % prime == 0:
            return number == prime
    twos = ((number - 1) & (1 - number)).bit_length() - 1
    odd = (number - 1) >> twos
    return all(_passes(number, base, odd, twos) for base in _bases(number))


def _bases(number: int) -> tuple[int, ...]:
    size = (number.bit_length() + 7) // 8
    stream = hashlib.shake_256(number.to_bytes(size)).digest(_ROUNDS * (size + 8))
    drawn = (stream[at : at + size + 8] for at in range(0, len(stream), size + 8))
    return tuple(int.from_bytes(part) % (number - 3) + 2 for part in drawn)


def _passes(number: int, base: int, odd: int, twos: int) -> bool:
    power = pow(base, odd, number)
    if power in (1, number - 1):
        return True
    for _ in range(twos - 1):
        power = power * power % number
        if power == number - 1:
            return True
    return False
