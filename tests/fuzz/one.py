"""Fuzzes one target: ``FUZZ_TARGET=NAME python tests/fuzz/one.py LIBFUZZER-ARGUMENTS``. See script/fuzz.

The name comes by the environment, as libFuzzer starts this program again by itself, with its own arguments only.
"""

import os
import shlex
import sys

import atheris

with atheris.instrument_imports(include=["idcard", "kiosk"]):
    from targets import TARGETS, call


def main() -> None:
    target = TARGETS[os.environ["FUZZ_TARGET"]]
    # A merge starts its first argument as a command of the shell.
    again = f"{shlex.quote(sys.executable)} {shlex.quote(sys.argv[0])}"
    atheris.Setup([again, *sys.argv[1:]], lambda data: call(target, data))
    atheris.Fuzz()


main()
