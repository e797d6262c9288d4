"""Two small data sets that are made here: images of digits, and embeddings of number words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulations.streams import stream

Floats = NDArray[np.float64]

GLYPHS = (
    "01110 10001 10011 10101 11001 10001 01110",
    "00100 01100 00100 00100 00100 00100 01110",
    "01110 10001 00001 00010 00100 01000 11111",
    "11111 00010 00100 00010 00001 10001 01110",
    "00010 00110 01010 10010 11111 00010 00010",
    "11111 10000 11110 00001 00001 10001 01110",
    "00110 01000 10000 11110 10001 10001 01110",
    "11111 00001 00010 00100 01000 01000 01000",
    "01110 10001 10001 01110 10001 10001 01110",
    "01110 10001 10001 01111 00001 00010 01100",
)
"""Seven rows of five pixels for each digit."""

ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
TEENS = "seventeen eighteen nineteen"
TENS = "twenty thirty forty fifty sixty seventy eighty ninety"


def digit_images(count: int, seed: int = 0, noise: float = 0.2) -> tuple[Floats, NDArray[np.int64]]:
    """Return (images (count, 64) of unit length, labels (count,)): digits of 7 x 5 pixels in frames of 8 x 8.

    The place in the frame and the strength of each pixel vary; Gaussian noise of standard deviation ``noise``
    is added, and all pixels are made positive, so that cosines are large.
    """
    rng = stream(seed, "feature_maps.digits", count)
    labels = rng.integers(0, 10, count)
    images = np.zeros((count, 8, 8))
    for image, label in zip(images, labels, strict=True):
        glyph = np.array([[float(c) for c in row] for row in GLYPHS[label].split()])
        top, left = rng.integers(0, 2), rng.integers(0, 4)
        image[top : top + 7, left : left + 5] = glyph * rng.uniform(0.5, 1.0, glyph.shape)
    flat = np.abs(images.reshape(count, 64) + noise * rng.standard_normal((count, 64)))
    return flat / np.linalg.norm(flat, axis=1, keepdims=True), labels


def number_words() -> tuple[str, ...]:
    """Return the words of 0 to 99."""
    small = (ONES + " " + TEENS).split()
    return tuple(small) + tuple(f"{t}-{o}" if o != "zero" else t for t in TENS.split() for o in small[:10])


def word_embeddings(dimension: int = 16) -> Floats:
    """Return embeddings (100, dimension) of unit length of the words of 0 to 99.

    Counts of letter pairs (with the ends of the word), damped by a logarithm, in the leading singular
    directions: a set with families of very similar members, as embeddings of words have them.

    Raises:
        ValueError: a dimension not in 1..50.
    """
    if not 1 <= dimension <= 50:
        raise ValueError(f"dimension: expected 1 to 50, found {dimension}")
    words = [f"^{w}$" for w in number_words()]
    pairs = sorted({w[i : i + 2] for w in words for i in range(len(w) - 1)})
    counts = np.array([[w.count(p) for p in pairs] for w in words], dtype=float)
    u, s, _ = np.linalg.svd(np.log1p(counts), full_matrices=False)
    points = u[:, :dimension] * s[:dimension]
    return np.asarray(points / np.linalg.norm(points, axis=1, keepdims=True))
