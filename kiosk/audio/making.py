"""Clips made by machine: placeholders until somebody with a good voice has read the words.

It needs two programs of the system, which a kiosk that only plays clips does not: ``espeak-ng``, which speaks, and
``ffmpeg``, which packs.
"""

import json
import math
import shutil
import struct
import subprocess
import wave
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from idcard import ConfigurationError
from kiosk.audio.clips import MANIFEST, SUFFIX, manifest_of

SOUNDS: dict[str, tuple[tuple[float, float], ...]] = {
    "sound.card": ((880, 0.12),),
    "sound.done": ((659, 0.14), (880, 0.22)),
    "sound.look": ((587, 0.16), (494, 0.22)),
    "sound.alarm": ((988, 0.18), (0, 0.08), (988, 0.18), (0, 0.08), (1319, 0.3)),
    "sound.key": ((1047, 0.05),),
}
"""Signals without words: tones as (hertz, seconds) one after another; 0 Hz is silence."""

_VOICES = {"vi": ("vi", 145), "en": ("en-gb", 155)}
_RATE = 24_000
_FADE = 240
_PACK = ("-ac", "1", "-ar", str(_RATE), "-c:a", "libopus", "-b:a", "20k", "-application", "voip")


def make_clips(folder: Path, wanted: Mapping[str, Mapping[str, str]]) -> int:
    """Speak every word into a folder of clips, with its manifest; how many clips were made.

    A clip that the folder's manifest has with the same words is kept.

    :param wanted: by language, what each clip says.
    :raises ConfigurationError: where a program is missing.
    """
    programs = _programs()
    jobs = [
        (folder, language, clip, words)
        for language, clips in wanted.items()
        for clip, words in clips.items()
        if manifest_of(folder).get(language, {}).get(clip) != words
        or not (folder / language / f"{clip}{SUFFIX}").is_file()
    ]
    with TemporaryDirectory() as work, ThreadPoolExecutor(2) as workers:
        done = list(workers.map(lambda job: _speak(programs, Path(work), *job), jobs))
        signals = sum(_signals(programs[1], Path(work), folder, language) for language in wanted)
    text = json.dumps({language: _listed(clips) for language, clips in wanted.items()}, ensure_ascii=False, indent=1)
    (folder / MANIFEST).write_text(text + "\n", "utf-8")
    return len(done) + signals


def _listed(clips: Mapping[str, str]) -> dict[str, str]:
    return dict(sorted((dict(clips) | dict.fromkeys(SOUNDS, "")).items()))


def _programs() -> tuple[str, str]:
    found = tuple(shutil.which(name) for name in ("espeak-ng", "ffmpeg"))
    if found[0] is None or found[1] is None:
        raise ConfigurationError(
            "Clips are made with espeak-ng and ffmpeg, and one of them is not installed.",
            reason="missing",
            remedy="apt-get install espeak-ng ffmpeg",
        )
    return found[0], found[1]


def _speak(programs: tuple[str, str], work: Path, folder: Path, language: str, clip: str, words: str) -> None:
    voice, speed = _VOICES[language]
    spoken = work / f"{language}-{clip}.wav"
    # The words go in by standard input: nothing in them can be taken for an option.
    command = [programs[0], "-v", voice, "-s", str(speed), "-a", "140", "--stdin", "-w", str(spoken)]
    subprocess.run(command, input=words.encode(), check=True, capture_output=True)
    _pack(programs[1], spoken, folder / language / f"{clip}{SUFFIX}")


def _signals(ffmpeg: str, work: Path, folder: Path, language: str) -> int:
    for name, tones in SOUNDS.items():
        played = work / f"{language}-{name}.wav"
        with wave.open(str(played), "wb") as file:
            file.setparams((1, 2, _RATE, 0, "NONE", ""))
            file.writeframes(b"".join(struct.pack("<h", sample) for sample in _samples(tones)))
        _pack(ffmpeg, played, folder / language / f"{name}{SUFFIX}")
    return len(SOUNDS)


def _samples(tones: Iterable[tuple[float, float]]) -> Iterable[int]:
    for hertz, seconds in tones:
        count = int(_RATE * seconds)
        for place in range(count):
            edge = min(1.0, place / _FADE, (count - place) / _FADE)
            yield int(12_000 * edge * math.sin(2 * math.pi * hertz * place / _RATE))


def _pack(ffmpeg: str, spoken: Path, clip: Path) -> None:
    """Pack one clip; the leading and closing silence of the engine is cut, so that clips follow each other closely."""
    clip.parent.mkdir(parents=True, exist_ok=True)
    trim = "silenceremove=start_periods=1:start_threshold=-50dB,areverse"
    command = [ffmpeg, "-hide_banner", "-loglevel", "error", "-y", "-i", str(spoken)]
    command += ["-af", f"{trim},{trim}", *_PACK, "-map_metadata", "-1", "-bitexact", str(clip)]
    subprocess.run(command, check=True, capture_output=True)
