"""The second person: who must agree, at the same screen, before a ticket under suspicion becomes an admission."""

from collections.abc import Mapping

from kiosk.domain.staff import Override, OverrideReason
from kiosk.services.desk import VisitRow
from kiosk.services.staff_accounts import StaffAccounts
from kiosk.turns import TooManyAtOnce
from kiosk.web.staff.access import current_account
from kiosk.web.staff.typed import BadField

REASONS = tuple(OverrideReason)


def agreed(accounts: StaffAccounts, form: Mapping[str, str], row: VisitRow | None) -> Override | None:
    """Why, and who agreed, where a ticket needs that, or the form asked for it; None where neither is so.

    :raises BadField: ``override`` where no reason was chosen, ``second`` where nobody else agreed, ``busy`` where so
        many passwords are being checked that this one was not.
    :raises StoreUnavailable: if the try could not be counted.
    """
    if not (row is not None and row.needs_second) and "override" not in form:
        return None
    try:
        reason = OverrideReason(form.get("override", ""))
    except ValueError:
        raise BadField("override") from None
    sign = form.get("second_sign", "").strip().lower()
    try:
        override = accounts.second(current_account(), sign, form.get("second_password", ""), reason)
    except TooManyAtOnce:
        raise BadField("busy") from None
    if override is None:
        raise BadField("second")
    return override
