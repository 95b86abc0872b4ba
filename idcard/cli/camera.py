"""Pictures of a camera of this machine, taken by ffmpeg, which knows every camera that Linux does."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import idcard

FIRST_CAMERA = "/dev/video0"
_ASK = ("-nostdin", "-hide_banner", "-loglevel", "error", "-fflags", "nobuffer", "-f", "v4l2", "-i")
# Each picture with its own size in front, and shades of grey alone: nothing has to be guessed or decoded.
_GIVE = ("-r", "10", "-f", "image2pipe", "-c:v", "pgm", "-")
_MAX_HEADER, _MAX_PICTURE = 64, 40_000_000
_END_S = 5


@contextmanager
def pictures(device: str) -> Iterator[Iterator[bytes]]:
    """Pictures (PGM), ten a second, until the camera stops or the block is left.

    :param device: the camera's file, such as ``/dev/video0``.
    :raises ConfigurationError: if ffmpeg is not installed, or the camera gives no picture.
    """
    try:
        process = subprocess.Popen(("ffmpeg", *_ASK, device, *_GIVE), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except OSError as error:
        raise idcard.ConfigurationError(
            "The camera needs ffmpeg, which is not installed.", reason="missing", remedy="apt install ffmpeg"
        ) from error
    stream = process.stdout
    if stream is None:
        raise RuntimeError("a pipe was asked for")
    try:
        yield _given(stream, device)
    finally:
        process.terminate()
        stream.close()
        process.wait(_END_S)


def _given(stream: IO[bytes], device: str) -> Iterator[bytes]:
    """Each picture; an end before the first one is an error, because then there was no camera."""
    picture = _next(stream)
    if picture is None:
        raise idcard.ConfigurationError(
            f"The camera {device} gives no picture.", reason="missing", remedy="Name another: --camera /dev/videoN"
        )
    while picture is not None:
        yield picture
        picture = _next(stream)


def _next(stream: IO[bytes]) -> bytes | None:
    """The next picture, or None at the end, or where what comes is no picture."""
    header = b"".join(stream.readline(_MAX_HEADER) for _ in range(3))
    try:
        kind, width, height, _ = header.split()
        length = int(width) * int(height)
    except ValueError:
        return None
    if kind != b"P5" or not 0 < length <= _MAX_PICTURE:
        return None
    pixels = stream.read(length)
    return header + pixels if len(pixels) == length else None
