"""What the board oversees beside tickets: owners of exceptions, ages, the pace of visits, overrides, and the payer."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from flask import Flask, Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from kiosk.domain.ageing import NOTICES, ROOMS, Thresholds
from kiosk.domain.staff import OVERRIDE_LIMIT
from kiosk.domain.tickets import VIETNAM_TIME
from kiosk.insurance.staff_roster import StaffRoster
from kiosk.ports import StoreUnavailable
from kiosk.services.board_figures import BoardFigures
from kiosk.services.holder_checks import HolderChecks
from kiosk.services.looks import Looks
from kiosk.services.lost_cards import LostCards
from kiosk.services.notice_owners import NoticeOwners, NoticeStep
from kiosk.services.portrait_box import PortraitBox
from kiosk.services.printing import PrintQueue
from kiosk.services.staff_sessions import StaffSessions
from kiosk.services.ticket_image import TicketImages
from kiosk.services.ticket_search import TicketSearch
from kiosk.web.common.preferences import current_preferences
from kiosk.web.staff.board import Board

MINE = "mine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Oversight:
    """What the pages of oversight stand on.

    ``token`` is what the patient's process shows that brings portraits, or None where none come. ``lost`` is None where
    there is no roster, whose key the list's hashes need; ``roster`` likewise. ``papers`` orders copies at printers.
    """

    owners: NoticeOwners
    figures: BoardFigures
    holders: HolderChecks
    box: PortraitBox
    search: TicketSearch
    images: TicketImages
    looks: Looks
    papers: PrintQueue | None = None
    lost: LostCards | None = None
    roster: StaffRoster | None = None
    token: bytes | None = None
    override_limit: int = OVERRIDE_LIMIT
    device: str = "desk"
    rooms_wait: Thresholds = ROOMS
    notices_wait: Thresholds = NOTICES


def add_oversight(app: Flask, board: Board, oversight: Oversight, sessions: StaffSessions) -> None:
    """Give the app's board what it oversees, and the page of an exception."""
    owners = oversight.owners

    @app.context_processor
    def shared() -> dict[str, object]:
        return {
            "oversight": oversight,
            "notice_age": lambda seconds: oversight.notices_wait.age(seconds).value,
            "room_age": lambda seconds: oversight.rooms_wait.age(seconds).value,
            "only_mine": request.args.get("show") == MINE,
            "mine": lambda notices: [each for each in notices if each.owner == board.clerk],
            "step_at": _step_at,
            "portrait_waits": oversight.box.has,
        }

    @app.before_request
    def release() -> None:
        # What somebody had who is gone belongs to everybody again, whoever asks first.
        if request.endpoint in ("show", "live"):
            try:
                owners.release_absent(sessions.signs())
            except StoreUnavailable:
                return

    @app.get("/exceptions/<notice_id>")
    def notice(notice_id: str) -> Response:
        row = next((each for each in board.desk.exceptions() if each.notice_id == notice_id), None)
        steps = owners.history(notice_id)
        if not steps:
            abort(HTTPStatus.NOT_FOUND)
        return make_response(render_template("staff/notice.html", notice=row, steps=steps))

    @app.post("/exceptions/<notice_id>/take")
    def take(notice_id: str) -> AnyResponse:
        return _done(lambda: owners.take(notice_id, by=board.clerk), "staff.done.taken")

    @app.post("/exceptions/<notice_id>/back")
    def hand_back(notice_id: str) -> AnyResponse:
        return _done(lambda: owners.hand_back(notice_id, by=board.clerk), "staff.done.handed_back")


def _done(deed: Callable[[], None], said: str) -> AnyResponse:
    try:
        deed()
    except StoreUnavailable:
        flash(str(gettext("staff.problem.store_unavailable")), "problem")
    except ValueError:
        flash(str(gettext("staff.problem.gone")), "problem")
    else:
        flash(str(gettext(said)), "done")
    query = dict(current_preferences().query)
    if request.form.get("show") == MINE:
        query["show"] = MINE
    return redirect(url_for("show", **query), HTTPStatus.SEE_OTHER)


def _step_at(step: NoticeStep) -> str:
    return step.at.astimezone(VIETNAM_TIME).strftime("%H:%M %d/%m")
