"""Apps of the kiosk served in threads of the test's process, until the test is over."""

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from threading import Thread
from typing import Any

from flask import Flask

from kiosk.process import listen


def serve(stack: ExitStack, apps: Mapping[int, Flask], workers: Iterable[Any]) -> None:
    """Serve each app at its port of this machine, and let the workers work; all ends with the stack."""
    for port, app in apps.items():
        server = listen(app, host="127.0.0.1", port=port)
        thread = Thread(target=server.run, name=f"port-{port}")
        thread.start()
        stack.callback(thread.join)
        stack.callback(server.close)
    for worker in workers:
        worker.start()
        stack.callback(worker.stop)
