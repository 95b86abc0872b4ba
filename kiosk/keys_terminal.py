"""A command opens the key safes of a configuration: by themselves, or by what somebody types at the terminal."""

from typing import TYPE_CHECKING

import typer

from kiosk.keys_words import say
from kiosk.roster_words import Language
from kiosk.terminal import Asker, asker

if TYPE_CHECKING:
    from kiosk.config import ProcessConfig
    from kiosk.key_safe.opening import KeySafes


def key_asker(stdin: bool, language: Language) -> Asker:
    """Asks for what opens keys, in this language; or takes the next line of standard input."""
    return asker(stdin, lambda what: say(what, language))


def open_keys(config: "ProcessConfig", language: Language = Language.EN, ask: Asker | None = None) -> "KeySafes":
    """The key safes of a configuration, open.

    :param ask: gives ``name`` and ``typed``; where nothing is given, the terminal is asked.
    :raises ConfigurationError: where a safe does not open.
    """
    from kiosk.key_safe.opening import KeySafes
    from kiosk.key_safe.safe import PlaceTrouble

    safes = KeySafes(config)
    problem = safes.open_alone()
    ask = ask or key_asker(False, language)
    while problem is not None:
        if problem.reason != "safe_closed":
            typer.echo(str(problem), err=True)
        safes.open_by(ask("name").strip().lower(), ask("typed"))
        left = safes.closed()
        problem = None if not left else PlaceTrouble(str(problem), reason="safe_closed", remedy="")
    return safes
