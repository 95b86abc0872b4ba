"""``python -m kiosk.demo``: the whole kiosk on this machine, with invented people."""

import argparse
import signal
import sys
from pathlib import Path
from threading import Event
from types import FrameType

from idcard import ConfigurationError
from kiosk.config import scanner_setting
from kiosk.demo.clerks import CLERKS
from kiosk.demo.launcher import ChildDied, check_ports, running, watch
from kiosk.demo.provision import ASSISTED, BENCH, CALLS, HOST, PATIENT, STAFF, Options, provision

DIED, USAGE = 1, 2


def main() -> int:
    """Run a demonstration until it is told to stop; the exit code."""
    folder, options = _asked_for()
    stop = Event()

    def told(number: int, frame: FrameType | None) -> None:
        stop.set()

    try:
        check_ports(options)
        place = provision(folder, options)
        print("Starting the kiosk …", flush=True)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, told)
        with running(place, options) as children:
            print(_welcome(folder, options), flush=True)
            watch(place, children, stop.is_set)
    except ConfigurationError as error:
        print(f"Error: {error}", file=sys.stderr)
        return USAGE
    except ChildDied as error:
        print(f"Error: {error}", file=sys.stderr)
        return DIED
    print("The demonstration has ended. Its data stays in", folder)
    return 0


def _asked_for() -> tuple[Path, Options]:
    parser = argparse.ArgumentParser(prog="kiosk demo", description="The whole kiosk, with invented people.")
    parser.add_argument("--reader", type=_reader, default="simulated", metavar="simulated|hn212|pcsc|pcsc:NAME")
    parser.add_argument("--camera", choices=("simulated", "browser"), default="simulated")
    parser.add_argument("--scanner", type=_scanner, default="simulated", metavar="simulated|none|wedge|serial:PORT")
    parser.add_argument("--port-base", type=int, choices=range(1024, 65526), default=8000, metavar="PORT")
    parser.add_argument("--dir", type=Path, default=Path("var/demo"))
    asked = vars(parser.parse_args())
    return asked.pop("dir"), Options(**asked)


def _reader(value: str) -> str:
    kind, _, name = value.partition(":")
    named = kind == "pcsc" and bool(name.strip())
    if value not in ("simulated", "hn212", "pcsc") and not named:
        raise argparse.ArgumentTypeError("a reader is simulated, hn212, pcsc or pcsc:NAME")
    return value


def _scanner(value: str) -> str:
    try:
        return value if value == "simulated" else scanner_setting(value)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{error}, or simulated") from error


def _welcome(folder: Path, options: Options) -> str:
    """The addresses, and what to do next."""
    screens = (PATIENT, STAFF, BENCH, CALLS, ASSISTED)
    patient, staff, bench, calls, assisted = (f"http://{HOST}:{options.ports[process]}/" for process in screens)
    clerks = "\n".join(f"  {clerk.sign:6} {clerk.password:20} {clerk.role}" for clerk in CLERKS)
    virtual = options.reader in ("simulated", "hn212")
    card = (
        "On the bench, pick a person and put the card on the reader." if virtual else "Put a card on the real reader."
    )
    return f"""
The kiosk runs on this machine. People and cards are invented.

  bench            {bench}   pick a person; put the card on the reader
  patient screen   {patient}   what stands in the hall
  staff screen     {staff}   what the desk sees
  call screen      {calls}   what hangs in the waiting room
  helped at desk   {assisted}   the patient's screens, open while a clerk helps

To log in at the staff screen (invented people; these passwords are no secret):
{clerks}

What to do:
  1. Open the three pages side by side.
  2. {card}
  3. On the patient screen, type the last six digits of the number on the card, and choose a room.
  4. Log in at the staff screen and look. Then try a forged card: a second clerk must agree to admit that person.
  5. Open a shift on the staff screen: from then on the payer is asked in the name of whoever is logged in, and the
     bench can make its gateway slow, lying or silent.

Ctrl-C ends it. Everything it keeps is in {folder}."""


if __name__ == "__main__":
    sys.exit(main())
