"""What comes down from the province is fetched, checked and put in place; and when it was heard last is written down.

Theory of operation. A look at the hub gives lists that belong together. Each *group* of what is released is then put
in place by itself, the list of the distrusted first: a trust store that cannot be opened must not hold up an emergency.
Within a group it is all or nothing: everything is opened and checked as its readers will open it, and only then counts;
until then, and where anything is wrong, the former counts. Staff are told, and by them the hub.

Only a verified, fresh timestamp is a *good word*, and only where the list of the distrusted that it leads to counts
here, and whom to believe could be had: else whoever sits on the line would hold one file back, and be taken for the
province. No good word changes nothing by itself: the last one grows older, and :mod:`kiosk.domain.contact` says what
follows.
"""

import random
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

import structlog

from idcard import ConfigurationError, IdCardError, PinKeys, Pins, QrTrust, TrustStore
from kiosk.insurance.roster.arriving import put_pack
from kiosk.insurance.roster.errors import Refusal, RosterRefused
from kiosk.insurance.roster.importing import Target
from kiosk.insurance.roster.pack import contents_of, read_pack
from kiosk.insurance.table_schema import Results, Routes
from kiosk.insurance.tables import load_table
from kiosk.releases.contents import Ages, Unusable, ages_in, store_files
from kiosk.releases.errors import NoRelease, ReleaseUnavailable
from kiosk.releases.installed import STORE, Group, Keeper, Standing, file_name
from kiosk.releases.names import (
    EMERGENCY,
    MOST_AHEAD,
    PINS,
    RELAXED,
    RESULT_CODES,
    ROUTES,
    SIGNERS,
    TRUST,
    Distrusted,
    newest_of,
    roster_path,
    settings_path,
)

AGAIN_S: Final = 15.0
"""Seconds until the next try, where an emergency is known of and was not fetched yet."""
_log = structlog.get_logger(__name__)


class Looked(Protocol):
    """One look at the hub: see :class:`kiosk.releases.fetching.Looked`."""

    def hash_of(self, path: str) -> str | None:
        """The SHA-256 of what is released there, or None; ReleaseUnavailable where that cannot be had."""

    def file(self, path: str) -> bytes | None:
        """What is released there, or None; ReleaseUnavailable where that cannot be had."""


class Looks(Protocol):
    """Whoever looks at the hub: see :class:`kiosk.releases.fetching.Releases`."""

    def look(self) -> Looked:
        """The hub's newest lists, verified; ReleaseUnavailable where there are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a clinic's releases are checked by, and where its roster lies.

    :param trust_state: the file in which the staff's process remembers the newest trust store.
    :param pin_keys: the file with the keys of those who sign pins, or None where no pins may come down.
    :param roster: the roster that packs are applied to, or None where none may come down.
    """

    clinic: str
    trust_state: Path
    demonstration: bool = False
    pin_keys: Path | None = None
    roster: Target | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a step came to.

    :ivar heard: whether this was a good word.
    :ivar problem: why not all was taken, in a word; empty where the province was heard and all of it counts now.
    :ivar changed: the groups that count anew.
    """

    heard: bool
    problem: str = ""
    changed: tuple[Group, ...] = ()


@dataclass(frozen=True, slots=True)
class _Trouble:
    """Why a group was not put in place. :ivar withheld: it could not be had, though the lists that name it could."""

    word: str
    withheld: bool = False


class Installer:
    """Looks for releases and puts them in place; for one thread.

    :param emergency: the number of the newest emergency that the hub's answers named.
    :param tell: told how the releases are, as the state of a part, whenever that is another.
    :param every_s: seconds between two looks. :param quiet_h, silent_h: of the clinic's own settings.
    :param jitter: gives a number between 0 and 1: clinics that heard of an emergency at once do not ask at once.
    """

    def __init__(
        self,
        *,
        looks: Looks,
        keeper: Keeper,
        place: Place,
        tell: Callable[[Mapping[str, object]], None],
        emergency: Callable[[], int] = lambda: 0,
        every_s: float = 900.0,
        hours: tuple[float, float] = (6.0, 72.0),
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._looks, self._keeper, self._place = looks, keeper, place
        self._tell, self._emergency, self._jitter = tell, emergency, jitter
        self._every_s, self._hours = every_s, hours
        self._next: datetime | None = None
        self._looked_for = self._tried_for = -1
        self._withheld = 0
        self._told: Mapping[str, object] | None = None

    def step(self, now: datetime) -> Outcome | None:
        """Look, if it is time to, or an emergency is not looked for yet; None where it is not.

        :raises OSError: where the folder cannot be written at all.
        """
        number = self._emergency()
        if self._next is None:
            self._begin(now)
        elif not self._is_due(number, now):
            return None
        outcome = self._looked(now)
        # What is named and cannot be had is asked for again soon: mostly a line broke, and else it is an emergency.
        waits = not outcome.heard and (number != self._looked_for or self._withheld > 0)
        # Where the hub was heard, all that it had to say of an emergency up to this number was said.
        self._looked_for = number if outcome.heard else self._looked_for
        self._tried_for = number
        self._next = now + timedelta(seconds=(AGAIN_S if waits else self._every_s) * (0.9 + 0.2 * self._jitter()))
        self._say(outcome)
        return outcome

    def _is_due(self, number: int, now: datetime) -> bool:
        """Whether it is time; a clock that went back would else keep this waiting until it is there again."""
        if self._next is None:
            return True
        # Another number, and not a greater one: a hub that was put back from a copy gives numbers again.
        news = number not in (self._looked_for, self._tried_for)
        return news or now >= self._next or self._next - now > timedelta(seconds=2 * max(self._every_s, AGAIN_S))

    def _begin(self, now: datetime) -> None:
        """Write down since when this clinic waits for a word; what was written before stays."""
        self._keeper.heard(self._with_hours(self._standing(now)))

    def _standing(self, now: datetime) -> Standing:
        """What was written down; where that cannot be read, patience begins anew."""
        try:
            return self._keeper.folder.standing() or Standing(since=now)
        except ConfigurationError:
            return Standing(since=now)

    def _with_hours(self, standing: Standing) -> Standing:
        quiet_h, silent_h = self._hours
        ages = ages_in(self._keeper.folder)
        if ages is not None:
            quiet_h, silent_h = ages.quiet_h or quiet_h, ages.silent_h or silent_h
        return standing.model_copy(update={"quiet_h": quiet_h, "silent_h": silent_h})

    def _looked(self, now: datetime) -> Outcome:
        try:
            found = self._looks.look()
        except ReleaseUnavailable as error:
            _log.info("no_release", reason=error.reason.value)
            self._withheld = 0
            return Outcome(heard=False, problem=_word(error.reason))
        changed, troubles = self._put_all(found)
        self._withheld = self._withheld + 1 if any(each.withheld for each in troubles.values()) else 0
        heard = not any(_is_vital(group, trouble) for group, trouble in troubles.items())
        if heard:
            self._keeper.heard(self._with_hours(self._standing(now).model_copy(update={"heard_at": now})))
        return Outcome(heard=heard, problem=self._problem(troubles), changed=tuple(changed))

    def _problem(self, troubles: Mapping[Group, _Trouble]) -> str:
        """The word for staff: once is a broken line, twice on end is somebody who holds it back."""
        unreachable = NoRelease.UNREACHABLE.value
        words = [each.word for each in troubles.values()]
        if self._withheld > 1:
            words = ["release_withheld" if word == unreachable else word for word in words]
        return next((word for word in words if word != unreachable), words[0] if words else "")

    def _put_all(self, found: Looked) -> tuple[list[Group], dict[Group, _Trouble]]:
        changed: list[Group] = []
        troubles: dict[Group, _Trouble] = {}
        for group in Group:
            try:
                if self._put(group, found):
                    changed.append(group)
                    _log.info("release_installed", group=group.value)
            except (IdCardError, OSError) as error:
                troubles[group] = _trouble_of(error)
                facts = error.facts if isinstance(error, IdCardError) else {}
                code = error.code if isinstance(error, IdCardError) else "not_written"
                _log.error("release_not_installed", group=group.value, code=code, reason=str(facts.get("reason", "")))
        return changed, troubles

    def _put(self, group: Group, found: Looked) -> bool:
        """Put a group in place; whether anything in it is new."""
        paths = _PATHS.get(group) or (_own_path(group, self._place.clinic),)
        hashes = {path: digest for path in paths if (digest := found.hash_of(path)) is not None}
        if not hashes or hashes == self._keeper.known().of(group).files:
            # What is released no more goes on counting: nobody is to trust another by taking a file away.
            return False
        if group is Group.ROSTER:
            return self._put_roster(found, hashes)
        if group is Group.EMERGENCY and hashes.get(EMERGENCY) == self._keeper.known().of(group).files.get(EMERGENCY):
            # The list that counts here is the newest, whatever became of the officers' word beside it.
            return False
        files = {path: data for path in hashes if (data := found.file(path)) is not None}
        made = self._keeper.begin(group, self._laid(group, files))
        self._check(group, made.path, files)
        self._keeper.put(made, hashes)
        if group is Group.TRUST:
            # From now on it is the newest: an older one that an officer releases by mistake is refused here already.
            self._open_trust(self._keeper.folder.path / made.name, files, self._place.trust_state)
        return True

    def _laid(self, group: Group, files: Mapping[str, bytes]) -> Mapping[str, bytes]:
        if group is Group.TRUST:
            return store_files(files)
        return {file_name(path): data for path, data in files.items()}

    def _check(self, group: Group, folder: Path, files: Mapping[str, bytes]) -> None:
        """Nothing, where everything opens as its readers will open it; IdCardError where it does not."""
        match group:
            case Group.EMERGENCY:
                self._check_distrusted(files)
            case Group.TRUST:
                self._check_trust(folder, files)
            case Group.TABLES:
                for path, kind in ((RESULT_CODES, Results), (ROUTES, Routes)):
                    if path in files:
                        load_table(kind, folder / file_name(path))
            case Group.SETTINGS:
                Ages.from_bytes(files[settings_path(self._place.clinic)])

    def _check_distrusted(self, files: Mapping[str, bytes]) -> None:
        try:
            new = Distrusted.from_bytes(files.get(EMERGENCY, b""))
            relaxed = Distrusted.from_bytes(files[RELAXED]) if RELAXED in files else None
        except ValueError as error:
            raise Unusable("no list of the distrusted") from error
        former = self._former_list()
        if former is not None and new.number <= former.number:
            raise Unusable("a list of the distrusted with a number that was used before")
        least = newest_of(former, relaxed)
        if least is not None and not new.follows(least):
            raise Unusable("a list of the distrusted that takes back what only officers may")
        if new.number > MOST_AHEAD + (0 if least is None else least.number):
            raise Unusable("a list of the distrusted whose number leaves none for those that follow")

    def _former_list(self) -> Distrusted | None:
        try:
            return self._keeper.folder.distrusted()
        except ConfigurationError:
            return None

    def _check_trust(self, folder: Path, files: Mapping[str, bytes]) -> None:
        state = self._place.trust_state
        with tempfile.TemporaryDirectory() as scratch:
            # Only looked at: what is remembered as the newest is what counts, and this does not yet.
            for each in (state, _pins_state(state)):
                _copy(each, Path(scratch))
            self._open_trust(folder, files, Path(scratch) / state.name)

    def _open_trust(self, folder: Path, files: Mapping[str, bytes], state: Path) -> None:
        """Open it as its readers do; ConfigurationError where that fails, or ``state`` knows a newer one."""
        accept = self._place.demonstration
        if TRUST in files:
            store = TrustStore.from_directory(folder / STORE, accept_demonstration=accept, state=state)
            _ = store.anchors
            if (folder / STORE / "qr").is_dir():
                QrTrust.from_directory(folder / STORE, accept_demonstration=accept)
        if PINS in files:
            if self._place.pin_keys is None:
                raise Unusable("pins came down, and nobody here knows whose signatures they need")
            Pins.from_file(folder / file_name(PINS), PinKeys.from_file(self._place.pin_keys), state=_pins_state(state))

    def _put_roster(self, found: Looked, hashes: dict[str, str]) -> bool:
        target = self._place.roster
        if target is None:
            return False
        if not self._took_delta(found, target):
            whole = found.file(roster_path(self._place.clinic))
            if whole is None:
                return False
            put_pack(read_pack(whole), target)
        self._keeper.note(Group.ROSTER, hashes)
        return True

    def _took_delta(self, found: Looked, target: Target) -> bool:
        """Whether what differs from the present roster was enough; where it does not fit, the whole one is fetched."""
        data = self._delta(found, target.roster)
        try:
            if data is not None:
                put_pack(read_pack(data), target)
        except (RosterRefused, ConfigurationError) as error:
            _log.warning("delta_does_not_fit", code=error.code, reason=error.facts.get("reason"))
            return False
        return data is not None

    def _delta(self, found: Looked, roster: Path) -> bytes | None:
        """What differs from the roster that lies there, where that is released; None where only the whole one helps."""
        try:
            base = contents_of(roster) if roster.exists() else None
        except ConfigurationError:
            return None
        return None if base is None else found.file(roster_path(self._place.clinic, base))

    def _say(self, outcome: Outcome) -> None:
        state: dict[str, object] = {"ok": outcome.problem in ("", "unreachable")}
        if not state["ok"]:
            state["reason"] = outcome.problem
        if state != self._told:
            self._tell(state)
            self._told = state


_PATHS: Final = {
    Group.EMERGENCY: (EMERGENCY, RELAXED),
    Group.TRUST: (TRUST, PINS, SIGNERS),
    Group.TABLES: (RESULT_CODES, ROUTES),
}


def _is_vital(group: Group, trouble: _Trouble) -> bool:
    """Whether a word that left this undone is no good one. A store that officers released wrongly holds up nobody."""
    return group is Group.EMERGENCY or (group is Group.TRUST and trouble.withheld)


def _trouble_of(error: IdCardError | OSError) -> _Trouble:
    match error:
        case ReleaseUnavailable():
            return _Trouble(_word(error.reason), withheld=error.reason is not NoRelease.NO_SPACE)
        case RosterRefused() if error.facts.get("reason") == Refusal.NO_SPACE:
            return _Trouble("no_space")
        case IdCardError():
            return _Trouble("release_unusable")
        case _:
            return _Trouble("no_space")


def _own_path(group: Group, clinic: str) -> str:
    return roster_path(clinic) if group is Group.ROSTER else settings_path(clinic)


def _word(reason: NoRelease) -> str:
    """The word for staff."""
    match reason:
        case NoRelease.UNREACHABLE | NoRelease.NO_SPACE:
            return reason.value
        case NoRelease.STALE:
            return "release_stale"
        case NoRelease.REFUSED | NoRelease.DAMAGED:
            return "release_refused"


def _pins_state(state: Path) -> Path:
    return state.with_name(f"{state.name}.pins")


def _copy(file: Path, folder: Path) -> None:
    if file.exists():
        (folder / file.name).write_bytes(file.read_bytes())
