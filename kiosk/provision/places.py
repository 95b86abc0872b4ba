"""Where the kit lets things lie, and what it refuses: paths as the machine will see them."""

from pathlib import Path

from idcard import ConfigurationError
from kiosk.config import ProcessConfig
from kiosk.provision.settings import KitSettings, plain_path

STATE_ROOTS = (Path("/var/lib"), Path("/srv"))


def on_machine(path: Path, target: Path) -> Path:
    """The path as the machine will see it."""
    whole, root = path.absolute(), target.absolute()
    whole = Path("/") / whole.relative_to(root) if whole.is_relative_to(root) else whole
    try:
        plain_path(whole)
    except ValueError as error:
        what = "A path of the configuration has letters that the kit does not take."
        raise refused("unsafe_path", what, f"Rename it: {error}.") from error
    return whole


def state_files(config: ProcessConfig, device: str) -> tuple[Path, ...]:
    """The files that a process of this name writes."""
    return config.store, config.person_day_key, config.heads, config.trust_state_of(device)


def folders_of(files: tuple[Path, ...], target: Path) -> tuple[Path, ...]:
    """The folders of these files; ConfigurationError (``state_folder``) where one lies where no state belongs."""
    folders = sorted({on_machine(file, target).parent for file in files})
    for folder in folders:
        if not is_rooted(folder):
            raise refused(
                "state_folder",
                f"A process would have to write in {folder}.",
                "Let store, person_day_key, roster and what is kept beside them lie in /var/lib/idcard.",
            )
    return tuple(folders)


def is_rooted(folder: Path) -> bool:
    """Whether a folder lies below one of those in which machines keep their state."""
    return any(folder != root and folder.is_relative_to(root) for root in STATE_ROOTS)


def refuse_unlisted(port: int, settings: KitSettings, *, reason: str, whose: str) -> None:
    """Nothing, where the staff's process may call somebody at this port; ConfigurationError where not."""
    if not any(endpoint.port == port for endpoint in settings.network.staff):
        raise refused(
            reason,
            f"{whose[0].upper()}{whose[1:]} has port {port}, and kit.toml lets the staff's process call nobody there.",
            f"Put the addresses of {whose} under [network] staff in kit.toml.",
        )


def refused(reason: str, what: str, remedy: str) -> ConfigurationError:
    """What the kit does not take."""
    return ConfigurationError(what, reason=reason, remedy=remedy)
