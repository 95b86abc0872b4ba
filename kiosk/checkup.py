"""What ``kiosk check`` looks at: everything that a process needs, without starting it."""

import os
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

from idcard import ConfigurationError
from kiosk.call_config import CallConfig
from kiosk.config import PatientConfig, ProcessConfig, StaffConfig, load
from kiosk.day_key import DayKey
from kiosk.insurance.roster.manifest import load_publisher_key
from kiosk.keys import load_clinic_private_key, load_clinic_public_key, load_secret
from kiosk.patient_process import online_of, receipts_of, roster_of
from kiosk.payer import account_of
from kiosk.services.receipt import signer_of
from kiosk.staff_process import trust_problem
from kiosk.trust import trust_of
from kiosk.wallet_config import WalletConfig
from kiosk.wallet_process import desk_of
from kiosk.web.common.factory import read_session_key

AnyConfig: TypeAlias = PatientConfig | StaffConfig | WalletConfig | CallConfig


def load_process(path: Path) -> AnyConfig:
    """The configuration in this file, of whichever process it is.

    :raises ConfigurationError: as :func:`kiosk.config.load` does.
    """
    if _says(path, "calls_key") and not _says(path, "store"):
        return load(CallConfig, path)
    return load(WalletConfig, path) if _says(path, "kinds") else load_any(path)


def load_any(path: Path) -> PatientConfig | StaffConfig:
    """The configuration in this file, of either process that has the store.

    :raises ConfigurationError: as :func:`kiosk.config.load` does.
    """
    return load(StaffConfig, path) if _says(path, "clinic_private_key") else load(PatientConfig, path)


def problems_of(config: AnyConfig) -> list[ConfigurationError]:
    """Everything that keeps a process with this configuration from serving, in the order of its start."""
    return [problem for look in _looks(config) if (problem := _problem(look)) is not None]


def _says(path: Path, setting: str) -> bool:
    """Whether the file has a setting that only one process has."""
    try:
        return setting in tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return False


def _looks(config: AnyConfig) -> Iterator[Callable[[], object]]:
    if isinstance(config, CallConfig):
        yield lambda: load_secret(config.calls_key)
        return
    yield lambda: read_session_key(config.session_key)
    if isinstance(config, WalletConfig):
        yield lambda: desk_of(config)
        return
    yield lambda: _check_store(config)
    yield lambda: DayKey.load(config.person_day_key)
    if isinstance(config, StaffConfig):
        yield lambda: load_clinic_private_key(config.clinic_private_key)
        yield lambda: signer_of(config.receipt_key)
        yield lambda: trust_problem(config, remember=False)
        yield from _looks_at_payer(config)
        yield lambda: _check_interop(config)
        return
    yield lambda: load_clinic_public_key(config.clinic_public_key)
    yield lambda: roster_of(config)
    if (publisher := config.roster_publisher) is not None:
        yield lambda: load_publisher_key(publisher)
    yield lambda: trust_of(config, remember=False)
    yield lambda: online_of(config)
    yield lambda: receipts_of(config)


def _looks_at_payer(config: StaffConfig) -> Iterator[Callable[[], object]]:
    key = config.internal_key
    yield lambda: account_of(config)
    if key is not None:
        yield lambda: load_secret(key)
    orders_key, calls_key = config.orders_key, config.calls_key
    if orders_key is not None:
        yield lambda: load_secret(orders_key)
    if calls_key is not None:
        yield lambda: load_secret(calls_key)


def _check_interop(config: StaffConfig) -> None:
    """Nothing, where every receiver's settings and keys can be used; nobody is called."""
    if config.interop is None:
        return
    from kiosk.devices.clock import SystemClock
    from kiosk.interop.parts import hospital_sinks, no_account
    from kiosk.interop.settings import load_settings

    settings = load_settings(config.interop)
    if settings.checkin is not None and config.gateway is None:
        raise no_account()
    for sink in hospital_sinks(settings, SystemClock()):
        sink.close()


def _problem(look: Callable[[], object]) -> ConfigurationError | None:
    try:
        found = look()
    except ConfigurationError as problem:
        return problem
    return found if isinstance(found, ConfigurationError) else None


def _check_store(config: ProcessConfig) -> None:
    """Nothing, where the store's folder takes files; a store that is not there yet is made at the first start."""
    if not os.access(config.store.parent, os.W_OK | os.X_OK):
        raise ConfigurationError(
            f"The folder of the store {config.store.name} cannot be written.",
            reason="store_folder",
            remedy="Create it, and let this user write there.",
        )
