"""The staff's process from its start to its end: the keys are opened, then the desk, and its threads run."""

from contextlib import ExitStack

import structlog
from flask import Flask

from kiosk.closed_desk import ClosedDesk, Entrance
from kiosk.config import StaffConfig
from kiosk.devices.clock import SystemClock
from kiosk.key_safe.opening import KeySafes
from kiosk.key_safe.safe import PlaceTrouble
from kiosk.key_safe.staff_files import safes_of
from kiosk.memory_rounds import MemoryRounds
from kiosk.process import listen, run_until_told, share_memory
from kiosk.services.assistance import AssistanceWatch
from kiosk.services.leftovers import LeftoversThread
from kiosk.services.portrait_box import PortraitSweeper
from kiosk.staff_process import StaffParts, open_parts, trust_problem
from kiosk.web.staff import create_staff_app
from kiosk.web.staff.closed import create_closed_app

_log = structlog.get_logger(__name__)


def run_staff(config: StaffConfig, *, end_with_stdin: bool = False) -> None:
    """Serve the staff's screen until the process is told to stop.

    :raises ConfigurationError: if a key, the gateway's account or the port cannot be used.
    :raises StoreUnavailable: if the store cannot.
    """
    share_memory()
    safes = safes_of(config)
    closed = safes.open_alone()
    with ExitStack() as stack:
        if closed is None:
            parts, app = _opened(config, safes, stack)
            server = listen(app, host=config.host, port=config.port)
            _start(parts, stack)
            _log.info("staff_serves", port=server.port, mode=config.mode)
        else:
            server = listen(waiting(config, safes, closed, stack), host=config.host, port=config.port)
            _log.info("staff_waits_for_keys", port=server.port, reason=closed.reason)
        run_until_told(server, end_with_stdin=end_with_stdin)
    _log.info("staff_stopped")


def waiting(config: StaffConfig, safes: KeySafes, why: PlaceTrouble, stack: ExitStack) -> Entrance:
    """What waits for an officer, and is the whole desk once the keys are open.

    :param why: why they did not open by themselves. :param stack: ends what was begun, when the process ends.
    :raises ConfigurationError: when the session key cannot be used.
    """

    def opened(officer: str) -> None:
        parts, app = _opened(config, safes, stack)
        parts.sessions.accounts.audit("keys_opened", {"account": officer or None, "by": safes.opened_by()})
        _start(parts, stack)
        entrance.app = app
        _log.info("staff_serves", port=config.port, mode=config.mode)

    entrance = Entrance(create_closed_app(config, ClosedDesk(safes=safes, opened=opened, why=why)))
    return entrance


def _opened(config: StaffConfig, safes: KeySafes, stack: ExitStack) -> tuple[StaffParts, Flask]:
    parts = stack.enter_context(open_parts(config))
    app = create_staff_app(
        parts.desk,
        config,
        SystemClock(),
        trust_problem(config),
        payer=parts.payer,
        others=parts.others,
        corrections=parts.corrections,
        outgoing=parts.outgoing,
        leftovers=parts.leftovers,
        hall=parts.hall,
        ordering=parts.ordering,
        oversight=parts.oversight,
        tests=parts.tests,
        sessions=parts.sessions,
        province=parts.province,
        keys=safes.states,
    )
    if not parts.sessions.accounts.all():
        _log.warning("no_staff_account")
    return parts, app


def _start(parts: StaffParts, stack: ExitStack) -> None:
    if parts.recheck is not None:
        parts.recheck.start()
        stack.callback(parts.recheck.stop)
    if parts.cleaning is not None:
        parts.cleaning.start()
        stack.callback(parts.cleaning.stop)
    own = LeftoversThread(parts.leftovers), PortraitSweeper(parts.oversight.box), *_watches(parts)
    from_province = () if parts.hub_side is None else (parts.hub_side,)
    for thread in (*parts.deliveries, *from_province, *own, MemoryRounds()):
        thread.start()
        stack.callback(thread.stop)


def _watches(parts: StaffParts) -> tuple[AssistanceWatch, ...]:
    """What ends an assistance whose clerk is gone, where the clinic has any."""
    mode = None if parts.hall is None else parts.hall.assist
    return () if mode is None else (AssistanceWatch(mode, parts.sessions.present),)
