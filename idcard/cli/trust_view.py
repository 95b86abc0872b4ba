"""A trust store's entries as people and programs see them."""

from collections.abc import Container, Iterator, Sequence
from datetime import datetime
from typing import Any

from idcard.crypto.signature import EcPublicKey
from idcard.errors import IdCardError
from idcard.trust.archive import Entry, Kind, Source
from idcard.trust.certificates import Certificate
from idcard.trust.crl import Crl
from idcard.trust.deviation_list import DeviationList
from idcard.trust.draft import Draft
from idcard.trust.judgement import Signed, judge
from idcard.trust.profile import remarks
from idcard.trust.recheck import doubtful_lists
from idcard.trust.store import TrustStore
from idcard.trust.withdrawn import WITHDRAWN, withdrawn

_DIGITS_OF_A_NUMBER = 64


def entries_of(store: TrustStore) -> list[dict[str, Any]]:
    """Everything in the store, those entries first that were put there by hand."""
    draft = Draft.of(store.archive)
    by_hand = [_certificate(one, Kind.ANCHOR) | {"signed": None, "sources": []} for one in store.by_hand]
    return [*by_hand, *(described(entry, draft.sources) for entry in draft.entries.values())]


def described(entry: Entry, sources: Sequence[Source]) -> dict[str, Any]:
    """One entry, with where it came from."""
    about = _about(entry)
    if withdrawn([entry], sources):
        about["remarks"].append(WITHDRAWN)
    return about | {"signed": entry.signed, "sources": [sources[number].to_dict() for number in entry.sources]}


def _about(entry: Entry) -> dict[str, Any]:
    """What the entry says; no more than its name where a part of it cannot be read, so that it can be removed."""
    describe = {Kind.CRL: _crl, Kind.DEVIATION_LIST: _deviation_list}.get(entry.kind)
    try:
        return describe(entry.data) if describe else _certificate(Certificate.from_bytes(entry.data), entry.kind)
    except IdCardError as error:
        return {"fingerprint": entry.fingerprint, "kind": entry.kind.value, "subject": None, "remarks": [error.code]}


def number(value: int) -> str:
    """A serial number in hexadecimal, cut where it is longer than any that the standards allow (20 bytes)."""
    digits = f"{value:x}"
    return digits if len(digits) <= _DIGITS_OF_A_NUMBER else f"{digits[:_DIGITS_OF_A_NUMBER]}…"


def _certificate(one: Certificate, kind: Kind) -> dict[str, Any]:
    return {
        "fingerprint": one.fingerprint,
        "kind": kind.value,
        "country": one.subject.country,
        "subject": str(one.subject),
        "issuer": str(one.issuer),
        "serial_number": number(one.serial_number),
        "not_before": one.not_before.isoformat(),
        "not_after": one.not_after.isoformat(),
        "key": _key(one),
        "subject_key_identifier": None if one.subject_key_identifier is None else one.subject_key_identifier.hex(),
        "remarks": [remark.value for remark in remarks(one, signer=kind is Kind.SIGNER)],
    }


def _key(one: Certificate) -> str:
    key = one.public_key
    return key.curve.name if isinstance(key, EcPublicKey) else f"RSA {key.bits}"


def _crl(data: bytes) -> dict[str, Any]:
    crl = Crl.from_bytes(data)
    return {
        "fingerprint": crl.fingerprint,
        "kind": Kind.CRL.value,
        "country": crl.issuer.country,
        "subject": str(crl.issuer),
        "this_update": crl.this_update.isoformat(),
        "next_update": None if crl.next_update is None else crl.next_update.isoformat(),
        "number": None if crl.number is None else number(crl.number),
        "revoked": len(crl.revoked),
    }


def _deviation_list(data: bytes) -> dict[str, Any]:
    listed = DeviationList.from_bytes(data)
    return {
        "fingerprint": listed.fingerprint,
        "kind": Kind.DEVIATION_LIST.value,
        "country": listed.country,
        "subject": listed.country,
        "signed_at": None if listed.signed_at is None else listed.signed_at.isoformat(),
        "kinds": sorted({kind for deviation in listed.deviations for kind in deviation.kinds}),
    }


def attention(store: TrustStore, at: datetime) -> tuple[list[dict[str, Any]], int]:
    """What somebody should look at (wrong signatures, what ran out), and how many certificates have remarks."""
    draft = Draft.of(store.archive, store.by_hand)
    chosen = [*draft.anchors, *draft.certificates(Kind.LINK, Kind.SIGNER)]
    signers = set(draft.certificates(Kind.SIGNER))
    remarked = sum(bool(remarks(one, signer=one in signers)) for one in chosen)
    found = [*_wrong(chosen, signers), *_doubtful(draft), *_stale(draft, at)]
    return [*found, *_out_of_force(draft, at), *_withdrawn(draft, at)], remarked


def _wrong(certificates: Sequence[Certificate], signers: Container[Certificate]) -> Iterator[dict[str, Any]]:
    for judgement in judge(certificates):
        if judgement.signed in (Signed.WRONGLY, Signed.BY_AN_UNKNOWN_ALGORITHM):
            kind = Kind.SIGNER if judgement.certificate in signers else Kind.ANCHOR
            yield _finding(judgement.certificate, kind, judgement.signed.value)


def _out_of_force(draft: Draft, at: datetime) -> Iterator[dict[str, Any]]:
    """Countries all of whose anchors ran out: documents of theirs can no longer be judged."""
    states: dict[str | None, list[Certificate]] = {}
    for one in draft.anchors:
        states.setdefault(one.subject.country, []).append(one)
    for anchors in states.values():
        if not any(one.valid_at(at) for one in anchors):
            yield _finding(max(anchors, key=lambda one: one.not_after), Kind.ANCHOR, "no_anchor_in_force")


def _withdrawn(draft: Draft, at: datetime) -> Iterator[dict[str, Any]]:
    """What the newest list of its root leaves out although it is still in force: remove it, or vouch for it."""
    for entry in withdrawn(draft.entries.values(), draft.sources):
        certificate = Certificate.from_bytes(entry.data)
        if certificate.valid_at(at):
            yield _finding(certificate, entry.kind, WITHDRAWN)


def _doubtful(draft: Draft) -> Iterator[dict[str, Any]]:
    """Lists for which nobody in the store vouches any more: they count for nothing, or would not be taken today."""
    for entry, problem in doubtful_lists(draft):
        row = described(entry, draft.sources)
        yield {name: row[name] for name in ("fingerprint", "kind", "subject")} | {"finding": problem}


def _stale(draft: Draft, at: datetime) -> Iterator[dict[str, Any]]:
    for entry in draft.entries.values():
        if entry.kind is Kind.CRL and Crl.from_bytes(entry.data).stale(at):
            row = _crl(entry.data)
            yield {name: row[name] for name in ("fingerprint", "kind", "subject")} | {"finding": "stale"}


def _finding(certificate: Certificate, kind: Kind, finding: str) -> dict[str, Any]:
    return {
        "fingerprint": certificate.fingerprint,
        "kind": kind.value,
        "subject": str(certificate.subject),
        "finding": finding,
    }
