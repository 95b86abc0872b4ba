"""What a person at the province must look at; each thing is raised once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import structlog
from sqlalchemy import Connection

from kiosk.hub.store.database import insert
from kiosk.hub.store.tables import alarm

HUB: Final = "hub"
"""The clinic and device of the hub's own alarms."""
_log = structlog.get_logger(__name__)


def raise_alarm(
    connection: Connection,
    clinic: str,
    device: str,
    kind: str,
    *,
    mark: str,
    at: datetime,
    facts: Mapping[str, Any],
) -> bool:
    """Whether this was not known yet; it is now.

    :param kind: a stable word. :param mark: what tells it from others of its kind.
    """
    row = {"clinic": clinic, "device": device, "kind": kind, "mark": mark, "facts": dict(facts), "raised_at": at}
    table = insert(connection, alarm).values(row).on_conflict_do_nothing().returning(alarm.c.mark)
    is_new = connection.execute(table).first() is not None
    if is_new:
        _log.warning("hub_alarm", clinic=clinic, device=device, kind=kind, mark=mark)
    return is_new
