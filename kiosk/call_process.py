"""The call screen's process put together: it hears of calls from the staff's process, and shows and says them.

It is a process of its own because other machines may reach it: it holds no store, no roster and no key but the one with
which it asks, and knows rooms and numbers. See ``docs/queue.md``.
"""

from kiosk.call_config import CallConfig
from kiosk.keys import load_secret
from kiosk.process import listen, run_until_told
from kiosk.services.calls import CallBoard, Listener
from kiosk.web.call import create_call_app


def run_calls(config: CallConfig, *, end_with_stdin: bool = False) -> None:
    """Serve the call screen until the process is told to stop.

    :raises ConfigurationError: if the key or the port cannot be used.
    """
    board = CallBoard()
    listener = listener_of(config, board)
    server = listen(create_call_app(board, config), host=config.host, port=config.port)
    listener.start()
    try:
        run_until_told(server, end_with_stdin=end_with_stdin)
    finally:
        listener.stop()


def listener_of(config: CallConfig, board: CallBoard) -> Listener:
    """Who asks the staff's process; ConfigurationError where the key cannot be used."""
    return Listener(board, host=config.staff_host, port=config.staff_port, token=load_secret(config.calls_key))
