"""Files of other programs (systemd's units, nginx's configuration) from templates: every name must be there, and every
value is looked at before it goes in.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def rendered(folder: Path, template: str, named: Mapping[str, Any], *, plain: Callable[[Any], Any]) -> str:
    """A template of this folder with these values.

    :param plain: gives a value back that may stand there, and raises for one that would end a word or a line.
    """
    environment = Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=plain,
    )
    return environment.get_template(template).render(named)
