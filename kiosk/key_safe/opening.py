"""A process opens its key safes: by itself where a TPM or a token does it, else once somebody gives a passphrase.

A process has at most two: ``key_safe``, around what the staff's process alone holds, and ``shared_safe``, around what
it shares with the patient's. The shared one must open by itself, for nobody is there to open it at the kiosk.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from idcard import ConfigurationError
from kiosk.config import ProcessConfig, StaffConfig
from kiosk.key_safe.safe import Kind, PlaceTrouble, Safe, trouble
from kiosk.key_safe.state import OWN, SHARED, KeyState, Resists
from kiosk.key_safe.wrapped import OPENED, is_wrapped

_SHARED_KEYS = ("roster_key", "person_day_key")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFile:
    """A key file that a safe may hold, and the setting that names it."""

    setting: str
    path: Path

    @property
    def is_plain(self) -> bool:
        """Whether it lies there unwrapped."""
        return self._is_wrapped() is False

    @property
    def is_wrapped(self) -> bool:
        """Whether it lies there wrapped."""
        return self._is_wrapped() is True

    def _is_wrapped(self) -> bool | None:
        try:
            return is_wrapped(self.path.read_bytes())
        except OSError:
            return None


def shared_files(config: ProcessConfig) -> tuple[KeyFile, ...]:
    """The key files that the shared safe holds, as far as this configuration names them."""
    own = () if isinstance(config, StaffConfig) else ("receipt_key",)
    return tuple(named_files(config, (*_SHARED_KEYS, *own)))


def named_files(config: ProcessConfig, settings: tuple[str, ...]) -> Iterator[KeyFile]:
    """The files that these settings name, where they are there."""
    for setting in settings:
        path = getattr(config, setting, None)
        if isinstance(path, Path) and path.is_file():
            yield KeyFile(setting=setting, path=path)


def place_of(safe: Safe) -> Kind:
    """By what a safe is opened from day to day; the recovery's code where nothing else is left."""
    return next((kind for kind in (Kind.TPM, Kind.PKCS11, Kind.PASSPHRASE) if safe.of(kind)), Kind.RECOVERY)


def is_attended(safe: Safe) -> bool:
    """Whether somebody must be there to open it."""
    typed = any(slot.values.get("typed") for slot in safe.of(Kind.PKCS11))
    return place_of(safe) in (Kind.PASSPHRASE, Kind.RECOVERY) or typed


def resists(safe: Safe) -> Resists:
    """What the way in which a safe is opened from day to day withstands."""
    return Resists.MACHINE if is_attended(safe) else Resists.DISK


class KeySafes:
    """The safes of a configuration; those that are open are open for this whole process.

    :param own_files: gives the key files of the staff's own safe.
    """

    def __init__(self, config: ProcessConfig, own_files: Callable[[], tuple[KeyFile, ...]] = tuple) -> None:
        self._config = config
        self._own_files = own_files
        own = config.key_safe if isinstance(config, StaffConfig) else None
        named = {OWN: own, SHARED: config.shared_safe}
        self._named = {group: path for group, path in named.items() if path is not None}
        # A safe that was not made yet holds nothing: the keys lie in plain files, and staff see it.
        self.paths = {group: path for group, path in self._named.items() if path.exists()}
        self._by: dict[str, tuple[Kind, str]] = {}
        self._turn = Lock()

    def closed(self) -> dict[str, Safe]:
        """The safes that are not open."""
        safes = {group: Safe.load(path) for group, path in self.paths.items()}
        return {group: safe for group, safe in safes.items() if not OPENED.has(safe.id)}

    def open_alone(self) -> PlaceTrouble | None:
        """Open what opens without anybody; the first trouble where something stays closed.

        :raises ConfigurationError: where a safe is damaged, or was lost.
        """
        for group in self._named.keys() - self.paths.keys():
            if any(file.is_wrapped for file in self._files(group)):
                Safe.load(self._named[group])
        found: list[PlaceTrouble] = []
        for group, safe in self.closed().items():
            try:
                self._take(group, safe, self._alone(safe), place_of(safe))
            except PlaceTrouble as problem:
                found.append(problem)
        # What is wrong comes before what only waits.
        return min(found, key=lambda problem: problem.reason == "safe_closed", default=None)

    def open_by(self, name: str, typed: str) -> str:
        """Open what opens by this passphrase of an officer, or, without a name, by a PIN or a recovery's code.

        The officer's name as the safe spells it; empty for none.

        :raises PlaceTrouble: where nothing opened.
        """
        with self._turn:
            problem: PlaceTrouble | None = None
            before = self.closed()
            for group, safe in before.items():
                try:
                    self._take(group, safe, *_by(safe, name, typed), name)
                except PlaceTrouble as trouble_here:
                    problem = problem or trouble_here
            if problem is not None and len(self.closed()) == len(before):
                raise problem
            return name

    def secret(self, group: str) -> bytes | None:
        """The secret of a safe that is open; None where there is none yet."""
        path = self.paths.get(group)
        return None if path is None else OPENED.secret(Safe.load(path).id)

    def officers(self, group: str) -> tuple[str, ...]:
        """Whose passphrases open a safe."""
        path = self.paths.get(group)
        return () if path is None else tuple(slot.name for slot in Safe.load(path).of(Kind.PASSPHRASE))

    def opened_by(self) -> list[str]:
        """By what the safes were opened in this run: ``tpm``, ``pkcs11``, ``passphrase`` or ``recovery``."""
        return sorted({kind.value for kind, _ in self._by.values()})

    def states(self) -> tuple[KeyState, ...]:
        """How the keys of each group are kept."""
        groups = (OWN, SHARED) if isinstance(self._config, StaffConfig) else (SHARED,)
        return tuple(self._state(group) for group in groups)

    def _state(self, group: str) -> KeyState:
        plain = sum(file.is_plain for file in self._files(group))
        path = self.paths.get(group)
        if path is None:
            return KeyState(group=group, place="file", resists=Resists.NOTHING, plain=plain)
        safe = Safe.load(path)
        by, officer = self._by.get(group, (None, ""))
        held = Resists.NOTHING if plain else resists(safe)
        return KeyState(group=group, place=place_of(safe).value, resists=held, by=by, officer=officer, plain=plain)

    def _files(self, group: str) -> tuple[KeyFile, ...]:
        return self._own_files() if group == OWN else shared_files(self._config)

    def _take(self, group: str, safe: Safe, secret: bytes, kind: Kind, name: str = "") -> None:
        OPENED.put(safe.id, secret)
        self._by[group] = (kind, name if kind is Kind.PASSPHRASE else "")

    def _alone(self, safe: Safe) -> bytes:
        if is_attended(safe):
            raise trouble(
                "The key safe waits for somebody.",
                reason="safe_closed",
                remedy="An officer opens it on the staff's page.",
            )
        if place_of(safe) is Kind.TPM:
            from kiosk.key_safe import tpm

            return tpm.secret_of(safe)
        from kiosk.key_safe import token

        return token.secret_of(safe, read_pin(self._config.key_pin))


def _by(safe: Safe, name: str, typed: str) -> tuple[bytes, Kind]:
    """The secret, and by what it was opened."""
    from kiosk.key_safe import passphrase

    if not name and safe.of(Kind.PKCS11) and not passphrase.is_code(typed):
        from kiosk.key_safe import token

        return token.secret_of(safe, typed), Kind.PKCS11
    return passphrase.secret_of(safe, name, typed), Kind.PASSPHRASE if name else Kind.RECOVERY


def read_pin(path: Path | None) -> str:
    """The PIN in a file; ConfigurationError where there is none."""
    try:
        return "" if path is None else path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            "The file with the token's PIN cannot be read.",
            reason="never_set_up",
            remedy="Write the PIN into it, and name it as key_pin.",
        ) from error
