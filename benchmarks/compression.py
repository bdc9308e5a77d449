"""MNIST test images as files: codes of autoencoders and of PCA, JPEG and WebP, by bytes and PSNR."""

from __future__ import annotations

import argparse
import io
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from common import RESULTS, ROOT, decibel, digits_like, show, spread
from PIL import Image

import hiddenspace as hs
from hiddenspace.pictures.rate_distortion import rate_distortion
from hiddenspace.space.hidden_space import HiddenSpace

CODES = (8, 16, 32, 64)
RANKS = (16, 32, 64, 96, 128, 160, 192)
LOSSES = (0.1, 0.3, 0.6, 1.0, 1.5)
QUALITIES = (1, 2, 3, 5, 8, 12, 16, 20, 25, 30, 40, 50, 60, 70, 80)
OWN = 10_000
"""Training images whose codes a space holds."""
SIDE = 100
"""Images in a row and in a column of the mosaic."""
WEBP_HEADER = 30
"""RIFF and VP8 headers of a simple WebP file."""

Curve = list[tuple[float, float]]
"""Bytes of an image, and PSNR."""


def psnr(images: np.ndarray, rebuilt: np.ndarray) -> float:
    """Over all pixels, as bytes."""
    shown = np.rint(np.clip(rebuilt.reshape(images.shape).astype(np.float64), 0, 255))
    return decibel(float(((shown - images) ** 2).mean()) / 255**2)


def codes_curve(model: Any, own: np.ndarray, test: np.ndarray, losses: Sequence[float]) -> tuple[Curve, list[float]]:
    """A point for each loss, and how much was lost on the test images against unquantised codes."""
    space, curve, lost = HiddenSpace(model, own), [], []
    plain = psnr(test, space.decode(space.encode(test)))
    with tempfile.TemporaryDirectory() as folder:
        for loss in losses:
            made = space.compress(test, Path(folder) / "test.hs", loss=loss)
            quality = psnr(test, space.decompress(made.path))
            curve.append((made.bytes_per_item, quality))
            lost.append(plain - quality)
    return curve, lost


def picture_curves(test: np.ndarray, kind: str) -> dict[str, Curve]:
    """A file for each image, the same without headers, and all images as one mosaic."""
    mosaic = test.reshape(SIDE, SIDE, 28, 28).swapaxes(1, 2).reshape(SIDE * 28, SIDE * 28)
    curves: dict[str, Curve] = {f"{kind} files": [], f"{kind}, headers not counted": [], f"{kind} mosaic": []}
    for quality in QUALITIES:
        files = [encoded(image, kind, quality) for image in test]
        reached = psnr(test, np.stack([decoded(file) for file in files]))
        curves[f"{kind} files"].append((float(np.mean([len(file) for file in files])), reached))
        bare = float(np.mean([without_header(file, kind) for file in files]))
        curves[f"{kind}, headers not counted"].append((bare, reached))
        whole = encoded(mosaic, kind, quality)
        tiles = decoded(whole).reshape(SIDE, 28, SIDE, 28).swapaxes(1, 2).reshape(test.shape)
        curves[f"{kind} mosaic"].append((len(whole) / len(test), psnr(test, tiles)))
    return curves


def encoded(image: np.ndarray, kind: str, quality: int) -> bytes:
    """As small as the encoder makes it at this quality."""
    buffer = io.BytesIO()
    options = {"optimize": True} if kind == "JPEG" else {"method": 6}
    Image.fromarray(image).save(buffer, kind, quality=quality, **options)
    return buffer.getvalue()


def decoded(file: bytes) -> np.ndarray:
    """Grey."""
    return np.asarray(Image.open(io.BytesIO(file)).convert("L"))


def without_header(file: bytes, kind: str) -> int:
    """Of JPEG what follows the last header, so without tables; of WebP all but 30 bytes."""
    if kind == "WEBP":
        return len(file) - WEBP_HEADER
    scan = file.index(b"\xff\xda")
    return len(file) - scan - 2 - int.from_bytes(file[scan + 2 : scan + 4], "big")


def bytes_at(curve: Curve, quality: float) -> float:
    """Interpolated between the points of a curve on a logarithmic scale; nan where it does not reach that quality.

    A curve that is better everywhere counts with its smallest size.
    """
    points = sorted(curve, key=lambda point: point[1])
    sizes, reached = np.array(points).T
    if quality > reached[-1]:
        return float("nan")
    return float(np.exp(np.interp(quality, reached, np.log(sizes))))


def hull(curves: Sequence[Curve]) -> Curve:
    """The points of several curves that no other point beats in both bytes and quality."""
    points = sorted({point for curve in curves for point in curve})
    best: Curve = []
    for size, quality in points:
        if not best or quality > best[-1][1]:
            best.append((size, quality))
    return best


def autoencoder(code: int, seed: int, train: np.ndarray, folder: Path | None) -> Any:
    """Trained with all defaults, or read from an earlier run of this benchmark."""
    path = None if folder is None else folder / f"mnist-{code}-{seed}"
    if path is not None and path.exists():
        return hs.load(path)
    model = hs.Autoencoder(code=code, random_state=seed).fit(train)
    if path is not None:
        model.save_pretrained(path)
    return model


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--models", type=Path, help="where trained models are kept and read")
    options = parser.parse_args()
    train, _, test, _ = digits_like("mnist")
    own = train[np.random.default_rng(0).permutation(len(train))[:OWN]]

    points, lost, by_code = [], [], []
    for seed in range(options.seeds):
        curve, losses = codes_curve(autoencoder(32, seed, train, options.models), own, test, LOSSES)
        points.append(curve[1])
        lost.append(losses[1])
        by_code += [curve] if seed == 0 else []
        print(f"code 32, seed {seed}: {curve[1][0]:.2f} bytes, {curve[1][1]:.2f} dB, {losses[1]:.3f} lost", flush=True)
    for code in CODES:
        if code != 32:
            by_code.append(codes_curve(autoencoder(code, 0, train, options.models), own, test, LOSSES)[0])
            print(f"code {code}: {by_code[-1]}", flush=True)
    by_rank = {}
    for rank in RANKS:
        by_rank[rank] = codes_curve(hs.PCA(rank).fit(train), own, test, LOSSES)[0]
        print(f"PCA {rank}: {by_rank[rank]}", flush=True)
    pictures = picture_curves(test, "JPEG") | picture_curves(test, "WEBP")

    rows = [["hs.Autoencoder(code=32), loss 0.3", spread([p[0] for p in points], 2), "", spread(lost, 3)]]
    size, quality = float(np.mean([p[0] for p in points])), float(np.mean([p[1] for p in points]))
    ranked = {rank: bytes_at(curve, quality) for rank, curve in by_rank.items()}
    rank = min(ranked, key=lambda k: ranked[k] if ranked[k] == ranked[k] else np.inf)
    peers = {f"PCA codes, the same quantiser, best rank ({rank})": ranked[rank]}
    peers |= {name: bytes_at(curve, quality) for name, curve in pictures.items()}
    rows += [[name, f"{value:.1f}", f"{value / size:.2f}", ""] for name, value in peers.items()]
    notes = [
        f"10,000 MNIST test images of 784 bytes; codes are quantised by {OWN:,} training images; files whole, their "
        "headers and tables counted, unless said otherwise; the model itself is not counted.",
        f"All at {quality:.2f} dB, the mean of {options.seeds} autoencoders with all defaults (lowest to highest), "
        f"others interpolated between {len(QUALITIES)} qualities (PIL, best effort) or losses {LOSSES}; one that is "
        "better at its lowest quality counts with that.",
        f"Ranks {RANKS}, the best chosen on the test images. The mosaic is one image of 2800x2800.",
        "Lost: decibels against unquantised codes, on the test images; 0.3 was asked for on training images.",
    ]
    header = ["", "bytes an image", "times those of the autoencoder", "dB lost"]
    show("compression", "MNIST test images as files, bytes at equal PSNR", header, rows, notes)
    names = {"WEBP files": "WebP files", "JPEG files": "JPEG files", "JPEG mosaic": "JPEG, one mosaic"}
    names |= {"WEBP mosaic": "WebP, one mosaic"}
    drawn = {"autoencoder codes": hull(by_code), "PCA": hull(list(by_rank.values()))}
    drawn |= {name: pictures[key] for key, name in names.items()}
    figure = rate_distortion({name: tuple(zip(*curve, strict=True)) for name, curve in drawn.items()})
    for path in (RESULTS / "compression.png", ROOT / "docs" / "pictures" / "compression.png"):
        figure.savefig(path, dpi=160, facecolor="white")


if __name__ == "__main__":
    main()
