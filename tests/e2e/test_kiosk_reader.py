"""The kiosk's reader behind a real pcscd that is killed and started again."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path


def test_the_reader_survives_the_death_of_its_daemon(root: Path, alone: tuple[str, ...]) -> None:
    # Not pytest's own temporary path: a socket's path has at most 107 bytes.
    with tempfile.TemporaryDirectory(prefix="restart") as directory:
        result = subprocess.run(
            [*alone, sys.executable, str(Path(__file__).parent / "restart.py"), directory],
            env={**os.environ, "PYTHONPATH": str(root)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert result.returncode == 0, result.stdout + result.stderr
    once = ["found", "read 7 files", "missing"]
    assert result.stdout.splitlines() == ["missing", *once, *once]
