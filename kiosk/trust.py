"""Whom this clinic trusts: the trust store and the pinned signers, neither older than what was seen before.

Theory of operation. The store and the list of pins may be brought back from a backup, whole and undamaged, with
signers in them that were taken back since. So each process keeps a *state* of its own beside its database: the
newest store, the highest number of a list of pins, and that of a list of the distrusted, that it ever opened. An older
one is refused like a damaged one. Each process has its own file, because each runs as another user.

What came down from the province counts in place of what the configuration names. Whoever it distrusts counts for
nothing, whatever else says otherwise.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from idcard import (
    CLOSED_READER,
    STRICT,
    VIETNAM_STRICT,
    ConfigurationError,
    PinKeys,
    Pins,
    Policy,
    Rung,
    TrustStore,
    Vouchers,
)
from kiosk.config import PatientConfig, ProcessConfig
from kiosk.releases.installed import STORE, Folder, Group, Newest, file_name
from kiosk.releases.names import PINS, Distrusted

_POLICIES = {policy.name: policy for policy in (STRICT, VIETNAM_STRICT)}
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whom the automatic lane believes.

    :param pins: the number of the list of pins, or None where there is none.
    :param folder: where the store lies, with the signers of codes beside it.
    :param distrusted: the number of the list of the distrusted, or None where none came.
    """

    store: TrustStore
    vouchers: Vouchers
    policy: Policy
    pins: int | None
    folder: Path
    distrusted: int | None = None

    def distrusting(self, listed: Distrusted) -> "Trust":
        """The same, where nobody on this list is believed any more."""
        return replace(self, store=self.store.distrusting(listed.certificates), distrusted=listed.number)


def trust_of(config: PatientConfig, *, remember: bool = True) -> Trust | ConfigurationError:
    """Whom the patient's process trusts, or why it can trust nobody: that closes the kiosk and does not end it.

    :param remember: whether what is opened now is the newest from now on; False only looks.
    """
    try:
        folder, distrusted = folder_of(config, releases_of(config)), distrusted_of(config, remember=remember)
        store = open_store(config, config.device, remember=remember)
        pins = _pins(config, remember=remember)
    except ConfigurationError as problem:
        _log.error("trust_unusable", reason=problem.reason, message=str(problem))
        return problem
    found = Trust(
        store=store,
        vouchers=Vouchers(pins=pins),
        policy=policy_of(config),
        pins=None if pins is None else pins.serial,
        folder=folder,
    )
    return found if distrusted is None else found.distrusting(distrusted)


def open_store(
    config: ProcessConfig, device: str, *, remember: bool = True, releases: Folder | None = None
) -> TrustStore:
    """The trust store of a process that is called ``device``.

    :param releases: where what comes down from the province lies, for a process whose configuration does not say so.
    :raises ConfigurationError: as :meth:`idcard.TrustStore.from_directory` does.
    """
    folder = folder_of(config, releases or releases_of(config))
    with _state(config.trust_state_of(device), remember=remember) as state:
        return TrustStore.from_directory(folder, accept_demonstration=config.is_demo, state=state)


def releases_of(config: ProcessConfig) -> Folder | None:
    """Where what comes down from the province lies, or None where nothing does, or only the staff's settings say it."""
    folder = config.releases if isinstance(config, PatientConfig) else None
    return None if folder is None else Folder(folder)


def folder_of(config: ProcessConfig, releases: Folder | None) -> Path:
    """Where the trust store lies that counts: the province's, else the one that the configuration names."""
    came = None if releases is None else releases.of(Group.TRUST)
    return config.trust if came is None or not (came / STORE).is_dir() else came / STORE


def tables_of(config: ProcessConfig) -> Path | None:
    """Where the tables lie that came down from the province, or None; ConfigurationError where that cannot be read."""
    releases = releases_of(config)
    return None if releases is None else releases.of(Group.TABLES)


def marks_of(config: PatientConfig) -> tuple[object, ...]:
    """What changes when somebody else is to be believed."""
    files = (config.trust / "trust.toml", config.trust / "imported.store", config.pins)
    own = tuple(_mark(file) for file in files if file is not None)
    return own if config.releases is None else (*own, *Folder(config.releases).marks())


def _mark(file: Path) -> object:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def distrusted_of(config: PatientConfig, *, remember: bool = True) -> Distrusted | None:
    """The list of the distrusted that came down, or None where none did.

    :raises ConfigurationError: where it cannot be read, or is older than the newest that this process saw.
    """
    releases = releases_of(config)
    if releases is None:
        return None
    found, state = releases.distrusted(), config.trust_state_of(config.device)
    Newest(state.with_name(f"{state.name}.distrusted")).check(found, remember=remember)
    return found


def policy_of(config: PatientConfig) -> Policy:
    """The policy of the automatic lane: the configured one, on the configured rungs.

    A preset's name stands for the preset: one that admits on other rungs bears a name of its own.
    """
    return _on_rungs(_POLICIES[config.policy], config)


def closed_policy_of(config: PatientConfig) -> Policy | None:
    """The policy for files that a closed reader hands over, on the configured rungs; None where they admit nobody."""
    return _on_rungs(CLOSED_READER, config) if config.closed_reader == "admit" else None


def _on_rungs(preset: Policy, config: PatientConfig) -> Policy:
    rungs = frozenset(Rung(rung) for rung in config.rungs)
    if preset.rungs == rungs:
        return preset
    return replace(preset, name="_".join((preset.name, *sorted(rungs))), rungs=rungs)


def _pins(config: PatientConfig, *, remember: bool) -> Pins | None:
    """The pinned signers; a list that is older than the newest that was seen is refused."""
    releases = releases_of(config)
    released = None if releases is None else releases.of(Group.TRUST)
    came = None if released is None else released / file_name(PINS)
    file = config.pins if came is None or not came.is_file() else came
    if file is None:
        return None
    if config.pin_keys is None:
        raise ConfigurationError(
            "Pins came down from the province, and nobody here knows whose signatures they need.",
            reason="not_vouched_for",
            remedy="Name the keys of those who sign pins as pin_keys.",
        )
    state_file = config.trust_state_of(config.device)
    with _state(state_file.with_name(f"{state_file.name}.pins"), remember=remember) as state:
        return Pins.from_file(file, PinKeys.from_file(config.pin_keys), state=state)


@contextmanager
def _state(file: Path, *, remember: bool) -> Iterator[Path]:
    """The file to keep a state in; a copy of it where nothing is to be remembered."""
    if remember:
        yield file
        return
    with TemporaryDirectory() as folder:
        copy = Path(folder) / file.name
        try:
            if file.exists():
                shutil.copyfile(file, copy)
        except OSError as error:
            raise ConfigurationError(
                f"The state file {file.name} cannot be read: {error.strerror}.",
                reason="damaged",
                remedy="Let this user read it, or name another file as trust_state.",
            ) from error
        yield copy
