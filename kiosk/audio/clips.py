"""Where the clips lie: the clinic's own recordings first, then what ships with the kiosk."""

import json
from collections.abc import Mapping
from pathlib import Path

SHIPPED = Path(__file__).parent
MANIFEST = "manifest.json"
SUFFIX = ".opus"


def manifest_of(folder: Path) -> Mapping[str, Mapping[str, str]]:
    """What the clips of a folder say, by language and clip; nothing where the folder has no manifest."""
    try:
        text = (folder / MANIFEST).read_text("utf-8")
    except FileNotFoundError:
        return {}
    found: dict[str, dict[str, str]] = json.loads(text)
    return found


class Clips:
    """The clips that can be played.

    :param own: a folder of the clinic's recordings, whose clips count before those that ship.
    """

    def __init__(self, own: Path | None = None) -> None:
        self._files: dict[tuple[str, str], Path] = {}
        for folder in (SHIPPED, *([own] if own is not None else [])):
            for language, clips in manifest_of(folder).items():
                files = {(language, clip): folder / language / f"{clip}{SUFFIX}" for clip in clips}
                self._files |= {key: file for key, file in files.items() if file.is_file()}

    def file(self, language: str, clip: str) -> Path | None:
        """The file of a clip, or None where nobody has recorded it: only names from a manifest become paths."""
        return self._files.get((language, clip))

    def has(self, language: str, clip: str) -> bool:
        """Whether this clip can be played."""
        return (language, clip) in self._files
