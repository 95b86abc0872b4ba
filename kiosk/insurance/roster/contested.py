"""Lines of one file that contradict each other: two that claim one number are both refused.

Neither is believed, because a wrong one would give somebody another's cover. Two numbers whose tags agree in 56 bits
and not in the next 32 are two people: also refused, under a reason of its own.
"""

from kiosk.insurance.roster.layout import CHECK_BYTES
from kiosk.insurance.roster.stage import ROW, Reject, Stage

TWICE, COLLISION = "twice", "tag_collision"


def drop_contested(stage: Stage) -> int:
    """Drop lines that claim one person, and then those that claim one insurance number: how many they were."""
    dropped = 0
    for column, field, check, where in (
        ("personal_number", "tag", "row", ""),
        ("insurance_number", "insured", "link", f"WHERE insured IS NOT NULL AND change = {ROW}"),
    ):
        rejects = _contested(stage, column, field, check, where)
        stage.drop(rejects)
        dropped += len(rejects)
    return dropped


def _contested(stage: Stage, column: str, field: str, check: str, where: str) -> list[Reject]:
    keys = f"SELECT {field} FROM line {where} GROUP BY {field} HAVING count(*) > 1"
    if stage.connection.execute(f"SELECT 1 FROM ({keys}) LIMIT 1").fetchone() is None:
        return []
    lines = f"SELECT line, {field}, substr({check}, 1, {CHECK_BYTES}) FROM line {where}"
    found = stage.connection.execute(f"SELECT * FROM ({lines}) WHERE {field} IN ({keys})").fetchall()
    checks: dict[int, set[bytes]] = {}
    for _, key, own in found:
        checks.setdefault(key, set()).add(own)
    return [(line, column, TWICE if len(checks[key]) == 1 else COLLISION) for line, key, _ in found]
