"""A safe's key from a PKCS #11 token: a smart card, a USB key, a network's HSM.

Theory of operation. The token holds a key pair on P-256 that it made and does not give out. For a slot, a second pair
is made here and thrown away; what both agree on (ECDH, then HKDF) is the slot's key, and the public part of the second
pair stays in the slot. So only the token can find the key again, and every token that signs with P-256 can do it: no
cipher of its own is asked for. The token counts wrong PINs itself.

Source: PKCS #11 version 3.1, CKM_ECDH1_DERIVE; NIST SP 800-56A revision 3, 5.7.1.2 and 6.2.2.2; RFC 5869.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from asn1crypto.core import OctetString
from cryptography.hazmat.primitives.asymmetric.ec import ECDH, SECP256R1, EllipticCurvePublicKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kiosk.key_safe.safe import Kind, PlaceTrouble, Safe, Slot, trouble
from kiosk.key_safe.wrapped import SECRET_BYTES

if TYPE_CHECKING:
    from pkcs11 import Session

LABEL: Final = "kiosk key safe"
"""What the pair is called on the token."""
_ID: Final = b"kiosk-safe-1"
_CURVE: Final = "secp256r1"


def slot_of(secret: bytes, *, safe: Safe, module: Path, token: str, pin: str, typed: bool) -> Slot:
    """A slot that this token opens; it makes its key pair where it has none yet.

    :param module: the library of the token's maker. :param token: what the token is called.
    :param typed: whether somebody types the PIN each time; else it lies in a file.
    :raises PlaceTrouble: ``place_silent`` where module or token are not there, ``wrong_pin``, ``place_refused``.
    """
    values: dict[str, str | int | bool] = {"module": str(module), "token": token, "typed": typed}
    own = generate_private_key(SECP256R1())
    point = own.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    with _session(values, pin, rw=True) as session:
        agreed = own.exchange(ECDH(), _public(session))
    values["point"] = point.hex()
    slot = Slot.of(Kind.PKCS11, values, _hashed(agreed, point), secret, safe=safe.id)
    # A token that takes keys and agrees on nothing is found out now.
    if slot.open(_key(values, pin), safe=safe.id) != secret:
        raise _refused()
    return slot


def secret_of(safe: Safe, pin: str) -> bytes:
    """The safe's secret, by the token; raises as :func:`slot_of`."""
    slot = next(iter(safe.of(Kind.PKCS11)), None)
    found = None if slot is None else slot.open(_key(slot.values, pin), safe=safe.id)
    if found is None:
        raise _refused()
    return found


def _key(values: Mapping[str, str | int | bool], pin: str) -> bytes:
    import pkcs11

    point = bytes.fromhex(str(values["point"]))
    with _session(values, pin) as session:
        private = session.get_key(pkcs11.ObjectClass.PRIVATE_KEY, label=LABEL, id=_ID)
        agreed = private.derive_key(  # type: ignore[attr-defined]
            pkcs11.KeyType.GENERIC_SECRET,
            8 * SECRET_BYTES,
            mechanism_param=(pkcs11.KDF.NULL, None, point),
            store=False,
            template={pkcs11.Attribute.EXTRACTABLE: True, pkcs11.Attribute.SENSITIVE: False},
        )
        return _hashed(bytes(agreed[pkcs11.Attribute.VALUE]), point)


def _public(session: "Session") -> EllipticCurvePublicKey:
    """The token's public key; made, where there is none."""
    import pkcs11
    from pkcs11.util.ec import encode_named_curve_parameters

    found = list(session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PUBLIC_KEY, pkcs11.Attribute.ID: _ID}))
    if not found:
        curve = {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters(_CURVE)}
        parameters = session.create_domain_parameters(pkcs11.KeyType.EC, curve, local=True)
        pair = parameters.generate_keypair(store=True, label=LABEL, id=_ID, capabilities=pkcs11.MechanismFlag.DERIVE)
        found = [pair[0]]
    point = OctetString.load(found[0][pkcs11.Attribute.EC_POINT]).native
    return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)


@contextmanager
def _session(values: Mapping[str, str | int | bool], pin: str, *, rw: bool = False) -> "Iterator[Session]":
    try:
        import pkcs11
        from pkcs11 import exceptions
    except ModuleNotFoundError as error:
        raise trouble(
            "The library for tokens is not installed.",
            reason="place_silent",
            remedy="pip install python-pkcs11, or open the safe by its recovery's code.",
        ) from error
    try:
        token = pkcs11.lib(str(values["module"])).get_token(token_label=str(values["token"]))
        with token.open(user_pin=pin, rw=rw) as session:
            yield session
    except (exceptions.PinIncorrect, exceptions.PinInvalid, exceptions.PinLenRange) as error:
        raise trouble(
            "The token's PIN is not right.",
            reason="wrong_pin",
            remedy="Try again, not often: the token locks itself. The recovery's code opens as well.",
        ) from error
    except exceptions.PinLocked as error:
        raise trouble(
            "The token has locked itself after wrong PINs.",
            reason="wrong_pin",
            remedy="Unlock it with its PUK or its officer's PIN, or open the safe by its recovery's code.",
        ) from error
    except (exceptions.NoSuchToken, exceptions.TokenNotPresent, exceptions.DeviceRemoved) as error:
        raise _silent("The token is not there.") from error
    except exceptions.NoSuchKey as error:
        raise _refused() from error
    except exceptions.PKCS11Error as error:
        raise _silent("The token, or the library of its maker, does not answer.") from error


def _hashed(agreed: bytes, point: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=SECRET_BYTES, salt=None, info=b"kiosk safe token 1\x00" + point).derive(
        agreed
    )


def _silent(what: str) -> PlaceTrouble:
    return trouble(what, reason="place_silent", remedy="Plug it in, or open the safe by its recovery's code.")


def _refused() -> PlaceTrouble:
    return trouble(
        "The token does not open the key safe: it is another one, or its key was replaced.",
        reason="place_refused",
        remedy="Take the right token, or open by the recovery's code, and seal anew: kiosk keys protect.",
    )
