"""Under which licences stands what an installation brings: packages of the lock list, and files of others in our tree.

``licences.py LIST`` prints a table in Markdown and fails where a licence is none of those that we looked at.
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

ALLOWED = frozenset(
    {
        "0BSD",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "CC0-1.0",
        "ISC",
        "LGPL-2.1-or-later",
        "LGPL-3.0-only",
        "MIT",
        "MIT-0",
        "MIT-CMU",
        "MPL-2.0",
        "OFL-1.1",
        "PSF-2.0",
        "Zlib",
        "ZPL-2.1",
    }
)
"""Licences under which a hospital may use, embed and pass on what we ship. Of those that ask to give back changes of
their own files (LGPL, MPL), nothing is changed or linked into one file: their packages are installed as they came."""
_SAID = {
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.1-or-later",
    "ISC License": "ISC",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "PSFL": "PSF-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "ZPL 2.1": "ZPL-2.1",
    "Zope Public License": "ZPL-2.1",
}
"""Names that packages use, by the identifier of SPDX."""
_NAME = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)")
_LONGEST = 60


def listed(path: Path) -> dict[str, str]:
    """The packages of a lock list and their versions."""
    return {match[1]: match[2] for line in path.read_text("utf-8").splitlines() if (match := _NAME.match(line))}


def licence_of(name: str) -> str | None:
    """The licence of an installed package as an SPDX expression, or None where it says none; PackageNotFoundError."""
    told = metadata.metadata(name)
    if expression := told.get("License-Expression"):
        return str(expression)
    free = str(told.get("License") or "")
    found = [free] if 0 < len(free) < _LONGEST and "\n" not in free else []
    found += [text.split(" :: ")[-1] for text in told.get_all("Classifier", []) if text.startswith("License ::")]
    return _SAID.get(found[0], found[0]) if found else None


def is_allowed(expression: str | None) -> bool:
    """Whether all parts that hold together are allowed, in one of the alternatives."""
    ways = (expression or "?").replace("(", "").replace(")", "").split(" OR ")
    return any(all(part.strip() in ALLOWED for part in way.split(" AND ")) for way in ways)


def vendored(root: Path) -> Iterator[tuple[str, str, str]]:
    """Package, version and licence of the browser's files that others made."""
    table = tomllib.loads((root / "kiosk/web/static/VENDORED.toml").read_text("utf-8"))
    yield from sorted({(row["package"], row["version"], row["licence"]) for row in table["file"]})


def rows(root: Path, lock: Path) -> Iterator[tuple[str, str, str]]:
    """Name, version and licence of everything; a package for another system than this has the licence ``elsewhere``."""
    for name, version in listed(lock).items():
        try:
            yield name, version, licence_of(name) or "?"
        except metadata.PackageNotFoundError:
            yield name, version, "elsewhere"
    yield from vendored(root)


def main(lock: Path) -> int:
    """Print the table; 1 where a licence is not allowed."""
    found = list(rows(Path(__file__).resolve().parents[1], lock))
    print("| What | Version | Licence |\n| --- | --- | --- |")
    for row in found:
        print("| {} | {} | {} |".format(*row))
    wrong = [row for row in found if row[2] != "elsewhere" and not is_allowed(row[2])]
    for name, version, licence in wrong:
        print(f"error: {name} {version} is under {licence}: look at it, then allow it here", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
