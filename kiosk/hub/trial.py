"""A hub to try: everything on this machine and in one folder, with a PostgreSQL of its own where that is wanted."""

from pathlib import Path

from kiosk.config import load
from kiosk.hub.cluster import Cluster
from kiosk.hub.config import HubConfig
from kiosk.hub.picture.trying import INVENTED, beside, prepare_trial
from kiosk.hub.process import run_hub
from kiosk.hub.setup import CONFIG, create_hub, migrate

STORES = ("sqlite", "postgres")


def run_trial(folder: Path, *, store: str, port: int, picture: int = 0) -> None:
    """Serve until the process is told to stop; what came stays in the folder.

    :param store: one of :data:`STORES`, each in a folder of its own.
    :param picture: the port of the picture of an invented province beside it; 0 for none.
    :raises ConfigurationError: where PostgreSQL is missing or does not come up, or the port is taken.
    """
    own = folder / store
    if store != "postgres":
        _serve(own, port, None, picture)
        return
    cluster = Cluster(own / "postgres")
    cluster.start()
    try:
        _serve(own, port, cluster.create("hub"), picture)
    finally:
        cluster.stop()


def _serve(folder: Path, port: int, postgres: str | None, picture: int) -> None:
    if postgres is not None:
        # The sockets of a PostgreSQL of our own lie elsewhere each time: other commands find the store by this file.
        (folder / CONFIG).unlink(missing_ok=True)
    path = create_hub(folder, postgres=postgres, socket=None, port=port, mode="demo")
    # The port may be another one than last time.
    config = load(HubConfig, path).model_copy(update={"port": port})
    migrate(config)
    if not picture:
        run_hub(config)
        return
    print(
        "kiosk hub: an invented province is made where there is none yet, which takes a quarter of a minute", flush=True
    )
    prepare_trial(config)
    shown = folder / "picture.toml"
    shown.write_text(f"{path.read_text('utf-8')}\n[picture]\nport = {picture}\n", "utf-8")
    sign, password = INVENTED
    print(f"kiosk hub: http://127.0.0.1:{picture}/ shows it to {sign} with the password {password}", flush=True)
    with beside(shown):
        run_hub(config)
