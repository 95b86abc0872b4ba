"""Motion blur found and undone, blindly: a hand that moved while the picture was taken.

Theory of operation. 1. Direction: motion wipes out detail along its way and leaves it across. The gradients of codes,
print and texture point everywhere, so the direction in which their energy is least is that of the motion (the minor
axis of the structure tensor), and the inequality of both axes says how much motion there is. 2. Length: an even motion
over n pixels makes the derivative along its way a copy of the scene minus the same copy n pixels on; the derivative's
autocorrelation is therefore least at lag n. 3. Both give the blur's transfer function, a sinc, which a Wiener filter
inverts where it is not lost in noise.

It takes some 30 ms for a picture of 1280 × 720, and reads codes that are smeared over three modules. A real hand moves
less evenly than this supposes.

Source: Y. Yitzhaky, N. S. Kopeika, "Identification of Blur Parameters from Motion Blurred Images", Graphical Models and
Image Processing 59 (1997), for step 2.

Importing this module raises :class:`ImportError` where numpy is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL import Image

Floats = NDArray[np.float32]

SHORTEST, LONGEST = 4, 24
"""Lengths in pixels: shorter motion does no harm, longer leaves nothing to recover."""
_NOISE = np.float32(0.01)


def amount(image: Image.Image) -> float:
    """How unequal detail is in two directions, 0 to 1: above a quarter or so, something moved."""
    return _axis(_floats(image.reduce(2) if min(image.size) >= 16 else image))[1]


def undone(image: Image.Image) -> Image.Image:
    """The image without the motion that it seems to show."""
    from PIL import Image

    pixels = _floats(image)
    height, width = pixels.shape
    mean = pixels.mean()
    angle, _ = _axis(pixels)
    along = _frequencies(height, width, angle)
    spectrum = np.fft.rfft2(pixels - mean)
    length = _length(spectrum, along, pixels.shape, angle)
    blur = np.sinc(along * np.float32(length))
    restored = np.fft.irfft2(spectrum * (blur / (blur * blur + _NOISE)), s=pixels.shape) + mean
    return Image.fromarray(np.clip(restored, 0, 255).astype(np.uint8))


def _floats(image: Image.Image) -> Floats:
    return np.asarray(image, dtype=np.float32)


def _axis(pixels: Floats) -> tuple[float, float]:
    """The direction of least detail in radians, and the inequality of both axes."""
    across = pixels[1:-1, 2:] - pixels[1:-1, :-2]
    down = pixels[2:, 1:-1] - pixels[:-2, 1:-1]
    xx, yy, xy = (float(np.vdot(a, b)) for a, b in ((across, across), (down, down), (across, down)))
    if xx + yy <= 0:
        return 0.0, 0.0
    return float(np.arctan2(2 * xy, xx - yy) / 2 + np.pi / 2), float(np.hypot(xx - yy, 2 * xy) / (xx + yy))


def _frequencies(height: int, width: int, angle: float) -> Floats:
    """The frequency along the motion, in cycles a pixel, for each bin of a real Fourier transform."""
    x = np.fft.rfftfreq(width).astype(np.float32)[None] * np.float32(np.cos(angle))
    y = np.fft.fftfreq(height).astype(np.float32)[:, None] * np.float32(np.sin(angle))
    return np.asarray(x + y, dtype=np.float32)


def _length(spectrum: NDArray[np.complexfloating], along: Floats, shape: tuple[int, ...], angle: float) -> int:
    """The lag at which the derivative along the motion is least like itself."""
    derivative = np.abs(spectrum) * np.sin(2 * np.pi * along)
    likeness = np.fft.irfft2(derivative * derivative, s=shape)
    lags = np.arange(SHORTEST, LONGEST + 1)
    rows = np.rint(lags * np.sin(angle)).astype(int) % shape[0]
    columns = np.rint(lags * np.cos(angle)).astype(int) % shape[1]
    return int(lags[np.argmin(likeness[rows, columns])])
