"""The bench's place on a closed reader: the twin of an HN-212, which reads cards by itself and hands over files."""

from collections.abc import Mapping

from kiosk.demo.hn212_twin import Hn212Twin

CLOSED_STATES = ("ok", "error", "half", "cut")
"""How it can be made to behave: as it should, unable to read, half an event, and hanging up once."""
_CALLS_WITHIN_S = 5.0


class ClosedPlace:
    """Serves from the start on, until :meth:`close`.

    :raises OSError: where the port cannot be had.
    """

    def __init__(self, host: str, port: int) -> None:
        self._twin = Hn212Twin(host, port)
        self.state = "ok"

    def behave(self, state: str) -> None:
        """Let it behave like this from the next card on. With ``cut`` it hangs up now, and behaves as it did."""
        if state == "cut":
            self._twin.cut()
        else:
            self.state = state

    def put(self, files: Mapping[str, bytes]) -> None:
        """Put a card with these files on it. A kiosk that it has just hung up on is waited for: it calls again."""
        self._twin.wait_for_call(_CALLS_WITHIN_S)
        self._twin.see_card()
        if self.state == "error":
            self._twin.fail()
        else:
            self._twin.hand_over(files, leave_out=("sod",) if self.state == "half" else ())

    def close(self) -> None:
        """Switch it off."""
        self._twin.close()
