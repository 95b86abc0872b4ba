"""Where people go in this clinic: rooms, and the clinic as tickets and screens name it."""

from dataclasses import dataclass, field

from kiosk.domain.route_proposal import Level, Once, Points

MAX_ROOMS = 6
"""More tiles than this are not one question a screen any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A room: a stable id, what is done there and where it is, in both languages."""

    id: str
    name_vi: str
    name_en: str
    place_vi: str
    place_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facility:
    """What the rules of routes ask of the clinic; None is "not known", and then nothing is proposed that needs it.

    ``station``: a health station or the like of the initial level. ``once``: its level before 2025. ``points``: its
    score, where it is of the basic level.
    """

    station: bool | None = None
    level: Level | None = None
    once: Once | None = None
    points: Points | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clinic:
    """The clinic: its facility code, names, the number of the help desk, one to six rooms, and its place in the law."""

    code: str
    name_vi: str
    name_en: str
    rooms: tuple[Room, ...]
    desk: int = 1
    hotline: str = ""
    facility: Facility = field(default_factory=Facility)

    def __post_init__(self) -> None:
        if not 1 <= len(self.rooms) <= MAX_ROOMS:
            raise ValueError(f"a clinic has 1 to {MAX_ROOMS} rooms")
        if len({room.id for room in self.rooms}) != len(self.rooms):
            raise ValueError("two rooms have one id")

    def room(self, room_id: str) -> Room:
        """The room with this id; a ValueError where there is none."""
        for room in self.rooms:
            if room.id == room_id:
                return room
        raise ValueError("no such room")

    def room_or_bare(self, room_id: str) -> Room:
        """The room with this id; one that is no longer in the configuration is named by its id."""
        for room in self.rooms:
            if room.id == room_id:
                return room
        return Room(id=room_id, name_vi=room_id, name_en=room_id, place_vi="", place_en="")
