"""A plan on a screen: a table and the differences, or JSON for programs."""

import json
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from kiosk.provision.plan import Plan, State, Step

_LOOK = {
    State.NEW: ("green", "+", "new"),
    State.CHANGED: ("yellow", "~", "changed"),
    State.SAME: ("dim", "=", "as it shall be"),
    State.GONE: ("magenta", "-", "no longer wanted"),
    State.FOREIGN: ("bold red", "!", "foreign: needs --replace"),
    State.ALTERED: ("bold red", "!", "altered: needs --replace"),
}


def show(console: Console, plan: Plan, packages: Sequence[str], *, differences: bool) -> None:
    """Print what would be done."""
    console.print(_table(plan))
    if differences:
        for step in plan.of(State.CHANGED, State.FOREIGN, State.ALTERED, State.GONE):
            console.print(Syntax(step.difference, "diff", background_color="default", word_wrap=True))
    console.print(Text(f"Debian's packages for this: apt-get install --no-install-recommends {' '.join(packages)}"))


def as_json(plan: Plan, packages: Sequence[str]) -> str:
    """The same for programs."""
    files = [_facts(step) for step in plan.steps]
    return json.dumps({"target": str(plan.target), "files": files, "packages": list(packages)}, indent=2)


def _table(plan: Plan) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    table.add_column("File", overflow="fold")
    table.add_column("Mode", no_wrap=True)
    table.add_column("What becomes of it", no_wrap=True)
    for step in plan.steps:
        style, mark, words = _LOOK[step.state]
        table.add_row(mark, str(step.path), _mode(step), words, style=style)
    return table


def _mode(step: Step) -> str:
    if step.file is None:
        return ""
    return "link" if step.file.link is not None else f"{step.file.mode:04o}"


def _facts(step: Step) -> dict[str, Any]:
    digest = None if step.file is None else step.file.digest
    return {"path": str(step.path), "state": step.state.value, "mode": _mode(step) or None, "digest": digest}
