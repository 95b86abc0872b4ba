"""Whom this clinic trusts: the trust store and the pinned signers, neither older than what was seen before.

Theory of operation. The store and the list of pins may be brought back from a backup, whole and undamaged, with
signers in them that were taken back since. So each process keeps a *state* of its own beside its database: the
newest store, and the highest number of a list of pins, that it ever opened. An older one is refused like a damaged
one. Each process has its own file, because each runs as another user.
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

_POLICIES = {policy.name: policy for policy in (STRICT, VIETNAM_STRICT)}
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whom the automatic lane believes.

    :param pins: the number of the list of pins, or None where there is none.
    """

    store: TrustStore
    vouchers: Vouchers
    policy: Policy
    pins: int | None


def trust_of(config: PatientConfig, *, remember: bool = True) -> Trust | ConfigurationError:
    """Whom the patient's process trusts, or why it can trust nobody: that closes the kiosk and does not end it.

    :param remember: whether what is opened now is the newest from now on; False only looks.
    """
    try:
        store = open_store(config, config.device, remember=remember)
        pins = _pins(config, remember=remember)
    except ConfigurationError as problem:
        _log.error("trust_unusable", reason=problem.reason, message=str(problem))
        return problem
    return Trust(
        store=store,
        vouchers=Vouchers(pins=pins),
        policy=policy_of(config),
        pins=None if pins is None else pins.serial,
    )


def open_store(config: ProcessConfig, device: str, *, remember: bool = True) -> TrustStore:
    """The trust store of a process that is called ``device``.

    :raises ConfigurationError: as :meth:`idcard.TrustStore.from_directory` does.
    """
    with _state(config.trust_state_of(device), remember=remember) as state:
        return TrustStore.from_directory(config.trust, accept_demonstration=config.is_demo, state=state)


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
    if config.pins is None or config.pin_keys is None:
        return None
    file = config.trust_state_of(config.device)
    with _state(file.with_name(f"{file.name}.pins"), remember=remember) as state:
        return Pins.from_file(config.pins, PinKeys.from_file(config.pin_keys), state=state)


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
