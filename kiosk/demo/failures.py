"""One control at the bench for every desk code: what is made of the devices and whose card lies there.

What the person before the screen does then is said in ``words.toml``, and in the table of ``docs/failures.md``.
"""

from dataclasses import dataclass

from kiosk.demo.faults import Faults
from kiosk.demo.people import NEWCOMER, newcomer
from kiosk.demo.workbench import Bench
from kiosk.devices.printer_twin import PrinterFault

NONE = "none"
"""Everything is as it should be again, and nobody is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """How the bench brings about one desk code.

    ``citizen`` is whose card or code it is; with ``fresh`` somebody's who never came, with ``again`` that of who came
    last. It lies there for ``lies_s`` seconds alone, where that is set. ``shift``: the payer finds it, whom the
    kiosk asks only while a shift is open.
    """

    code: str
    citizen: str | None = None
    fresh: bool = False
    shows_code: bool = False
    reader: str = "ok"
    paper: PrinterFault = PrinterFault.NONE
    clock_back: bool = False
    holds_store: bool = False
    again: bool = False
    lies_s: float | None = None
    shift: bool = False


_NOBODYS = "not-insured"
"""Who is never admitted has no ticket of today, which would come before the failure."""
_ROWS = (
    Failure(code="E01", citizen=_NOBODYS, reader="crowded"),
    Failure(code="E02", citizen=_NOBODYS, reader="loose"),
    Failure(code="E03", citizen=_NOBODYS),
    Failure(code="E04", citizen="unknown-issuer"),
    Failure(code="E05", citizen="forged"),
    Failure(code="E06", citizen="card-expired"),
    Failure(code="E07", citizen="not-insured"),
    Failure(code="E08", citizen="cover-ended"),
    Failure(code="E09", citizen="name-differs", shift=True),
    Failure(code="E10", citizen="cover-unclear", shift=True),
    Failure(code="E11", citizen=_NOBODYS, shows_code=True),
    Failure(code="E12", citizen="insured", again=True),
    Failure(code="E13", citizen=NEWCOMER, fresh=True, paper=PrinterFault.PAPER_OUT),
    Failure(code="E14", reader="unplugged"),
    Failure(code="E15", citizen=_NOBODYS, clock_back=True),
    Failure(code="E16", citizen=_NOBODYS, holds_store=True),
    Failure(code="E17"),
    Failure(code="E18", citizen=_NOBODYS, lies_s=1.0),
)
FAILURES = {row.code: row for row in _ROWS}
"""Every desk code with a number, in its order."""


def bring_about(code: str, bench: Bench, faults: Faults) -> str | None:
    """Make everything right first, then let this fail; whose card or code it is.

    KeyError for an unknown code. With :data:`NONE` nothing fails.
    """
    failure = Failure(code=NONE) if code == NONE else FAILURES[code]
    bench.take_away()
    bench.hide_qr()
    bench.trouble_reader(failure.reader)
    bench.turn_clock_back(failure.clock_back)
    faults.trouble_printer(failure.paper)
    faults.hold_store(failure.holds_store)
    who = _who(failure, bench)
    if failure.fresh:
        # Whoever was admitted made a visit: the next number is that of nobody who came.
        bench.let_come(newcomer(faults.visits))
    if who is not None and failure.shows_code:
        bench.show_qr(who)
    elif who is not None:
        bench.place(who, for_s=failure.lies_s)
    bench.remember_failure(code)
    return who


def _who(failure: Failure, bench: Bench) -> str | None:
    return bench.came[-1] if failure.again and bench.came else failure.citizen
