"""Identifiers of visits and events."""

from datetime import UTC, datetime

from kiosk.store.ids import uuid7

AT = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)


def test_identifiers_are_version_7_and_sort_by_time() -> None:
    from uuid import UUID

    early, late = uuid7(AT), uuid7(datetime(2026, 11, 23, 1, 2, 4, tzinfo=UTC))
    assert early < late
    assert (UUID(early).version, UUID(early).variant) == (7, "specified in RFC 4122")
    assert UUID(early).int >> 80 == int(AT.timestamp() * 1000)
