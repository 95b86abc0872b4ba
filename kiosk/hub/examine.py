"""What came is verified and opened before anything is written: signatures, bodies, whose it is.

Nothing here touches the store: what it needs of it, the clinic's devices, is given.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from kiosk.hub.event import TakenEvent, opened
from kiosk.hub.store.aside import Aside
from kiosk.hub.store.devices import Device
from kiosk.wire.batch import Trouble
from kiosk.wire.bodies import Kind
from kiosk.wire.envelope import Envelope, key_id, open_event, read_event, verify_event
from kiosk.wire.errors import CannotUnseal, MalformedMessage, UnknownVersion, WrongSignature


class KeyRing:
    """The hub's private keys: the present one, and former ones for what was sealed before."""

    def __init__(self, present: X25519PrivateKey, *former: X25519PrivateKey) -> None:
        self.present = present
        self._keys = {key_id(key.public_key()): key for key in (*former, present)}

    def of(self, which: bytes) -> X25519PrivateKey | None:
        """The key that a header names, or None."""
        return self._keys.get(which)


@lru_cache(maxsize=4096)
def public_key(raw: bytes) -> Ed25519PublicKey:
    """The key in these 32 bytes."""
    return Ed25519PublicKey.from_public_bytes(raw)


Examined = TakenEvent | Aside


def examine(events: Sequence[bytes], devices: Mapping[str, Device], ring: KeyRing, clinic: str) -> Iterator[Examined]:
    """What each of these events is: one to take, or one to put aside.

    :param devices: those of the sender's clinic.
    """
    for index, raw in enumerate(events):
        yield _examined(index, raw, devices, ring, clinic)


def _examined(index: int, raw: bytes, devices: Mapping[str, Device], ring: KeyRing, clinic: str) -> Examined:
    try:
        envelope = read_event(raw)
    except UnknownVersion:
        return Aside(index=index, reason=Trouble.VERSION, raw=raw)
    except MalformedMessage:
        return Aside(index=index, reason=Trouble.MALFORMED, raw=raw)
    device = devices.get(envelope.header.device)
    if device is None or envelope.header.clinic != clinic:
        return Aside(index=index, reason=Trouble.STRANGER, raw=raw)
    try:
        verify_event(envelope, public_key(device.public_key))
    except (WrongSignature, ValueError, UnsupportedAlgorithm):
        return Aside(index=index, reason=Trouble.SIGNATURE, raw=raw)
    if not device.is_active:
        return _aside(index, raw, envelope, Trouble.REVOKED)
    return _opened(index, raw, envelope, ring)


def _opened(index: int, raw: bytes, envelope: Envelope, ring: KeyRing) -> Examined:
    key = ring.of(envelope.header.key)
    if key is None:
        return _aside(index, raw, envelope, Trouble.SEALED)
    try:
        return opened(envelope, open_event(envelope, key), raw)
    except CannotUnseal:
        return _aside(index, raw, envelope, Trouble.SEALED)
    except MalformedMessage:
        return _aside(index, raw, envelope, Trouble.BODY)


def _aside(index: int, raw: bytes, envelope: Envelope, reason: Trouble) -> Aside:
    """One whose device signed it. A heartbeat has no number to settle."""
    seq = None if envelope.kind is Kind.HEARTBEAT else envelope.header.seq
    return Aside(index=index, reason=reason, raw=raw, device=envelope.header.device, seq=seq)
