"""Frames as a poor camera gives them: QR codes on a card, 1280 by 720 in shades of grey, and the exact bytes of each.

Each way to spoil a frame is tried with each kind of payload. Everything follows from the seed; every name is invented.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import segno
from numpy.typing import NDArray

WIDTH, HEIGHT = 1280, 720
KINDS = ("vn_card_qr", "binary", "base45")
_FINE = 3  # drawn so many times larger, then averaged, as a sensor does
_INK, _PAPER = 30.0, 225.0
_BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

Frame = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoil:
    """What is wrong with a frame. ``px``: pixels to a module; ``blur`` in modules; ``motion`` in pixels."""

    px: float = 4.0
    blur: float = 0.1
    motion: int = 0
    noise: float = 4.0
    turn: float = 2.0
    tilt: float = 0.0
    contrast: float = 1.0
    light: float = 1.0
    jpeg: int = 0
    glare: float = 0.0
    shadow: float = 0.0
    curl: float = 0.0
    inverted: bool = False
    quiet: int = 4


SPOILS = {
    "clear": Spoil(px=6, blur=0, noise=0),
    "plain": Spoil(blur=0, noise=0),
    **{f"small {px}": Spoil(px=px, blur=0.15, jpeg=85) for px in (3.0, 2.4, 2.0, 1.6, 1.3)},
    **{f"blurred {blur}": Spoil(blur=blur, noise=3) for blur in (0.35, 0.6, 0.9)},
    **{f"moved {motion}": Spoil(blur=0, motion=motion, noise=3) for motion in (5, 9, 13)},
    **{f"noisy {noise}": Spoil(blur=0, noise=noise) for noise in (15, 30, 50)},
    **{f"turned {turn}": Spoil(turn=turn) for turn in (12, 30, 45, 90)},
    **{f"tilted {tilt}": Spoil(tilt=tilt, turn=7) for tilt in (0.15, 0.3, 0.45)},
    **{f"faint {contrast}": Spoil(contrast=contrast) for contrast in (0.35, 0.18, 0.1)},
    **{f"dark {light}": Spoil(light=light) for light in (0.25, 0.12)},
    **{f"squeezed {jpeg}": Spoil(px=3, blur=0, jpeg=jpeg) for jpeg in (35, 18, 10)},
    **{f"glaring {glare}": Spoil(glare=glare) for glare in (0.5, 0.9)},
    **{f"shaded {shadow}": Spoil(shadow=shadow) for shadow in (0.6, 0.85)},
    "curled": Spoil(curl=2.5),
    "inverted": Spoil(blur=0, inverted=True),
    "tight": Spoil(blur=0, quiet=1),
    "kiosk far": Spoil(px=2.6, blur=0.35, noise=8, turn=8, tilt=0.12, contrast=0.6, jpeg=60),
    "kiosk farther": Spoil(px=2.2, blur=0.32, noise=8, turn=-14, tilt=0.1, contrast=0.5, jpeg=60),
    "kiosk shaded": Spoil(px=3.2, blur=0.44, noise=12, turn=20, tilt=0.2, shadow=0.6, jpeg=50),
    "kiosk moved": Spoil(px=2.6, blur=0, motion=4, noise=10, turn=5, contrast=0.45, jpeg=55),
}


def frames(seed: int, each: int, every: int = 1) -> Iterator[tuple[str, bytes, NDArray[np.uint8]]]:
    """The spoil's name, the payload and the frame, ``each`` times for every spoil and kind of payload.

    :param every: take only every so many-th of the spoils.
    """
    chance = np.random.default_rng(seed)
    for name, spoil in list(SPOILS.items())[::every]:
        for kind in KINDS:
            for _ in range(each):
                payload = _payload(kind, chance)
                yield name, payload, _photographed(_drawn(payload, kind, spoil), spoil, chance)


def _payload(kind: str, chance: np.random.Generator) -> bytes:
    if kind == "vn_card_qr":
        names = chance.choice(["Nguyễn", "Trần", "Thị", "Văn", "Đức", "Ánh", "Cường", "Hạnh", "Quỳnh", "Vỹ"], 9)
        number, old = chance.integers(10**11), chance.integers(10**9)
        where = f"Số {chance.integers(1, 300)} Đường {' '.join(names[3:6])}, Phường {names[6]}, Quận {names[7]}"
        person = f"{' '.join(names[:3])}|{chance.integers(1, 29):02}{chance.integers(1, 13):02}1980|Nữ"
        return f"{number:012}|{old:09}|{person}|{where}, Thành phố {names[8]}|02022022".encode()
    if kind == "binary":
        return b"\xdc\x03" + chance.bytes(int(chance.integers(142, 243)))
    pairs = chance.integers(0, 1 << 16, int(chance.integers(130, 196)))
    return b"HC1:" + "".join(_BASE45[n % 45] + _BASE45[n // 45 % 45] + _BASE45[n // 2025] for n in pairs).encode()


def _drawn(payload: bytes, kind: str, spoil: Spoil) -> Frame:
    """The code, sixteen pixels to a module."""
    content = payload.decode() if kind == "base45" else payload
    mode = "alphanumeric" if kind == "base45" else "byte"
    code = segno.make(content, error="m", mode=mode, micro=False, boost_error=False)
    dark = np.array([list(row) for row in code.matrix_iter(border=spoil.quiet)], dtype=bool)
    shade = np.where(dark ^ spoil.inverted, _INK, _PAPER).astype(np.float32)
    large = np.kron(shade, np.ones((16, 16), np.float32))
    if spoil.curl:
        down, across = np.mgrid[: len(large), : len(large)].astype(np.float32)
        bent = down + 16 * spoil.curl * np.sin(across / len(large) * np.pi)
        large = cv2.remap(large, across, bent, cv2.INTER_LINEAR, borderValue=_PAPER)
    return large


def _photographed(code: Frame, spoil: Spoil, chance: np.random.Generator) -> NDArray[np.uint8]:
    side = len(code) / 16 * spoil.px
    centre = np.array([WIDTH / 2 + chance.uniform(-100, 100), HEIGHT / 2 + chance.uniform(-15, 15)])
    scene = _on_a_card(code, _corners(side, centre, spoil), chance)
    scene = _lit(scene, centre, side, spoil)
    if spoil.blur:
        scene = cv2.GaussianBlur(scene, (0, 0), spoil.blur * spoil.px)
    if spoil.motion:
        scene = _moved(scene, spoil.motion, chance.uniform(0, 180))
    scene = np.clip(scene + chance.normal(0, spoil.noise, scene.shape), 0, 255).astype(np.uint8)
    if spoil.jpeg:
        squeezed = cv2.imencode(".jpg", scene, [cv2.IMWRITE_JPEG_QUALITY, spoil.jpeg])[1]
        scene = cv2.imdecode(squeezed, cv2.IMREAD_GRAYSCALE)
    return scene


def _corners(side: float, centre: Frame, spoil: Spoil) -> Frame:
    angle = np.deg2rad(spoil.turn)
    turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * side / 2
    square[1:3, 1] *= 1 - spoil.tilt
    square[[0, 3], 0] *= 1 - spoil.tilt / 3
    return np.asarray(square @ turned.T + centre, dtype=np.float32)


def _on_a_card(code: Frame, corners: Frame, chance: np.random.Generator) -> Frame:
    size = (WIDTH * _FINE, HEIGHT * _FINE)
    coarse = chance.uniform(90, 150) + chance.normal(0, 18, (18, 32)).astype(np.float32)
    scene = cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)
    centre = corners.mean(axis=0)
    card = centre + (corners - centre) * 1.55
    cv2.fillPoly(scene, [np.int32(card * _FINE)], _PAPER)
    words = np.zeros(scene.shape, np.uint8)
    for line in range(6):
        start = card[0] * 0.9 + centre * 0.1 + (0, 8.0 * line)
        cv2.putText(words, "CAN CUOC CONG DAN 0123456789", np.int32(start * _FINE).tolist(), 0, 1.1, 255, 3)
    scene[words > 0] = 60
    length = len(code)
    flat = np.array([[0, 0], [length, 0], [length, length], [0, length]], np.float32)
    shrink = float(np.linalg.norm(corners[1] - corners[0])) * _FINE / length
    smooth = cv2.GaussianBlur(code, (0, 0), 0.4 / shrink) if shrink < 1 else code
    lens = cv2.getPerspectiveTransform(flat, corners * _FINE)
    cv2.warpPerspective(smooth, lens, size, dst=scene, borderMode=cv2.BORDER_TRANSPARENT)
    return np.asarray(cv2.resize(scene, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), dtype=np.float32)


def _lit(scene: Frame, centre: Frame, side: float, spoil: Spoil) -> Frame:
    down, across = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    if spoil.shadow:
        scene = scene * (1 - spoil.shadow * np.clip((across - centre[0] + side * 0.15) / (side * 0.25), 0, 1))
    if spoil.glare:
        distance = (across - centre[0] - side * 0.1) ** 2 + (down - centre[1] + side * 0.05) ** 2
        scene = scene + 255 * spoil.glare * np.exp(-distance / (side * 0.22) ** 2)
    return np.asarray((128 + (scene - 128) * spoil.contrast) * spoil.light, dtype=np.float32)


def _moved(scene: Frame, length: int, angle: float) -> Frame:
    way = np.zeros((length, length), np.float32)
    way[length // 2] = 1
    middle = length / 2 - 0.5
    way = cv2.warpAffine(way, cv2.getRotationMatrix2D((middle, middle), angle, 1), (length, length))
    return np.asarray(cv2.filter2D(scene, -1, way / way.sum()), dtype=np.float32)
