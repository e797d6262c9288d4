"""The extended binary Golay code, the minimal vectors of the Leech lattice, and what is cut out of them."""

from collections.abc import Iterable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from simulations.codes.exact import Exact, Symmetry

Ints = NDArray[np.int64]
Bytes = NDArray[np.int8]

# 24 coordinates: the residues modulo 23 and a parity bit at the end.
_P = 23
_SQUARES = frozenset(x * x % _P for x in range(1, _P))


@cache
def golay() -> Bytes:
    """Return the 4096 words (4096, 24) of the extended Golay code (quadratic residue code mod 23)."""
    generators = [[int((i - shift) % _P in _SQUARES) for i in range(_P)] for shift in range(_P)] + [[1] * _P]
    basis = independent([[*g, sum(g) % 2] for g in generators])
    bits = np.arange(1 << len(basis))[:, None] >> np.arange(len(basis)) & 1
    words: Bytes = (bits @ np.array(basis) % 2).astype(np.int8)
    words.flags.writeable = False
    return words


def independent(rows: Iterable[Iterable[int]]) -> list[list[int]]:
    """Return a basis over GF(2) of the span of the rows."""
    basis: list[list[int]] = []
    for given in rows:
        row = [int(x) for x in given]
        for b in basis:
            if row[b.index(1)]:
                row = [x ^ y for x, y in zip(row, b, strict=True)]
        if any(row):
            basis.append(row)
    return basis


def octads() -> Bytes:
    """Return the 759 words of weight 8."""
    words = golay()
    return np.asarray(words[words.sum(axis=1) == 8])


def hexads() -> list[frozenset[int]]:
    """Return the 77 blocks of the Steiner system S(3, 6, 22): octads through two points, without them."""
    through = octads()[(octads()[:, 22] == 1) & (octads()[:, 23] == 1)]
    return [frozenset(np.flatnonzero(word[:22]).tolist()) for word in through]


def nordstrom_robinson() -> Bytes:
    """Return the 256 words (256, 16) of the Nordstrom-Robinson code, cut out of the Golay code.

    With an octad as the first eight coordinates: the words that vanish on it, or that have there a 1 in the
    eighth place and in just one of the others; these eight coordinates are deleted (Conway and Sloane,
    chapter 2, section 8). Distances 6, 8, 10 and 16.
    """
    octad = octads()[0] == 1
    head, tail = golay()[:, octad], golay()[:, ~octad]
    ones = head[:, :7].sum(axis=1)
    return np.asarray(tail[((ones == 0) & (head[:, 7] == 0)) | ((ones == 1) & (head[:, 7] == 1))])


@cache
def leech() -> Bytes:
    """Return the 196560 minimal vectors of the Leech lattice times sqrt 8: (196560, 24), squared norm 32."""
    words = golay()
    eight = octads()
    signs = 1 - 2 * (np.arange(256)[:, None] >> np.arange(8) & 1)
    even = signs[np.prod(signs, axis=1) > 0]
    on_octads = np.zeros((len(eight), len(even), 24), dtype=np.int8)
    for k, octad in enumerate(eight):
        on_octads[k][:, np.flatnonzero(octad)] = 2 * even
    odd = np.repeat(1 - 2 * words[:, None, :], 24, axis=1)
    odd[:, np.arange(24), np.arange(24)] *= -3
    pairs = []
    for i in range(24):
        for j in range(i):
            for a in (4, -4):
                for b in (4, -4):
                    pairs.append([a if c == i else b if c == j else 0 for c in range(24)])
    parts = [on_octads.reshape(-1, 24), odd.reshape(-1, 24), np.array(pairs, dtype=np.int8)]
    out = np.concatenate(parts).astype(np.int8)
    out.flags.writeable = False
    return out


def leech_symmetries() -> tuple[Symmetry, ...]:
    """Return sign changes on Golay words and L2(23) on the coordinates (infinity last)."""
    same, plain = np.arange(24), np.ones(24, dtype=np.int64)
    maps: list[Symmetry] = [(same, 1 - 2 * np.array(word)) for word in independent(golay())]
    shift = [*((i + 1) % _P for i in range(_P)), _P]
    double = [*(2 * i % _P for i in range(_P)), _P]
    invert = [_P, *(-pow(i, -1, _P) % _P for i in range(1, _P)), 0]
    maps += [(np.array(move), plain) for move in (shift, double)]
    # The residue code extended by a parity bit is mapped to itself by -1/x without further signs.
    maps.append((np.array(invert), plain))
    return tuple(maps)


def derived(vectors: NDArray[np.integer], base: Ints, product: int) -> Ints:
    """Return the vectors with a given inner product with ``base``, projected on its complement.

    Scaled to coprime integers: <b, b> x - <x, b> b over the greatest common divisor of all entries.
    """
    base = base.astype(np.int64)
    inner = vectors.astype(np.float64) @ base.astype(np.float64)
    chosen = vectors[inner == product].astype(np.int64)
    projected = int(base @ base) * chosen - product * base
    return np.asarray(projected // np.gcd.reduce(projected, axis=None))


def leech_exact() -> Exact:
    """Return the minimal vectors with their symmetries."""
    return Exact(leech()[:, :, None], symmetries=leech_symmetries())
