"""Fuzzes targets one after the other and writes down what was tried: see script/fuzz."""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table
from seeds import CORPORA, seeds
from targets import TARGETS

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WORK = ROOT / "build" / "fuzz"
RESULTS = WORK / "results.json"

TIME_LIMIT_S = 10
MEMORY_LIMIT_MB = 1024
KEPT_BYTES = 12 * 1024
_STATISTIC = re.compile(r"^stat::(\w+):\s+(\d+)$", re.MULTILINE)

Result = dict[str, str | int]


def prepared(name: str) -> Path:
    """The target's growing corpus under build/, which begins with the kept one and the seeds."""
    folder = WORK / "corpus" / name
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(name)):
        (folder / f"seed-{number}").write_bytes(seed)
    return folder


def fuzz(name: str, *, runs: int, seconds: int) -> Result:
    """Fuzz one target in a process of its own, and say what came of it."""
    artifacts = WORK / "found" / name
    artifacts.mkdir(parents=True, exist_ok=True)
    command = [
        *(sys.executable, str(HERE / "one.py"), str(prepared(name))),
        *(f"-runs={runs}", f"-max_total_time={seconds}", f"-max_len={TARGETS[name].longest}"),
        *(f"-timeout={TIME_LIMIT_S}", f"-rss_limit_mb={MEMORY_LIMIT_MB}"),
        *("-print_final_stats=1", f"-artifact_prefix={artifacts}/"),
    ]
    environment = {**os.environ, "FUZZ_TARGET": name}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, errors="replace", check=False
    )
    (WORK / f"{name}.log").write_text(done.stdout + done.stderr)
    figures = {key: int(value) for key, value in _STATISTIC.findall(done.stderr)}
    return {
        "target": name,
        "inputs": figures.get("number_of_executed_units", 0),
        "per_second": figures.get("average_exec_per_sec", 0),
        "slowest_s": figures.get("slowest_unit_time_sec", 0),
        "peak_mb": figures.get("peak_rss_mb", 0),
        "ended": "fine" if done.returncode == 0 else f"FOUND SOMETHING: see {WORK.relative_to(ROOT)}/{name}.log",
    }


def keep(name: str) -> None:
    """Write the smallest corpus that reaches what the grown one reaches into the repository, the short inputs of it."""
    folder = WORK / "minimal" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    grown = WORK / "corpus" / name
    command = [sys.executable, str(HERE / "one.py"), "-merge=1", str(folder), str(grown)]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "FUZZ_TARGET": name}, capture_output=True, check=True)
    lines, room = [], KEPT_BYTES
    for content in sorted(
        (path.read_bytes() for path in folder.iterdir()), key=lambda content: (len(content), content)
    ):
        lines.append(b64encode(content).decode())
        room -= len(lines[-1]) + 1
        if room < 0:
            break
    CORPORA.mkdir(exist_ok=True)
    (CORPORA / f"{name}.txt").write_text("".join(f"{line}\n" for line in lines))


def write(results: list[Result]) -> None:
    """The figures of every target's last run, for docs/security.md."""
    before = (
        {result["target"]: result for result in json.loads(RESULTS.read_text())["targets"]} if RESULTS.exists() else {}
    )
    before.update({result["target"]: result for result in results})
    told = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "atheris": version("atheris"),
        "targets": [before[name] for name in TARGETS if name in before],
    }
    RESULTS.write_text(json.dumps(told, indent=1))


def show(results: list[Result]) -> None:
    table = Table(title="Fuzzing")
    for column in ("target", "inputs", "per_second", "slowest_s", "peak_mb", "ended"):
        table.add_column(column, justify="left" if column in ("target", "ended") else "right")
    for result in results:
        table.add_row(*map(str, result.values()))
    Console().print(table)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/fuzz")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"any of: {', '.join(TARGETS)}")
    parser.add_argument("--minutes", type=float, help="how long in all, shared among the targets")
    parser.add_argument("--runs", type=int, help="so many inputs for each target")
    parser.add_argument("--keep", action="store_true", help="write minimal corpora into tests/fuzz/corpus")
    asked = parser.parse_args()
    unknown = set(asked.targets) - TARGETS.keys()
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}. Known: {', '.join(TARGETS)}")
    return asked


def results_of(names: list[str], asked: argparse.Namespace) -> Iterator[Result]:
    minutes = asked.minutes if asked.minutes or asked.runs else float(len(names))
    seconds = max(1, round(60 * minutes / len(names))) if minutes else 0
    for name in track(names, "Fuzzing"):
        yield fuzz(name, runs=asked.runs or -1, seconds=seconds)
        if asked.keep:
            keep(name)


def main() -> int:
    asked = arguments()
    WORK.mkdir(parents=True, exist_ok=True)
    results = []
    for result in results_of(asked.targets or list(TARGETS), asked):
        results.append(result)
        write(results)
    show(results)
    return 0 if all(result["ended"] == "fine" for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
