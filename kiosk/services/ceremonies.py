"""The two ceremonies of Web Authentication, as this kiosk wants them: a new key, and proof that it is here.

Of both it wants that the key was unlocked by its owner (user verification), so a key that was found opens nothing. No
maker's certificate is asked for: which brands a clinic buys is not the program's business.

The library is loaded with the first ceremony: many desks never hold one.

Source: W3C Web Authentication, "Registering a New Credential" and "Verifying an Authentication Assertion".
"""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass


class NotProved(Exception):
    """What the browser sent is no proof. The reason is nobody's business who sent it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a key is good: the name that it is bound to, and the address that the browser must show."""

    name: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whom a new key is for, as the key keeps it: 16 bytes that tell nobody anything, and the account's short name."""

    handle: bytes
    sign: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """A new key: its identifier, its public half, and how often it has signed."""

    credential: bytes
    public_key: bytes
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Which key a browser says it asked, and whose that key says it is; both only claimed."""

    credential: bytes
    handle: bytes | None


def creation_options(site: Site, title: str, owner: Owner, challenge: bytes, known: Sequence[bytes]) -> str:
    """What the browser is asked to make, as JSON. ``known`` are the account's keys, none of which is made again."""
    from webauthn import generate_registration_options, options_to_json
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        PublicKeyCredentialDescriptor,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    options = generate_registration_options(
        rp_id=site.name,
        rp_name=title,
        user_id=owner.handle,
        user_name=owner.sign,
        user_display_name=owner.sign,
        challenge=challenge,
        # The key itself knows whose it is, so nobody types a name, and nobody learns which accounts have keys.
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
    )
    return options_to_json(options)


def created(answer: str, site: Site, challenge: bytes) -> Created:
    """The key that the browser says was made.

    :raises NotProved: where that is no answer to this challenge at this site.
    """
    from webauthn import verify_registration_response

    try:
        made = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.name,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except Exception as problem:
        # Anybody can send anything here, and the library has no one error for all that it cannot read.
        raise NotProved from problem
    return Created(credential=made.credential_id, public_key=made.credential_public_key, count=made.sign_count)


def request_options(site: Site, challenge: bytes) -> str:
    """What the browser is asked to prove, as JSON. No key is named."""
    from webauthn import generate_authentication_options, options_to_json
    from webauthn.helpers.structs import UserVerificationRequirement

    options = generate_authentication_options(
        rp_id=site.name, challenge=challenge, user_verification=UserVerificationRequirement.REQUIRED
    )
    return options_to_json(options)


def shown(answer: str) -> Shown:
    """Which key an answer is said to be of.

    :raises NotProved: where it says nothing of the kind.
    """
    try:
        said = json.loads(answer)
        handle = said["response"].get("userHandle")
        return Shown(credential=_bytes(said["rawId"]), handle=None if handle is None else _bytes(handle))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
        raise NotProved from problem


def proved(answer: str, site: Site, challenge: bytes, public_key: bytes) -> int:
    """How often the key has signed, where this proves that it is here and was unlocked.

    :raises NotProved: where it does not.
    """
    from webauthn import verify_authentication_response

    try:
        proof = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.name,
            expected_origin=site.origin,
            credential_public_key=public_key,
            # What its count means is this program's to judge: a copied key is put out of use.
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except Exception as problem:
        # As above.
        raise NotProved from problem
    return proof.new_sign_count


def _bytes(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as problem:
        raise ValueError from problem
