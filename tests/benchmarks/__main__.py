"""Measures one area or all: ``python tests/benchmarks [AREA]``. See script/bench."""

import importlib
import json
import os
import platform
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent
OUTPUT = HERE.parents[1] / "build" / "bench"
AREAS = sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))

Figures = Mapping[str, float]


def machine() -> dict[str, str | int]:
    """What the figures depend on besides the code."""
    cpu = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), ":")
    return {
        "cpu": cpu.partition(":")[2].strip(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "cryptography": version("cryptography"),
        "system": platform.platform(),
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def show(area: str, figures: Figures, peers: Mapping[str, Figures]) -> None:
    """The figures as a table, the peers' beside them."""
    table = Table(title=f"{area}: our figures and the peers'", title_justify="left")
    table.add_column("figure")
    table.add_column("here", justify="right")
    for peer in peers:
        table.add_column(peer, justify="right", max_width=18)
    for name in {**figures, **{name: 0 for peer in peers.values() for name in peer}}:
        rows = (figures, *peers.values())
        table.add_row(name, *(f"{row[name]:g}" if name in row else "" for row in rows))
    Console(width=160 if not sys.stdout.isatty() else None).print(table)


def measure(area: str) -> None:
    """Run one area, show it and write ``build/bench/AREA.json``."""
    module = importlib.import_module(f"bench_{area}")
    figures, peers = module.measure()
    show(area, figures, peers)
    OUTPUT.mkdir(parents=True, exist_ok=True)
    report = {"figures": figures, "peers": peers, "machine": machine()}
    target = OUTPUT / f"{area}.json"
    target.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"written to {target.relative_to(HERE.parents[1])}")


if __name__ == "__main__":
    wanted = sys.argv[1:] or AREAS
    if unknown := [area for area in wanted if area not in AREAS]:
        sys.exit(f"error: no area called {unknown[0]!r}.\n       There are: {', '.join(AREAS)}")
    for each in wanted:
        measure(each)
