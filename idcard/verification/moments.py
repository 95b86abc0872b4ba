"""Moments at the edges of the calendar, where Python's own sums raise OverflowError.

Theory of operation. A card, a code and an answer may say any date that can be written, and whoever made them chose it.
The difference of two dates always exists; a sum may lie before year 1 or after year 9999, and so may the same moment in
another time zone. So what is compared here is a difference, and where a sum or another zone is needed, it ends at the
edge of the calendar.
"""

from datetime import MINYEAR, date, datetime, timedelta, tzinfo


def later(moment: datetime, by: timedelta) -> datetime:
    """The moment that is so much later, or the last one of the calendar in that zone."""
    try:
        return moment + by
    except OverflowError:
        return datetime.max.replace(tzinfo=moment.tzinfo)


def day_in(zone: tzinfo | None, moment: datetime) -> date:
    """The day of that moment in the zone (None: this machine's), or the first or last one of the calendar."""
    try:
        return moment.astimezone(zone).date()
    except (OverflowError, ValueError):
        # Only a moment of the first year or of the last one leaves the calendar.
        return date.min if moment.year == MINYEAR else date.max
