"""Words that are said, cut into the clips that say them: what stands between two values is one clip."""

import hashlib
import re
import unicodedata

_VALUE = re.compile(r"%\((\w+)\)s")
_UNSAID = " \t\n·…:,;.!?–-"


def pieces(message: str, template: str) -> tuple[tuple[str, str, str], ...]:
    """The parts of one word of the catalogue in their order, each as (clip, words, name of the value behind it).

    A part without words has an empty clip; the last part's name is empty.
    """
    parts = _VALUE.split(template)
    words, names = [part.strip(_UNSAID) for part in parts[::2]], [*parts[1::2], ""]
    whole = sum(map(bool, words)) == 1
    clips = [(message if whole else f"{message}.{place}") if said else "" for place, said in enumerate(words, 1)]
    return tuple(zip(clips, words, names, strict=True))


def own_clip(words: str) -> str:
    """The name of the clip that says words of the clinic's own."""
    normal = unicodedata.normalize("NFC", " ".join(words.split())).casefold()
    return "own." + hashlib.sha256(normal.encode()).hexdigest()[:12]
