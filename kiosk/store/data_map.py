"""What each column of the clinic's store says of a person: the data map that the law asks for, tagged in the schema.

Every column has a :class:`Kind` in its ``info`` (SQLAlchemy), under ``"data"``; a test fails for one that has none, so
nobody adds a column without saying what it knows of whom. ``docs/personal-data.md`` says of each kind how long it is
kept, who reads it, and what erasing does to it.

Source: Law 91/2025/QH15 on the protection of personal data.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from kiosk.store import desk_tables, device_tables, key_tables, province_tables
from kiosk.store.tables import Base

__all__ = ["Kind", "columns", "desk_tables", "device_tables", "key_tables", "province_tables"]


class Kind(StrEnum):
    """What a column says of whom."""

    SEALED = "sealed"
    """A person's fields, or what opens them, under the clinic's key."""
    KEYED = "keyed"
    """A keyed hash of a number: tells a person again to whoever has the key, and to nobody else."""
    ABOUT = "about"
    """What happened in a visit of somebody whom this column does not name. Health data, for the visit tells that
    somebody was ill."""
    STAFF = "staff"
    """Of a clerk: their sign, or something of theirs, sealed or hashed."""
    RECORD = "record"
    """Of the chain and what leaves: references and commitments, in words of ours."""
    THING = "thing"
    """Of a clinic, device or program; of nobody."""


_MAP: Mapping[str, Mapping[Kind, str]] = {
    "assistance": {Kind.STAFF: "by", Kind.THING: "id clinic device began_at until"},
    "audit": {Kind.RECORD: "seq at kind body previous hash", Kind.THING: "device"},
    "counter": {Kind.THING: "clinic day series value"},
    "delivery": {
        Kind.ABOUT: "visit_id receipt",
        Kind.RECORD: "event_id state reason tries next_at settled_at",
        Kind.THING: "sink",
    },
    "delivery_cursor": {Kind.THING: "sink device seq"},
    "device_state": {Kind.THING: "device part state updated_at"},
    "look": {Kind.ABOUT: "visit_id page at", Kind.STAFF: "by", Kind.RECORD: "link", Kind.THING: "id clinic device"},
    "lost_card": {Kind.KEYED: "tag", Kind.STAFF: "added_by", Kind.THING: "clinic added_at"},
    "notice": {
        Kind.ABOUT: "code reasons visit_id state created_at resolved_at resolution taken_at",
        Kind.STAFF: "resolved_by owner",
        Kind.THING: "id clinic device",
    },
    "notice_event": {Kind.ABOUT: "notice_id kind at", Kind.STAFF: "by", Kind.THING: "id"},
    "outbox": {Kind.RECORD: "id seq kind body created_at sent_at", Kind.THING: "device"},
    "print_order": {
        Kind.ABOUT: "visit_id copy reason state created_at settled_at",
        Kind.STAFF: "by",
        Kind.THING: "id clinic device condition",
    },
    "province_event": {
        Kind.RECORD: "seq kind source again envelope state reason tries made_at settled_at",
        Kind.THING: "device",
    },
    "province_mark": {Kind.RECORD: "source said", Kind.THING: "device"},
    "province_sender": {
        Kind.THING: "device since seq hlc acked_through seen lost emergency answered_at stopped",
    },
    "queue_event": {
        Kind.ABOUT: "day seq visit_id number act room_id before after at undoes",
        Kind.STAFF: "by",
        Kind.THING: "id clinic device",
    },
    "self_test": {Kind.STAFF: "by", Kind.THING: "id clinic device state steps created_at settled_at"},
    "shift": {
        Kind.STAFF: "sealed_key blob commitment starts_at ends_at",
        Kind.THING: "id clinic device created_at",
    },
    "staff_account": {
        Kind.STAFF: "sign role state password proof sealed_key blob commitment changed_at "
        "wrong_tries next_try_at inside_tries inside_next_at",
        Kind.THING: "clinic created_at",
    },
    "staff_key": {
        Kind.STAFF: "sign site credential public_key count state proof created_at used_at",
        Kind.THING: "id clinic",
    },
    "test_card": {Kind.STAFF: "by", Kind.THING: "clinic tag created_at"},
    "visit": {
        Kind.SEALED: "sealed_key blob shown_code",
        Kind.KEYED: "person_day_tag insured_day_tag",
        Kind.ABOUT: (
            "day series number first_day first_number room_id state assurance read_assurance proved_by code reasons"
            " verdict priority created_at admitted_at called_at cover_source cover_as_of cover_result cover_online"
            " recheck way cover_next compared_at route_proposed route receipt corrects waits_in stands_at queue_state"
            " took_ms holder_check card readings check_code agreed_at agreed_to"
        ),
        Kind.STAFF: "confirmed_by shift_id priority_by assisted_by",
        Kind.RECORD: "id commitment",
        Kind.THING: "clinic device trust_version roster_version",
    },
    "visit_event": {
        Kind.ABOUT: "visit_id kind reason before after at",
        Kind.STAFF: "by shift_id",
        Kind.THING: "id device",
    },
    "visit_order": {
        Kind.ABOUT: "visit_id kind code name ordered_at route visit_kind created_at",
        Kind.STAFF: "recorded_by",
    },
    "work": {
        Kind.SEALED: "sealed_key blob",
        Kind.KEYED: "same",
        Kind.ABOUT: (
            "visit_id field left_source right_source grade state created_at due_at sent_at closed_at closed_how"
        ),
        Kind.STAFF: "closed_by",
        Kind.RECORD: "id commitment",
        Kind.THING: "clinic device roster_version",
    },
}


def _tag(tables: Mapping[str, Any]) -> None:
    for table, kinds in _MAP.items():
        for kind, names in kinds.items():
            for name in names.split():
                tables[table].columns[name].info["data"] = kind


def columns() -> Iterator[tuple[str, str, Kind | None]]:
    """Every column of the store: its table, its name, and what it says of whom; None where nobody said."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            yield table.name, column.name, column.info.get("data")


_tag(Base.metadata.tables)
