"""What stands before a hub in earnest: nginx's configuration, and units for both, to be looked at and installed."""

import re
import sys
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL

from idcard import ConfigurationError
from kiosk.config import load
from kiosk.config_text import rendered
from kiosk.durable import write_in_place
from kiosk.hub.authority import load_authority, renew_server, write_list
from kiosk.hub.config import HubConfig
from kiosk.hub.process import utc_now

SOCKET: Final = Path("/run/kiosk-hub/hub.sock")
RUN: Final = Path("/run/kiosk-hub-nginx")
KIT: Final = "kit"
_TEMPLATES = Path(__file__).with_name("templates")
_LISTEN = re.compile(r"(?:[0-9.]+:|\[[0-9a-fA-F:]+\]:)?[0-9]{1,5}")
_PLAIN = re.compile(r"[A-Za-z0-9._:/@+-]+")


def write_kit(path: Path, *, listen: str, run: Path = RUN, strangers_per_s: int = 5) -> str:
    """The folder of what was written, from a hub's configuration; what nginx reads of the authority is made too.

    :param listen: where nginx listens, ``443`` or ``ADDRESS:443``. :param run: where it keeps what it needs meanwhile.
    :param strangers_per_s: requests without a certificate that an address may make in the long run.
    :raises ConfigurationError: for a hub without authority, name or socket, or a path that cannot be written there.
    """
    path = path.absolute()
    config = load(HubConfig, path)
    if config.authority is None or config.tls is None or config.server_name is None or config.socket is None:
        raise _not_so("The hub's configuration names no authority, server_name or socket.")
    if config.identity != "proxy" or not _LISTEN.fullmatch(listen):
        raise _not_so("identity is not proxy, or --listen is neither PORT nor ADDRESS:PORT.")
    now, authority = utc_now(), load_authority(config.authority)
    config.tls.mkdir(exist_ok=True)
    if not (config.tls / "crl.pem").exists():
        write_list(authority, config.tls, (), now)
    renew_server(authority, config.tls, config.server_name, now)
    kit = path.parent / KIT
    kit.mkdir(exist_ok=True)
    named = _named(path, config, kit) | {"listen": listen, "run": run, "name": config.server_name}
    named["strangers"] = str(strangers_per_s)
    for template in _templates(config):
        write_in_place(
            kit / template.name, rendered(_TEMPLATES, template.name, named, plain=_plain).encode(), mode=0o644
        )
    return str(kit)


def _templates(config: HubConfig) -> list[Path]:
    """What this hub has a use for."""
    unused = [] if config.picture is not None else ["kiosk-hub-picture."]
    unused += [] if config.releases is not None and config.online_key is not None else ["kiosk-hub-refresh."]
    return [path for path in sorted(_TEMPLATES.iterdir()) if not path.name.startswith(tuple(unused))]


def _named(path: Path, config: HubConfig, kit: Path) -> dict[str, Any]:
    folder, store = path.parent, config.store
    on_sockets = store is not None or _is_on_socket(config.address)
    writes = [config.tls] if store is None else [config.tls, store.parent]
    return {
        "folder": folder,
        "config": path,
        "kit": kit,
        "keys": config.keys,
        "authority": config.authority,
        "tls": config.tls,
        "socket": config.socket,
        "store": store,
        "store_folder": None if store is None else store.parent,
        "writes": writes,
        "socket_store": on_sockets,
        "picture_on_sockets": on_sockets and config.picture is not None and config.picture.port is None,
        "releases": config.releases,
        "online_key": config.online_key if config.releases is not None else None,
        "program": Path(sys.executable).with_name("kiosk"),
    }


def _is_on_socket(address: URL) -> bool:
    """Whether PostgreSQL is called through a file of this machine."""
    host = address.query.get("host", "")
    return not address.host and isinstance(host, str) and (not host or host.startswith("/"))


def _plain(value: Any) -> Any:
    """A value as it may stand in these files: nothing that would end a word there."""
    if isinstance(value, Path) and not _PLAIN.fullmatch(str(value)):
        raise _not_so(f"{value} has signs that cannot stand in nginx's or systemd's files.")
    return value


def _not_so(what: str) -> ConfigurationError:
    return ConfigurationError(what, reason="not_for_a_proxy", remedy="Put it right in hub.toml and run this again.")
