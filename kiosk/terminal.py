"""Asking at the terminal, or of whatever standard input says: for commands that need what nobody else may see."""

import sys
from collections.abc import Callable

import typer

Asker = Callable[[str], str]


def asker(stdin: bool, words: Callable[[str], str]) -> Asker:
    """Asks for a thing by its name, with an echo for ``name`` alone; or takes the next line of standard input.

    :param words: what is shown for ``ask.…``, in the language of whoever sits there.
    """

    def line(what: str) -> str:
        return sys.stdin.readline().rstrip("\r\n")

    def prompt(what: str) -> str:
        asked = words(f"ask.{what}")
        answer: str = typer.prompt(asked, default="", show_default=False, hide_input=what != "name", err=True)
        return answer

    return line if stdin else prompt
