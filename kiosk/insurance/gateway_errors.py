"""What can go wrong with the payer's gateway, split by what to do about it. None of it says who was asked for."""

from enum import StrEnum

from idcard import IdCardError


class DownReason(StrEnum):
    """Why nothing usable came from the gateway."""

    UNREACHABLE = "unreachable"
    TOO_SLOW = "too_slow"
    DROPPED = "dropped"
    SERVER_ERROR = "server_error"
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    CIRCUIT_OPEN = "circuit_open"
    NONSENSE = "nonsense"
    """The circuit is open, because answers about one person after another made no sense."""


ODD = frozenset({DownReason.MALFORMED, DownReason.TOO_LARGE})
"""Answers that make no sense: the gateway is there, and perhaps only one person's data are bad."""

PASSING = frozenset({DownReason.UNREACHABLE, DownReason.DROPPED, DownReason.SERVER_ERROR})
"""Reasons for which another try may help at once; a gateway that talks nonsense will go on doing so."""


class GatewayDown(IdCardError):
    """The payer's gateway gave no usable answer: go on with the roster, and check again later.

    :param reason: why.
    """

    code = "gateway_down"

    def __init__(self, reason: DownReason, *, kind: str = "") -> None:
        super().__init__(f"the gateway gave no answer: {reason}", reason=reason.value, kind=kind)
        self.reason = reason


class GatewayRefused(IdCardError):
    """The payer's gateway does not accept this clinic's account: somebody must correct it.

    :param result_code: what the gateway said.
    """

    code = "gateway_refused"

    def __init__(self, result_code: str) -> None:
        super().__init__(f"the gateway refuses the account: {result_code}", result_code=result_code)
        self.result_code = result_code


class RecordRefused(IdCardError):
    """The payer's gateway does not take a check-in table: somebody must look at the visit.

    :param result_code: what the gateway said; its words are not kept, for they may quote the person.
    """

    code = "record_refused"

    def __init__(self, result_code: str) -> None:
        super().__init__(f"the gateway does not take the record: {result_code}", result_code=result_code)
        self.result_code = result_code
