"""The waiting room's side of the desk: the lines, the call screen's question, the day's report, assisted mode."""

from dataclasses import dataclass

from flask import Flask

from kiosk.services.assistance import AssistedMode
from kiosk.services.queue import Queue
from kiosk.services.report import Reporter
from kiosk.web.staff.assist import add_assist
from kiosk.web.staff.board import Board
from kiosk.web.staff.calls import add_calls
from kiosk.web.staff.queue import add_queue
from kiosk.web.staff.report import add_report


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Hall:
    """What these pages stand on.

    :param calls_token: what the call screen's process shows, or None: then it may not ask.
    :param assist: the machine at which clerks help, with the address of its pages; None where there is none.
    """

    queue: Queue
    reporter: Reporter
    calls_token: bytes | None = None
    assist: AssistedMode | None = None
    assist_address: str = ""


def add_hall(app: Flask, board: Board, hall: Hall) -> None:
    """Give the app these pages."""

    @app.context_processor
    def shown() -> dict[str, object]:
        return {"has_hall": True}

    add_queue(app, board, hall.queue)
    add_report(app, board, hall.reporter)
    if hall.calls_token is not None:
        add_calls(app, hall.queue, hall.calls_token)
    if hall.assist is not None:
        add_assist(app, board, hall.assist, hall.assist_address)
