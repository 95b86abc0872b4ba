"""How much work a chip may ask for with groups and keys of its own, before any signature is checked.

No clock is asked: what is counted is how often a power is taken to prove a number prime, or an element in its group.
"""

import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pytest

from idcard.chip.chip_authentication import choices
from idcard.chip.pace_offers import offers
from idcard.crypto import primes
from idcard.crypto.groups import Group
from idcard.encoding import tlv
from idcard.lds.security_infos import SecurityInfos
from idcard.testing import Profile, der, records

SAFE = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF",
    16,
)
"""A safe prime of 1024 bits. Source: RFC 2409, "Second Oakley Group"."""
COMPOSITE = SAFE * 3 + 4
MANY = range(40, 50)
COUNTED = {primes._passes.__code__, Group.holds.__code__}
ROUNDS = primes._ROUNDS


def group(p: int, g: int, q: int) -> bytes:
    return der.sequence(der.oid("1.2.840.10046.2.1"), der.sequence(der.integer(p), der.integer(g), der.integer(q)))


def key(p: int = SAFE, g: int = 4, q: int = SAFE // 2, public: int = 4) -> bytes:
    return der.sequence(group(p, g, q), tlv.build(0x03, b"\0" + der.integer(public)))


def infos(*entries: bytes) -> SecurityInfos:
    return SecurityInfos.from_bytes(tlv.build(0x31, b"".join(entries)))


def with_keys(*keys: bytes) -> SecurityInfos:
    cipher = der.sequence(der.oid("0.4.0.127.0.7.2.2.3.1.2"), der.integer(1))
    return infos(*(der.sequence(der.oid("0.4.0.127.0.7.2.2.1.1"), each) for each in keys), cipher)


@pytest.fixture
def powers() -> Iterator[Callable[[Callable[[], Any]], int]]:
    """How many powers a call takes."""
    primes.is_prime.cache_clear()

    def count(run: Callable[[], Any]) -> int:
        taken = 0

        def look(frame: FrameType, event: str, _: object) -> None:
            nonlocal taken
            taken += event == "call" and frame.f_code in COUNTED

        sys.setprofile(look)
        try:
            run()
        finally:
            sys.setprofile(None)
        return taken

    yield count
    primes.is_prime.cache_clear()


def test_of_a_chips_own_domain_parameters_two_are_looked_at() -> None:
    ways = [der.sequence(der.oid("0.4.0.127.0.7.2.2.4.1.2"), der.integer(2), der.integer(number)) for number in MANY]
    own = group(SAFE, 4, SAFE // 2)
    groups = [der.sequence(der.oid("0.4.0.127.0.7.2.2.4.1"), own, der.integer(number)) for number in MANY]
    assert [offer.info.parameter_id for offer in offers(infos(*ways, *groups))] == [40, 41]


def test_domain_parameters_that_are_not_sound_hide_no_others() -> None:
    ways = [
        der.sequence(der.oid("0.4.0.127.0.7.2.2.4.1.2"), der.integer(2), der.integer(number)) for number in (40, 41)
    ]
    unsound, sound = group(SAFE, SAFE - 1, SAFE // 2), group(SAFE, 4, SAFE // 2)
    kind = der.oid("0.4.0.127.0.7.2.2.4.1")
    groups = [der.sequence(kind, unsound, der.integer(40)), der.sequence(kind, sound, der.integer(41))]
    assert [offer.info.parameter_id for offer in offers(infos(*ways, *groups))] == [41]


def test_of_a_chips_keys_and_ciphers_eight_pairs_are_looked_at() -> None:
    assert len(list(choices(with_keys(*[key() for _ in MANY])))) == 8


def test_of_different_groups_of_its_own_two_are_proved() -> None:
    keys = [key(g=4**power, public=4) for power in range(1, 9)]
    assert len(list(choices(with_keys(*keys)))) == 2


def test_nothing_is_proved_before_it_is_asked_for(powers: Callable[..., int]) -> None:
    keys = [key(g=4**power, public=16) for power in range(9, 17)]
    found = choices(with_keys(*keys))
    assert powers(lambda: None) == 0
    # One group: its key, its generator, and both primes, once.
    assert powers(lambda: next(found)) == 2 + 2 * ROUNDS


def test_a_known_group_is_proved_by_nothing(powers: Callable[..., int]) -> None:
    """The strongest comes first, so that a weaker group of the chip's own is never looked at."""
    strong = der.sequence(der.oid("0.4.0.127.0.7.2.2.1.1"), Profile(parameter_id=2).domain.spki(4711), der.integer(1))
    weak = der.sequence(der.oid("0.4.0.127.0.7.2.2.1.1"), key(g=4**17), der.integer(2))
    ciphers = [records.chip_authentication_info(Profile(parameter_id=2), 1, number) for number in (1, 2)]
    found = choices(infos(weak, strong, *ciphers))
    first = []
    assert powers(lambda: first.append(next(found))) == 1
    assert first[0].key_id == 1


@pytest.mark.parametrize(
    ("hostile", "most"),
    [
        (key(g=SAFE - 1), 2),
        (key(public=SAFE - 2), 1),
        (key(p=COMPOSITE, q=(COMPOSITE - 1) // 2, g=4), 2),
        (key(p=2 * SAFE + 1, q=SAFE, g=4), 2 + ROUNDS + 1),
        (key(p=SAFE**4), 0),
        (key(q=5), 0),
    ],
    ids=["generator", "key", "composite", "half of no prime", "too large", "too small an order"],
)
def test_what_is_refused_costs_little(hostile: bytes, most: int, powers: Callable[..., int]) -> None:
    found: list[object] = []
    assert powers(lambda: found.extend(choices(with_keys(*[hostile] * 10)))) <= 8 * most
    assert found == []


def test_ten_hostile_groups_cost_as_much_as_two(powers: Callable[..., int]) -> None:
    keys = [key(g=SAFE - 4**number) for number in range(1, 11)]
    assert powers(lambda: list(choices(with_keys(*keys)))) <= 2 * 2
