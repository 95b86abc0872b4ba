"""The clinic's side: what is released is fetched, and what was fetched once never gives way to something older.

Theory of operation. The client of The Update Framework checks signatures, versions and times. It judges by the hub's
lists alone, by a clock that is ours, and keeps what it saw. Three things are told apart, because they call for other
acts: the hub cannot be reached (wait); what it says is too old (somebody may hold releases back: staleness, by which
the automatic lane closes after some hours, and nothing else); what it says is not signed, or goes backwards (tell
staff). Whatever happens, what was taken in before goes on counting.

A clinic begins with a root that was given to it when it was set up, and with no other.

Source: The Update Framework Specification 1.0, section 5.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

from tuf.api.exceptions import DownloadError, DownloadHTTPError, ExpiredMetadataError, RepositoryError
from tuf.ngclient import Updater
from tuf.ngclient.config import UpdaterConfig
from tuf.ngclient.fetcher import FetcherInterface

from kiosk.releases.errors import NoRelease, ReleaseUnavailable
from kiosk.releases.names import is_released

FILE_LIMIT: Final = 1 << 26
"""The greatest file of a release, in bytes."""
_NOT_FOUND: Final = (403, 404)


class Gets(Protocol):
    """How something is got from the hub, over a connection that shows who this clinic is."""

    def get(self, path: str) -> tuple[int, Iterator[bytes]]:
        """Status and body of this path; :class:`OSError` where the hub cannot be reached."""


class _Fetcher(FetcherInterface):
    """Lets the client of the framework use our connection."""

    def __init__(self, gets: Gets) -> None:
        self._gets = gets

    def _fetch(self, url: str) -> Iterator[bytes]:
        status, body = self._gets.get(urlsplit(url).path)
        if status in _NOT_FOUND:
            raise DownloadHTTPError("not there", 404)
        if status != 200:
            raise DownloadError(f"status {status}")
        return body


class Releases:
    """What was fetched, and what may be fetched now.

    :param folder: where lists and files are kept; nobody but this process writes there.
    :param root: the root that this clinic was given when it was set up.
    :param now: gives the present instant, aware.
    """

    def __init__(self, folder: Path, root: bytes, gets: Gets, *, now: Callable[[], datetime]) -> None:
        self._lists, self._files = folder / "metadata", folder / "targets"
        self._root = root
        self._gets = gets
        self._now = now

    def look(self) -> "Looked":
        """The hub's newest lists, verified.

        :raises ReleaseUnavailable: where there are none; what was fetched before stays.
        """
        with _told():
            for each in (self._lists, self._files):
                each.mkdir(parents=True, exist_ok=True)
            updater = Updater(
                str(self._lists),
                "https://hub/v1/releases/metadata/",
                str(self._files),
                "https://hub/v1/releases/targets/",
                _Fetcher(self._gets),
                UpdaterConfig(max_delegations=4),
                bootstrap=self._root,
            )
            # The clock is an argument everywhere; the framework reads the machine's unless it is given another.
            updater._trusted_set.reference_time = self._now()
            updater.refresh()
        return Looked(updater)


class Looked:
    """One look at the hub: all of it belongs together."""

    def __init__(self, updater: Updater) -> None:
        self._updater = updater

    def hash_of(self, path: str) -> str | None:
        """The SHA-256 of what is released under this path, or None where nothing is.

        :raises ReleaseUnavailable: where the list that would name it cannot be had.
        """
        with _told():
            found = self._updater.get_targetinfo(path)
        return None if found is None else found.hashes["sha256"]

    def file(self, path: str) -> bytes | None:
        """What is released under this path, or None where nothing is.

        :raises ReleaseUnavailable: where it cannot be had, or is not what was released.
        """
        if not is_released(path):
            raise ValueError("not a path of releases")
        with _told():
            target = self._updater.get_targetinfo(path)
            if target is None:
                return None
            if target.length > FILE_LIMIT:
                raise ReleaseUnavailable(NoRelease.REFUSED)
            kept = self._updater.find_cached_target(target) or self._updater.download_target(target)
            data = Path(kept).read_bytes()
            if path.startswith("roster/"):
                # Each has a name of its own, and is of no use once it was applied.
                Path(kept).unlink()
            return data


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except ExpiredMetadataError as error:
        raise ReleaseUnavailable(NoRelease.STALE) from error
    except DownloadError as error:
        raise ReleaseUnavailable(NoRelease.UNREACHABLE) from error
    except RepositoryError as error:
        raise ReleaseUnavailable(NoRelease.REFUSED) from error
    except OSError as error:
        raise ReleaseUnavailable(NoRelease.NO_SPACE) from error
