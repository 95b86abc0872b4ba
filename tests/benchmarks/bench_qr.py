"""Reading codes from poor frames: how many exactly, and in what time, beside the decoders that others use as they are.

A decoder is right where it gives exactly the bytes of the payload. Frames are in memory, in shades of grey: no file is
decoded. ``QR_FRAMES`` may name a folder with frames of another generator (``manifest.json``: file, data in
hexadecimal); ``QR_EACH`` and ``QR_SEED`` change how many of our own there are, and which; with ``QR_EVERY=9`` only
every ninth way of being poor is tried, to see that everything runs.
"""

import json
import os
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
import zxingcpp
from _frames import frames
from numpy.typing import NDArray
from PIL import Image
from pyzbar import pyzbar

import idcard

EACH, SEED = 1, 169
Grey = NDArray[np.uint8]
Decoder = Callable[[Grey], Iterable[bytes]]


def live(frame: Grey) -> Iterable[bytes]:
    """Ours, for a camera."""
    return [symbol.data for symbol in idcard.scan(Image.fromarray(frame))]


def still(frame: Grey) -> Iterable[bytes]:
    """Ours, for a photo."""
    return [symbol.data for symbol in idcard.scan(Image.fromarray(frame), mode="still")]


def zxing(frame: Grey) -> Iterable[bytes]:
    """zxing-cpp as it is."""
    found = zxingcpp.read_barcodes(frame, formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode]))
    return [code.bytes for code in found]


def zbar(frame: Grey) -> Iterable[bytes]:
    """pyzbar as it is."""
    return [code.data for code in pyzbar.decode(Image.fromarray(frame), symbols=[pyzbar.ZBarSymbol.QRCODE])]


def opencv(detector: "cv2.QRCodeDetectorAruco") -> Decoder:
    """OpenCV's better detector; what it cannot give as text it gives not at all."""

    def decode(frame: Grey) -> Iterable[bytes]:
        try:
            text = detector.detectAndDecode(frame)[0]
        except (UnicodeDecodeError, cv2.error):
            return []
        return [text.encode()] if text else []

    return decode


def foreign(folder: Path) -> Iterator[tuple[bytes, Grey]]:
    """The frames that somebody else's generator wrote."""
    for entry in json.loads((folder / "manifest.json").read_text()):
        yield bytes.fromhex(entry["data"]), np.asarray(Image.open(folder / entry["file"]).convert("L"))


def own() -> Iterator[tuple[bytes, Grey]]:
    """Our own frames."""
    seed, each = int(os.environ.get("QR_SEED", SEED)), int(os.environ.get("QR_EACH", EACH))
    every = int(os.environ.get("QR_EVERY", 1))
    return ((payload, frame) for _, payload, frame in frames(seed, each, every))


class Tally:
    """What one decoder made of the frames."""

    def __init__(self, decode: Decoder) -> None:
        self._decode = decode
        self._right: list[bool] = []
        self._ms: list[float] = []

    def see(self, payload: bytes, frame: Grey) -> None:
        """One more frame."""
        start = time.perf_counter()
        found = list(self._decode(frame))
        self._ms.append(1000 * (time.perf_counter() - start))
        self._right.append(found == [payload])

    def figures(self, prefix: str = "") -> dict[str, float]:
        """The share that was read exactly, and the times."""
        misses = sorted(ms for ms, right in zip(self._ms, self._right, strict=True) if not right) or [0.0]
        return {
            f"{prefix}exact_rate": round(sum(self._right) / len(self._right), 4),
            f"{prefix}median_ms": round(statistics.median(self._ms), 2),
            f"{prefix}miss_p95_ms": round(misses[min(len(misses) - 1, len(misses) * 95 // 100)], 1),
            f"{prefix}max_ms": round(max(self._ms), 1),
        }


def measure() -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """The figures of this area, and the peers', on the very same frames."""
    ours = {"": Tally(live), "still_": Tally(still)}
    peers = {"zxing-cpp": Tally(zxing), "pyzbar": Tally(zbar), "OpenCV": Tally(opencv(cv2.QRCodeDetectorAruco()))}
    count = 0
    cv2.setNumThreads(1)
    for decode in (live, still, zxing, zbar):
        # What is loaded on first use is not counted.
        list(decode(np.full((720, 1280), 200, np.uint8)))
    folder = os.environ.get("QR_FRAMES")
    for payload, frame in foreign(Path(folder)) if folder else own():
        count += 1
        for tally in (*ours.values(), *peers.values()):
            tally.see(payload, frame)
    figures = {name: value for prefix, tally in ours.items() for name, value in tally.figures(prefix).items()}
    return figures | {"frames": float(count)}, {name: tally.figures() for name, tally in peers.items()}
