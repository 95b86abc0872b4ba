"""A release as a folder: the project's wheel and all that it needs, the hash of every file, for machines without a net.

The folder has ``wheels/``, ``requirements.txt`` with one exact version and its SHA-256 a line, and ``SHA256SUMS`` of
everything, in the form of ``sha256sum``, which can be signed and looked at with tools that everybody has.
"""

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from idcard import ConfigurationError

PROJECT = "idcard"
SUMS, REQUIREMENTS, WHEELS = "SHA256SUMS", "requirements.txt", "wheels"
_LINE = re.compile(r"([0-9a-f]{64}) [ *]([A-Za-z0-9._+!/-]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A release's folder whose hashes are right."""

    folder: Path
    version: str

    @property
    def wheels(self) -> Path:
        """Where its wheels lie."""
        return self.folder / WHEELS

    @property
    def requirements(self) -> Path:
        """What is to be installed, with hashes."""
        return self.folder / REQUIREMENTS


def build_bundle(source: Path, folder: Path, *, constraints: Path | None, extras: Sequence[str] = ("kiosk",)) -> Bundle:
    """Build the project and fetch or build what it needs, at the pinned versions, into a new folder.

    :param source: the checkout, or a wheel of the project.
    :param constraints: the pinned versions; the checkout's ``requirements/constraints.txt`` where none is named.
    :raises ConfigurationError: ``folder_taken``, or ``pip`` where pip cannot do it.
    """
    if folder.exists() and any(folder.iterdir()):
        raise _wrong("folder_taken", f"There is something in {folder} already.", "Choose an empty folder.")
    pins = constraints or source / "requirements" / "constraints.txt"
    wanted = f"{source.resolve()}[{','.join(extras)}]" if extras else str(source.resolve())
    pip = ("wheel", "--wheel-dir", str(folder / WHEELS), "--constraint", str(pins), wanted)
    run_pip(sys.executable, pip, "The release could not be built")
    return seal(folder)


def seal(folder: Path) -> Bundle:
    """Write the lists of a folder whose wheels are there; the folder is a release's then."""
    wheels = sorted((folder / WHEELS).glob("*.whl"))
    (folder / REQUIREMENTS).write_text("".join(_requirements(wheels)), "utf-8")
    files = [folder / REQUIREMENTS, *wheels]
    lines = (f"{_sha256(file)}  {file.relative_to(folder).as_posix()}\n" for file in files)
    (folder / SUMS).write_text("".join(lines), "utf-8")
    return open_bundle(folder)


def open_bundle(folder: Path) -> Bundle:
    """The release in this folder, looked at whole.

    :raises ConfigurationError: ``no_bundle``, ``bundle_damaged`` or ``not_ours``.
    """
    listed = _listed(folder)
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {SUMS}
    if there - {f"{SUMS}.asc", f"{SUMS}.sig", f"{SUMS}.minisig"} != set(listed):
        raise _damaged(folder, "has other files than its list")
    for name, digest in listed.items():
        if _sha256(folder / name) != digest:
            raise _damaged(folder, f"holds a file that is not what it was, {name}")
    return Bundle(folder=folder.absolute(), version=_version(folder))


def run_pip(python: str, arguments: Sequence[str], what: str) -> None:
    """Run pip; ConfigurationError with its last line where it fails."""
    command = [python, "-m", "pip", "--disable-pip-version-check", "--no-input", "-q", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        told = [line for line in done.stderr.splitlines() if "ERROR" in line] or done.stderr.splitlines() or [""]
        raise _wrong("pip", f"{what}: {told[0].strip()}", "Put that right and run this again.")


def _listed(folder: Path) -> dict[str, str]:
    try:
        lines = (folder / SUMS).read_text("utf-8").splitlines()
    except OSError as error:
        raise _wrong("no_bundle", f"{folder} is no release.", "Name the folder that `kiosk bundle` made.") from error
    found = [_LINE.fullmatch(line) for line in lines]
    names = {match[2]: match[1] for match in found if match is not None}
    if len(names) != len(lines) or any(".." in Path(name).parts or name.startswith("/") for name in names):
        raise _damaged(folder, "has a list that is malformed")
    return names


def _version(folder: Path) -> str:
    ours = [version for name, version in map(_parsed, (folder / WHEELS).glob("*.whl")) if name == PROJECT]
    if len(ours) != 1:
        raise _wrong("not_ours", f"{folder} holds no release of this project.", "Name another folder.")
    return ours[0]


def _requirements(wheels: Sequence[Path]) -> Iterator[str]:
    for wheel in wheels:
        name, version = _parsed(wheel)
        yield f"{name}=={version} --hash=sha256:{_sha256(wheel)}\n"


def _parsed(wheel: Path) -> tuple[str, str]:
    try:
        name, version, _, _ = parse_wheel_filename(wheel.name)
    except InvalidWheelFilename as error:
        raise _wrong("not_ours", f"{wheel.name} is no wheel.", "Build the release anew.") from error
    return name, str(version)


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return file_digest(content, "sha256").hexdigest()


def _damaged(folder: Path, how: str) -> ConfigurationError:
    return _wrong("bundle_damaged", f"The release in {folder} {how}.", "Copy it again from where it was built.")


def _wrong(reason: str, what: str, remedy: str) -> ConfigurationError:
    return ConfigurationError(what, reason=reason, remedy=remedy)
