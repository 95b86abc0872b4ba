"""A new hub in a folder: its configuration, its keys, and for a trial the store itself."""

import json
from pathlib import Path

from kiosk.hub.authority import create_authority
from kiosk.hub.config import HubConfig
from kiosk.hub.process import PRESENT_KEY, open_store, utc_now
from kiosk.hub.store.partitions import make_months
from kiosk.keys import create_clinic_keys

CONFIG, PUBLIC_KEY, AUTHORITY = "hub.toml", "hub.pub", "authority"


def create_hub(
    folder: Path,
    *,
    postgres: str | None,
    socket: Path | None,
    port: int | None,
    mode: str,
    server_name: str | None = None,
) -> Path:
    """The configuration of a new hub; what is there already stays.

    The public key that clinics seal to lies beside the private one, as ``keys/hub.pub``; the authority that signs
    devices apart from both, in ``authority``.

    :param server_name: the name by which clinics call the proxy before it; None where there is none.
    """
    keys = folder / "keys"
    keys.mkdir(parents=True, exist_ok=True)
    keys.chmod(0o700)
    if not (keys / PRESENT_KEY).exists():
        create_clinic_keys(keys / PRESENT_KEY, keys / PUBLIC_KEY)
    create_authority(folder / AUTHORITY, utc_now())
    path = folder / CONFIG
    if not path.exists():
        settings: dict[str, object] = {"mode": mode, "keys": "keys"}
        settings |= {"store": "hub.db"} if postgres is None else {"postgres": postgres}
        settings |= {"port": port} if socket is None else {"socket": str(socket.absolute())}
        settings |= {"authority": AUTHORITY}
        settings |= {} if server_name is None else {"identity": "proxy", "server_name": server_name}
        path.write_text(_toml(settings), "utf-8")
    return path


def migrate(config: HubConfig) -> tuple[str, ...]:
    """Bring the store's tables to this program's version, and make its months; the names of those that were made.

    :raises HubStoreUnavailable: if they cannot be.
    """
    database = open_store(config)
    try:
        database.migrate()
        return make_months(database, utc_now())
    finally:
        database.close()


def _toml(settings: dict[str, object]) -> str:
    # A string in JSON is one in TOML as well.
    return "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in settings.items())
