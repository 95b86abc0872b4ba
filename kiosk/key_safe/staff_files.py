"""The key files that the staff's process alone holds, wherever they are named."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from kiosk.config import ProcessConfig, StaffConfig
from kiosk.interop.settings import load_settings
from kiosk.key_safe.opening import KeyFile, KeySafes, named_files, shared_files
from kiosk.key_safe.state import SHARED
from kiosk.province.identity import DEVICE_KEY
from kiosk.province.settings import load_province

_SETTINGS = ("clinic_private_key", "receipt_key", "gateway", "orders_key")


def safes_of(config: ProcessConfig) -> KeySafes:
    """The safes of a configuration, which know all of its key files."""
    return KeySafes(config, partial(own_files, config))


def files_of(config: ProcessConfig, group: str) -> tuple[KeyFile, ...]:
    """The key files of a group; raises as :func:`own_files`."""
    return shared_files(config) if group == SHARED else own_files(config)


def own_files(config: ProcessConfig) -> tuple[KeyFile, ...]:
    """The key files of the staff's own safe, as far as this configuration names them; none for another process.

    :raises ConfigurationError: where the settings of the province, or of the receivers, cannot be used.
    """
    if not isinstance(config, StaffConfig):
        return ()
    return (*named_files(config, _SETTINGS), *_named_elsewhere(config))


def _named_elsewhere(config: StaffConfig) -> Iterator[KeyFile]:
    """What the settings of the province and of the receivers name."""
    paths: list[Path | None] = []
    if config.province is not None:
        province = load_province(config.province)
        paths += [province.person_key, province.identity / DEVICE_KEY]
    if config.interop is not None:
        interop = load_settings(config.interop)
        paths += [each.secret for each in interop.webhook] + [each.token for each in interop.fhir]
    for path in dict.fromkeys(paths):
        if path is not None and path.is_file():
            yield KeyFile(setting=path.name, path=path)
