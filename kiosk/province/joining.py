"""A clinic's device asks the hub to be let in: keys of its own, a code, a person's word. See ``docs/enrolment.md``."""

import json
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from idcard import ConfigurationError, IdCardError
from kiosk.durable import write_in_place
from kiosk.keys import create_signing_keys
from kiosk.province.asking import Asking
from kiosk.province.identity import AUTHORITY, DEVICE_KEY, Identity
from kiosk.province.link import HubLink, HubUnreachable, Reply, heard_from_anybody
from kiosk.province.settings import hub_address
from kiosk.wire.errors import MalformedMessage, WrongSignature
from kiosk.wire.joining import (
    APPROVED,
    AUTHORITY_PATH,
    JOIN_PATH,
    JOINING_TYPE,
    REFUSED,
    Grant,
    JoinRequest,
    authority_pin,
    fingerprint,
    make_join,
    read_code,
    read_grant,
    read_join,
)

SECONDS = 15.0
LATER = (429, 500, 502, 503, 504)
"""Statuses of a hub, or of the proxy before it, that cannot answer now."""
_REMEDY = {
    "code_refused": "Ask the province for another code; tell them if nobody here used this one.",
    "name_taken": "Ask the province for a code under another name.",
    "identity_cloned": "Ask the province: this identity was used on two machines.",
    "sender_revoked": "Ask the province: this device was revoked.",
    "renewal_refused": "Enrol again: ask the province for a code.",
}


class HubRefuses(IdCardError):
    """The hub said no; ``word`` is its word for why."""

    code = "hub_refuses"

    def __init__(self, word: str) -> None:
        super().__init__(f"The hub refuses ({word}). {_REMEDY.get(word, 'Ask the province.')}", word=word)
        self.word = word


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which hub, and how many seconds one request may take: see :class:`kiosk.province.link.Where`."""

    hub: str
    seconds: float = SECONDS


def place_of(hub: str, seconds: float = SECONDS) -> Place:
    """The hub of this address.

    :raises ConfigurationError: where it is none.
    """
    try:
        return Place(hub=hub_address(hub), seconds=seconds)
    except ValueError as error:
        raise _wrong("This is no address of a hub.", "Write it as https://hub.example.") from error


class Joining:
    """A device on its way in; it may be gone on with after anything that cut it off.

    :param hub: the hub's address. :param code: the code as the officer read it.
    :param folder: the identity's folder; it is made where there is none.
    :raises ConfigurationError: where address or code cannot be meant.
    """

    def __init__(self, hub: str, code: str, folder: Path, *, seconds: float = SECONDS) -> None:
        self._place = place_of(hub, seconds)
        try:
            self._code, self._pin = read_code(code)
        except ValueError as error:
            raise _wrong("The code was misread.", "Have it read again: five groups of four signs.") from error
        self._identity = Identity(folder)
        self._asking = Asking(self._identity)
        self._link: HubLink | None = None
        self._request = b""

    def begin(self) -> str:
        """The 16 digits to compare, once the hub is known to be the code's.

        :raises HubUnreachable: see there. :raises ConfigurationError: where it is another hub, or a key cannot be used.
        """
        authority = self._known_authority()
        self._identity.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_in_place(self._identity.folder / AUTHORITY, authority.public_bytes(Encoding.PEM), mode=0o644)
        with self._identity.alone():
            self._request = self._same_request() or self._new_request()
        self._link = HubLink(self._place, self._identity, bare=True)
        made = read_join(self._request)
        return fingerprint(authority.public_bytes(Encoding.DER), made.request.public_key, made.tls_key)

    def look(self) -> Grant | None:
        """How it stands; once it is approved, everything is in place. None where the hub does not answer now.

        :raises HubRefuses: where it will not. :raises WrongGrant: see there.
        """
        if self._link is None:
            raise RuntimeError("begin first")
        try:
            reply = self._link.post(JOIN_PATH, self._request, {"Content-Type": JOINING_TYPE})
        except HubUnreachable:
            return None
        if reply.status in LATER:
            return None
        with self._identity.alone():
            return self._answered(reply)

    def _answered(self, reply: Reply) -> Grant:
        try:
            grant = granted(reply)
        except HubRefuses:
            # The same bytes would be refused again.
            self._asking.forget()
            raise
        if grant.state == REFUSED:
            self._asking.forget()
        elif grant.state == APPROVED:
            self._asking.fulfil(grant)
        return grant

    def close(self) -> None:
        """Let go of the connection."""
        if self._link is not None:
            self._link.close()

    def _known_authority(self) -> x509.Certificate:
        said = heard_from_anybody(self._place, AUTHORITY_PATH)
        if said.status != 200:
            raise HubUnreachable("The hub lets nobody in now.")
        try:
            found = x509.load_der_x509_certificate(said.body)
        except Exception as error:
            # The library has errors of its own for certificates that it does not like, beside ValueError.
            raise _stranger() from error
        # Of what was read, whatever else it may be read as: the bytes themselves are what the pin is made of.
        if authority_pin(said.body) != self._pin or found.public_bytes(Encoding.DER) != said.body:
            raise _stranger()
        return found

    def _same_request(self) -> bytes | None:
        """The request with this code that waits for its answer already."""
        known, key = self._asking.request, self._asking.key
        try:
            made = read_join(known or b"")
            own = self._identity.device_key().public_key().public_bytes_raw()
        except (MalformedMessage, WrongSignature, ConfigurationError):
            return None
        is_same = made.request.code == self._code and made.request.public_key == own
        return known if is_same and key is not None and made.tls_key == key.public_key() else None

    def _new_request(self) -> bytes:
        path = self._identity.folder / DEVICE_KEY
        if not path.exists():
            create_signing_keys(path, path.with_suffix(".pub"))
        device = self._identity.device_key()
        csr = self._asking.new_key()
        public = device.public_key().public_bytes_raw()
        return self._asking.keep(make_join(JoinRequest(code=self._code, public_key=public, csr=csr), device))


def granted(reply: Reply) -> Grant:
    """What the hub grants.

    :raises HubRefuses: where it does not.
    """
    if reply.status != 200:
        raise HubRefuses(_word_of(reply))
    try:
        return read_grant(reply.body)
    except MalformedMessage as error:
        raise HubRefuses("malformed_answer") from error


def _word_of(reply: Reply) -> str:
    """The hub's word for why not; what else may be in the answer is shown to nobody."""
    try:
        word = json.loads(reply.body)["error"]
    except (ValueError, KeyError, TypeError, RecursionError):
        word = ""
    is_word = isinstance(word, str) and word.isascii() and word.replace("_", "").isalpha() and len(word) <= 40
    return word if is_word else f"status_{reply.status}"


def _stranger() -> ConfigurationError:
    return _wrong(
        "Whoever answers there is not the hub for which this code was made.",
        "Compare the address with the province. Nothing was sent.",
        reason="wrong_hub",
    )


def _wrong(what: str, remedy: str, *, reason: str = "misread") -> ConfigurationError:
    return ConfigurationError(what, reason=reason, remedy=remedy)
