"""The inside of an evidence file: evidence, and what was made of it, as one CBOR map with always the same keys.

Theory of operation. What a chip proof consists of is a map with exactly its fields, in their names; what is missing is
null. So a file says the same in every program, and two files of the same evidence are the same bytes. Nothing here is
judged. A witness is never in a file: opening one sets it from the signature that was checked.

Private ephemeral keys are left out unless asked for: whoever knows one can invent the transcript that it opened.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeVar, get_args, get_type_hints

from idcard.errors import BoundExceeded, MalformedData
from idcard.evidence import (
    AccessRecord,
    ActiveAuthenticationProof,
    ChipAuthenticationProof,
    Evidence,
    PaceCamProof,
)
from idcard.lds.layout import File

WHERE: Final = "evidence"
_RECORDS: Final[Mapping[str, type[Any]]] = {
    "access": AccessRecord,
    "active_authentication": ActiveAuthenticationProof,
    "chip_authentication": ChipAuthenticationProof,
    "pace_cam": PaceCamProof,
}
_TEXTS: Final = ("given_mrz", "given_card_qr")
_BY_LABEL: Final = {file.label: file for file in File}
_MAX_STATUS_WORD: Final = 0xFFFF
MAX_CONFIRMATIONS: Final = 64
"""More answers than anybody ever has about one signer; each costs a signature to be judged."""

T = TypeVar("T")


def evidence_to_map(evidence: Evidence, *, with_ephemeral_keys: bool = False) -> dict[str, Any]:
    """The evidence as a map for CBOR; everything but the witness.

    :raises BoundExceeded: if it holds more than 64 answers of authorities.
    """
    chip = evidence.chip_authentication
    if chip is not None and not with_ephemeral_keys:
        evidence = replace(evidence, chip_authentication=replace(chip, ephemeral_private_key=None))
    return {
        "files": {file.label: data for file, data in evidence.files.items()},
        "refused": {file.label: sw for file, sw in evidence.refused.items()},
        **{name: _record_to_map(getattr(evidence, name)) for name in _RECORDS},
        "confirmations": _bounded(list(evidence.confirmations)),
        **{name: getattr(evidence, name) for name in _TEXTS},
        "atr": evidence.atr,
        "reader": evidence.reader,
        "read_at": None if evidence.read_at is None else evidence.read_at.isoformat(),
    }


def evidence_from_map(value: Any, *, witness: str | None) -> Evidence:
    """The evidence that ``value`` describes.

    :param witness: the fingerprint of the device whose signature over it was checked, or None.
    :raises MalformedData: if anything is missing, unknown or of another kind.
    :raises BoundExceeded: if it holds more than 64 answers of authorities.
    """
    keys = {"files", "refused", *_RECORDS, "confirmations", *_TEXTS, "atr", "reader", "read_at"}
    given = exactly(value, keys)
    parts: dict[str, Any] = {name: _record_from_map(given[name], cls) for name, cls in _RECORDS.items()}
    parts |= {name: None if given[name] is None else typed(given[name], str) for name in _TEXTS}
    return Evidence(
        **parts,
        files={_file(label): typed(data, bytes) for label, data in typed(given["files"], dict).items()},
        refused={_file(label): _status_word(sw) for label, sw in typed(given["refused"], dict).items()},
        confirmations=tuple(typed(each, bytes) for each in _bounded(typed(given["confirmations"], list))),
        atr=typed(given["atr"], bytes),
        reader=typed(given["reader"], str),
        read_at=None if given["read_at"] is None else _moment(typed(given["read_at"], str)),
        witness=witness,
    )


def _bounded(confirmations: list[T]) -> list[T]:
    if len(confirmations) > MAX_CONFIRMATIONS:
        raise BoundExceeded(f"more than {MAX_CONFIRMATIONS} answers of authorities", limit=MAX_CONFIRMATIONS)
    return confirmations


def exactly(value: Any, keys: set[str]) -> dict[str, Any]:
    """``value``, a map with these keys and no other."""
    given = typed(value, dict)
    if given.keys() != keys:
        raise MalformedData("holds other fields than version 1 has", where=WHERE)
    return given


def typed(value: Any, kind: type[T]) -> T:
    """``value``, which is of that very kind: true is no integer."""
    if type(value) is not kind:
        raise MalformedData("holds a value of another kind than its field has", where=WHERE)
    return value


def _file(label: str) -> File:
    if label not in _BY_LABEL:
        raise MalformedData("names a file that does not exist", where=WHERE)
    return _BY_LABEL[label]


def _status_word(value: Any) -> int:
    if not 0 <= typed(value, int) <= _MAX_STATUS_WORD:
        raise MalformedData("holds a status word of more than two bytes", where=WHERE)
    return int(value)


def _moment(text: str) -> datetime:
    """The moment that ``text`` names, in the one form in which it is written, with its time zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise MalformedData("was read at no moment that there is", where=WHERE) from error
    if moment.tzinfo is None or moment.isoformat() != text:
        raise MalformedData("was read at a moment that is not written in full", where=WHERE)
    return moment


def _record_to_map(record: Any) -> dict[str, Any] | None:
    if record is None:
        return None
    values = {field.name: getattr(record, field.name) for field in fields(record)}
    return {name: value.value if isinstance(value, StrEnum) else value for name, value in values.items()}


def _record_from_map(value: Any, cls: type[T]) -> T | None:
    if value is None:
        return None
    hints = get_type_hints(cls)
    given = exactly(value, set(hints))
    return cls(**{name: _one_of(given[name], get_args(hint) or (hint,)) for name, hint in hints.items()})


def _one_of(value: Any, kinds: tuple[Any, ...]) -> Any:
    for kind in kinds:
        if issubclass(kind, StrEnum) and type(value) is str and value in set(kind):
            return kind(value)
        if type(value) is kind:
            return value
    raise MalformedData("holds a value of another kind than its field has", where=WHERE)
