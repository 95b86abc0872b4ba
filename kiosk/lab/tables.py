"""What the laboratory shows on a terminal: how far a run is, what came of it, how large a hub must be."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from kiosk.lab.plan import Load
from kiosk.lab.run import Outcome, State

_SAYS = {
    "planned": "people who were to come",
    "came": "people who came",
    "admissions": "admissions made at the clinics",
    "at_hub": "admissions among the hub's events",
    "counted": "admissions in the hub's counts",
    "check_ins": "admissions in the hub's list of who came",
    "events": "events made at the clinics",
    "events_at_hub": "events at the hub",
    "missing": "events that the hub has not",
    "doubled": "events that it has more than once",
    "foreign": "events that nobody made",
    "miscounted": "kinds that are counted wrongly",
    "waiting": "events that still wait",
    "alarms": "alarms",
    "put_aside": "events put aside",
    "audit_heads": "ends of audit chains at the hub",
}


@contextmanager
def progress(*, silent: bool) -> Iterator[Callable[[State], None]]:
    """A bar on standard error, and what to call with the state of a run."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[numbers]}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=silent) as bar:
        task = bar.add_task("", total=1.0, numbers="")

        def show(state: State) -> None:
            said = ", ".join(f"{state.numbers[name]} {name}" for name in ("came", "waiting", "answered", "failed"))
            bar.update(task, completed=state.share, description=f"{state.step:22}", numbers=said)

        yield show


def print_outcome(outcome: Outcome) -> None:
    """The account, line by line, and what it comes to."""
    table = Table(show_header=False)
    for name, many in outcome.account.numbers().items():
        table.add_row(_SAYS[name], f"{many:,}")
    for name, many in sorted(outcome.killed.items()):
        table.add_row(f"killed: {name}", f"{many:,}")
    for name, many in outcome.requests.items():
        table.add_row(f"requests {name}", f"{many:,}")
    table.add_row("bytes of the hub's database for each event", f"{outcome.bytes_per_event:,.0f}")
    table.add_row("seconds until nothing waited", f"{outcome.drain_s:.1f}")
    console = Console()
    console.print(table)
    console.print(
        "Every admission is accounted for exactly once." if outcome.account.is_whole else "The account does not add up."
    )


def print_loads(loads: Sequence[Load]) -> None:
    """What a hub has to take, a column for each scale."""
    table = Table("", *(load.scale.name for load in loads))
    names = loads[0].numbers()
    for name in names:
        table.add_row(name, *(f"{load.numbers()[name]:,.10g}" for load in loads))
    Console().print(table)
