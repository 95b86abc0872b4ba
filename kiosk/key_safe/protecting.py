"""Making a key safe, changing the ways to open it, and wrapping key files in place.

Theory of operation. The safe is on the disk before any file is wrapped under it, and what was wrapped is opened once
before it takes the plain file's place. A power cut amid it leaves some files wrapped and some plain, each of them
whole and readable; running it again goes on. The plain bytes are overwritten where they lie; what a flash disk, a
journal or a snapshot keeps of them nobody can take back, so keys that lay plain for long are better made anew.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from idcard import ConfigurationError
from kiosk.durable import replace_secret
from kiosk.key_safe import passphrase
from kiosk.key_safe.opening import KeyFile
from kiosk.key_safe.safe import Kind, Safe, Slot, trouble
from kiosk.key_safe.state import SHARED
from kiosk.key_safe.wrapped import OPENED, Wrapped, is_wrapped

SlotMaker = Callable[[bytes, Safe], Slot]
"""Makes a slot for a safe's secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Protected:
    """What was done: how many files were wrapped now, and the recovery's code of a safe that is new."""

    wrapped: int
    recovery: str | None


def protect(
    path: Path,
    secret: bytes | None,
    slot: SlotMaker,
    files: Iterable[KeyFile],
    *,
    group: str,
    cost: passphrase.Cost | None = None,
) -> Protected:
    """Let a safe be opened in this way, make it where there is none, and wrap these files.

    Officers' passphrases stand beside each other; any other place takes the place of the one before.

    :param secret: of the safe that is there; None where it is to be made.
    :raises PlaceTrouble: where the place does not give its key; then nothing was changed.
    """
    safe, recovery = Safe.new(), None
    if secret is not None:
        safe = Safe.load(path), secret
    present, opened = safe
    files = tuple(files)
    _plain_of(files, present.id)
    made = slot(opened, present)
    _refuse_attended(made, group)
    kept = tuple(
        each for each in present.slots if each.kind is Kind.RECOVERY or each.kind is made.kind is Kind.PASSPHRASE
    )
    present = Safe(id=present.id, slots=kept).adding(made)
    if not present.of(Kind.RECOVERY):
        recovery = passphrase.new_code()
        present = present.adding(passphrase.slot_of(Kind.RECOVERY, "", recovery, opened, safe=present, cost=cost))
    present.save(path)
    OPENED.put(present.id, opened)
    return Protected(wrapped=wrap(files, present.id, opened), recovery=recovery)


def _refuse_attended(slot: Slot, group: str) -> None:
    if group == SHARED and (slot.kind is Kind.PASSPHRASE or slot.values.get("typed")):
        raise ConfigurationError(
            "Nobody is there to open the patient's process by hand.",
            reason="attended_place",
            remedy="Take a TPM, or a token whose PIN lies in key_pin, for the shared safe.",
        )


def wrap(files: Iterable[KeyFile], safe: str, secret: bytes) -> int:
    """Wrap the files that are plain; how many there were.

    :raises ConfigurationError: ``other_safe`` where a file is wrapped under another safe, before anything is written.
    """
    plain = _plain_of(files, safe)
    for file, content in plain:
        made = Wrapped.of(content, secret, safe=safe, file=file.path.name, setting=file.setting).to_bytes()
        if OPENED.plain(file.path, made) != content:
            raise AssertionError("what was wrapped does not open")
        replace_secret(file.path, made)
    return len(plain)


def _plain_of(files: Iterable[KeyFile], safe: str) -> list[tuple[KeyFile, bytes]]:
    plain: list[tuple[KeyFile, bytes]] = []
    for file in files:
        content = file.path.read_bytes()
        if not is_wrapped(content):
            plain.append((file, content))
        elif Wrapped.from_bytes(content).safe != safe:
            raise ConfigurationError(
                f"The key file {file.path.name} is wrapped under another key safe.",
                reason="other_safe",
                remedy="Put back the safe that it belongs to, or the plain file from its safe copy.",
            )
    return plain


def unwrap(files: Iterable[KeyFile]) -> int:
    """Put plain files in the place of wrapped ones, whose safes are open; how many there were."""
    found = [(file, content) for file in files if is_wrapped(content := file.path.read_bytes())]
    for file, content in found:
        replace_secret(file.path, OPENED.plain(file.path, content))
    return len(found)


def new_recovery(path: Path, secret: bytes, cost: passphrase.Cost | None = None) -> str:
    """Another recovery's code; the one before opens nothing any more."""
    safe, code = Safe.load(path), passphrase.new_code()
    safe.adding(passphrase.slot_of(Kind.RECOVERY, "", code, secret, safe=safe, cost=cost)).save(path)
    return code


def remove_officer(path: Path, name: str) -> None:
    """Let an officer's passphrase open nothing any more; the last way stays.

    :raises PlaceTrouble: ``no_officer``, ``last_officer``.
    """
    safe = Safe.load(path)
    names = [slot.name for slot in safe.of(Kind.PASSPHRASE)]
    if name not in names:
        raise trouble("No such officer opens this safe.", reason="no_officer", remedy="kiosk keys status names them.")
    if names == [name]:
        raise trouble(
            "This is the last officer who opens the safe.", reason="last_officer", remedy="Add another one first."
        )
    safe.without(Kind.PASSPHRASE, name).save(path)
