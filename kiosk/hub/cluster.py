"""A PostgreSQL of our own, in one folder: for a trial, for tests, for measuring. A province runs its own server.

It listens on a Unix socket in a folder that nobody else may enter, and on no port. PostgreSQL refuses to run as root:
then its processes belong to Debian's user ``postgres``. It ends with the process that started it.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from time import monotonic, sleep
from typing import IO

import psycopg
from psycopg import sql

from idcard import ConfigurationError

USER = "postgres"
_DEBIAN = Path("/usr/lib/postgresql")
_UP_WITHIN_S, _DOWN_WITHIN_S, _LOOK_S = 60, 60, 0.05
_FOR_TRIALS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class Cluster:
    """A PostgreSQL server in a folder, made where there is none.

    :param durable: False where what is stored may be lost with the machine's power: in tests.
    :param settings: further settings of PostgreSQL, ``name=value``.
    """

    def __init__(self, folder: Path, *, durable: bool = True, settings: tuple[str, ...] = ()) -> None:
        self._folder = folder.absolute()
        self._is_durable = durable
        self._settings = (*(() if durable else _FOR_TRIALS), *settings)
        self._sockets = Path(tempfile.mkdtemp(prefix="kiosk-pg-"))
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = "postgres") -> str:
        """The address of one of its databases."""
        return f"postgresql+psycopg://{USER}@/{database}?host={self._sockets}"

    def start(self) -> None:
        """Make it where there is none, start it and wait until it answers.

        :raises ConfigurationError: where PostgreSQL is not installed, or does not come up.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        _give_away(self._folder, self._sockets)
        if not (self._folder / "PG_VERSION").exists():
            command = [str(_program("initdb")), "-D", str(self._folder), "-U", USER, "-E", "UTF8", "--locale=C"]
            made = subprocess.run(
                _as_postgres([*command, "--auth=trust", "--no-sync"]), capture_output=True, check=False, cwd="/"
            )
            if made.returncode:
                raise _no_answer(self._folder, made.stderr.decode(errors="replace"))
        self._run()
        self._wait()

    def create(self, database: str) -> str:
        """The address of a database, made where there is none."""
        with psycopg.connect(host=str(self._sockets), user=USER, dbname="postgres", autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone()
            if known is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        return self.url(database)

    def kill(self) -> None:
        """End it as a power cut would, for tests."""
        if self._process is not None:
            # The postmaster alone: its children notice, and end.
            self._process.kill()
            self._process.wait(_DOWN_WITHIN_S)
            self._process = None

    def stop(self) -> None:
        """Stop it, once and for all; what clients were doing is broken off."""
        if self._process is not None:
            # Fast shutdown writes everything home; where nothing need last, immediate shutdown does not.
            self._process.send_signal(signal.SIGINT if self._is_durable else signal.SIGQUIT)
            self._process.wait(_DOWN_WITHIN_S)
            self._process = None
        shutil.rmtree(self._sockets, ignore_errors=True)

    def _run(self) -> None:
        options = ["listen_addresses=", f"unix_socket_directories={self._sockets}", *self._settings]
        command = [str(_program("postgres")), "-D", str(self._folder)]
        command += [part for option in options for part in ("-c", option)]
        with self._log() as log:
            self._process = subprocess.Popen(
                _as_postgres(command, with_us=True), stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd="/"
            )

    def _log(self) -> IO[bytes]:
        path = self._folder / "server.log"
        file = path.open("ab")
        _give_away(path)
        return file

    def _wait(self) -> None:
        deadline = monotonic() + _UP_WITHIN_S
        while not self._answers():
            if self._process is None or self._process.poll() is not None or monotonic() > deadline:
                raise _no_answer(self._folder, (self._folder / "server.log").read_text(errors="replace"))
            sleep(_LOOK_S)

    def _answers(self) -> bool:
        try:
            psycopg.connect(host=str(self._sockets), user=USER, dbname="postgres", connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True


def is_installed() -> bool:
    """Whether PostgreSQL's programs are here."""
    return _found("postgres") is not None


def _program(name: str) -> Path:
    found = _found(name)
    if found is None:
        raise ConfigurationError(
            "PostgreSQL is not installed.", reason="missing", remedy="apt-get install postgresql, or use SQLite."
        )
    return found


def _found(name: str) -> Path | None:
    """Debian's newest, which is on no PATH; else whatever is on it."""
    ours = sorted(_DEBIAN.glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    other = shutil.which(name)
    return ours[-1] if ours else Path(other) if other else None


def _is_root() -> bool:
    return sys.platform != "win32" and os.geteuid() == 0


def _as_postgres(command: list[str], *, with_us: bool = False) -> list[str]:
    """The command by a user whom PostgreSQL accepts; ``with_us``: it ends when this process does."""
    if shutil.which("setpriv") is None:
        return command
    options = ["--pdeathsig", "INT"] if with_us else []
    if _is_root():
        options += ["--reuid", USER, "--regid", USER, "--clear-groups"]
    return ["setpriv", *options, "--", *command]


def _give_away(*paths: Path) -> None:
    if _is_root():
        import pwd  # which Windows does not have

        entry = pwd.getpwnam(USER)
        for path in paths:
            os.chown(path, entry.pw_uid, entry.pw_gid)


def _no_answer(folder: Path, said: str) -> ConfigurationError:
    last = next((line for line in reversed(said.strip().splitlines()) if line), "it said nothing")
    return ConfigurationError(
        f"PostgreSQL in {folder} does not come up: {last}.",
        reason="no_answer",
        remedy=f"Look into {folder / 'server.log'}.",
    )
