"""The bench's process: its pages, its cards and its card socket. ``python -m kiosk.demo.bench_process``."""

import argparse
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

import structlog

from idcard import ConfigurationError
from idcard.testing import CodeIssuer, Issuer
from kiosk.config import load
from kiosk.demo.card_socket import CardSocket
from kiosk.demo.config import BenchConfig
from kiosk.demo.faults import Faults
from kiosk.demo.web import create_bench_app
from kiosk.demo.workbench import Bench
from kiosk.process import listen, log_to_stderr, run_until_told

T = TypeVar("T")
_USAGE = 2
_log = structlog.get_logger(__name__)


def run_bench(config: BenchConfig, *, end_with_stdin: bool = False) -> None:
    """Serve the bench until the process is told to stop.

    :raises ConfigurationError: if its issuer, its session key or a port cannot be used.
    """
    codes = None if config.code_issuer is None else _loaded(CodeIssuer.load, config.code_issuer)
    issuer = _loaded(Issuer.load, config.issuer)
    bench = Bench(issuer, answer_s=config.answer_ms / 1000, codes=codes)
    at_desk = Bench(issuer, answer_s=config.answer_ms / 1000, beside=bench)
    with ExitStack() as stack:
        faults = Faults.of(config)
        stack.callback(faults.close)
        server = listen(create_bench_app(bench, config, faults, at_desk), host=config.host, port=config.port)
        for port, place in ((config.card_port, bench), (config.assist_card_port, at_desk)):
            stack.callback(CardSocket(config.host, port, place.answer).close)
        _log.info("bench_serves", port=server.port, card_port=config.card_port)
        run_until_told(server, end_with_stdin=end_with_stdin)


def _loaded(load_issuer: Callable[[Path], T], place: Path) -> T:
    try:
        return load_issuer(place)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            "The demonstration's issuer cannot be read.",
            reason="damaged",
            remedy="Remove the demonstration's directory and start again.",
        ) from error


def main() -> None:
    """Run the bench whose configuration is named in the arguments."""
    parser = argparse.ArgumentParser(prog="kiosk.demo.bench_process")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--end-with-stdin", action="store_true")
    asked = parser.parse_args()
    log_to_stderr()
    try:
        run_bench(load(BenchConfig, asked.config), end_with_stdin=asked.end_with_stdin)
    except ConfigurationError as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(_USAGE)


if __name__ == "__main__":
    main()
