"""The thread of the staff's process that fetches releases, put together from a clinic's settings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kiosk.config import StaffConfig
from kiosk.insurance.roster.importing import Target
from kiosk.insurance.tables import use_released
from kiosk.keys import PersonTags, load_secret
from kiosk.ports import Clock
from kiosk.province.identity import Identity
from kiosk.province.installing import Installer, Looked, Outcome, Place
from kiosk.province.link import HubLink
from kiosk.province.settings import ProvinceSettings
from kiosk.releases.errors import NoRelease, ReleaseUnavailable
from kiosk.releases.fetching import Releases
from kiosk.releases.installed import Folder, Group, Keeper
from kiosk.services.worker import Rounds
from kiosk.store import repositories
from kiosk.store.database import Database

FETCHED = "fetched"
PART = "releases"
_TURN_S = 5.0


@dataclass(slots=True)
class HubLooks:
    """Looks over one connection; a clinic that is not enrolled yet has no root, and hears nobody."""

    folder: Path
    identity: Identity
    link: HubLink
    clock: Clock

    def look(self) -> Looked:
        """The hub's newest lists, verified; ReleaseUnavailable where there are none."""
        try:
            root = self.identity.root()
        except OSError as error:
            raise ReleaseUnavailable(NoRelease.UNREACHABLE) from error
        return Releases(self.folder, root, self.link, now=self.clock.now).look()

    def close(self) -> None:
        """Let go of the connection."""
        self.link.close()


class InstallThread(Rounds):
    """Steps the installer until it is stopped.

    :param took: told after a step what counts anew.
    """

    def __init__(
        self, installer: Installer, looks: HubLooks, clock: Clock, *, took: Callable[[Outcome], None] = lambda _: None
    ) -> None:
        super().__init__("releases", every_s=_TURN_S)
        self._installer, self._looks, self._clock, self._took = installer, looks, clock, took

    def round(self) -> None:
        """One step."""
        outcome = self._installer.step(self._clock.now())
        if outcome is not None:
            self._took(outcome)

    def stop(self) -> None:
        """End, and let go of the connection."""
        super().stop()
        self._looks.close()


def install_thread(
    config: StaffConfig,
    settings: ProvinceSettings,
    database: Database,
    clock: Clock,
    *,
    device: str,
    emergency: Callable[[], int] = lambda: 0,
    tables_came: Callable[[], None] = lambda: None,
) -> InstallThread | None:
    """The thread; None where the settings name no folder for what comes down.

    :param device: the desk's name in the store. :param emergency: the newest number that the hub's answers named.
    :param tables_came: told when other tables count.
    :raises ConfigurationError: where a key or certificate cannot be used.
    """
    if settings.releases is None:
        return None
    folder, identity = Folder(settings.releases), Identity(settings.identity)
    settings.releases.mkdir(parents=True, exist_ok=True)

    def tell(state: Mapping[str, object]) -> None:
        with database.write() as session:
            repositories.set_device_state(session, device, PART, dict(state), clock.now())

    looks = HubLooks(folder.path / FETCHED, identity, HubLink(settings, identity), clock)
    installer = Installer(
        looks=looks,
        keeper=Keeper(folder),
        place=Place(
            clinic=config.clinic.code,
            trust_state=config.trust_state_of(device),
            demonstration=config.is_demo,
            pin_keys=settings.pin_keys,
            roster=_target(config),
        ),
        tell=tell,
        emergency=emergency,
        every_s=settings.ask_every_s,
        hours=(settings.quiet_h, settings.silent_h),
    )

    def took(outcome: Outcome) -> None:
        if Group.TABLES in outcome.changed:
            use_released(folder.of(Group.TABLES))
            tables_came()

    return InstallThread(installer, looks, clock, took=took)


def _target(config: StaffConfig) -> Target | None:
    if config.roster is None or config.roster_key is None:
        return None
    return Target(roster=config.roster, tags=PersonTags(load_secret(config.roster_key)), state=config.roster_state)
