"""Kissing configurations beyond root systems: blocks of four, Leech sections, changed signs."""

from itertools import combinations, product

import numpy as np
import sympy
from numpy.typing import NDArray

from simulations.codes.exact import Exact, Ring, Symmetry
from simulations.codes.golay import golay, independent, leech, leech_symmetries, octads

Ints = NDArray[np.int64]

# Base blocks of quadruple systems in which two blocks share at most two points, with the rotation.
_TEN = ((0, 1, 2, 6), (0, 2, 4, 7), (0, 1, 3, 4))
_TWELVE = (
    (0, 6, 9, 10),
    (0, 7, 8, 9),
    (0, 1, 2, 9),
    (0, 2, 7, 11),
    (0, 8, 10, 11),
    (0, 1, 3, 11),
    (0, 1, 4, 10),
    (0, 1, 6, 7),
    (0, 3, 7, 10),
)


def blocks_of_four(n: int) -> Exact:
    """+-2 e_i and (+-1)^4 on every block: 2n + 16 * 18 points for n = 9, 2n + 16 * 51 for n = 12.

    Conway and Sloane's packings P_9a and P_12a from constant-weight codes of distance 4; two vectors on
    blocks with at most two common points have inner product at most 2, the squared norm being 4.

    Raises:
        ValueError: another n.
    """
    if n not in (9, 12):
        raise ValueError(f"block designs are built for n = 9 and 12, not {n}")
    # The Steiner system S(3, 4, 10) is cyclic; the blocks that avoid one point are those for n = 9.
    turn = [(i + 1) % 10 for i in range(10)] if n == 9 else [(i + 1) % 6 + i // 6 * 6 for i in range(12)]
    blocks: set[tuple[int, ...]] = set()
    for base in _TEN if n == 9 else _TWELVE:
        block: tuple[int, ...] = base
        for _ in range(len(turn)):
            blocks.add(tuple(sorted(block)))
            block = tuple(turn[i] for i in block)
    blocks = {block for block in blocks if block[-1] < n}
    axes = 2 * np.eye(n, dtype=np.int64)
    rows = [*axes, *(-axes)]
    for chosen, signs in product(sorted(blocks), product((1, -1), repeat=4)):
        row = np.zeros(n, dtype=np.int64)
        row[list(chosen)] = signs
        rows.append(row)
    return Exact(np.array(rows)[:, :, None])


def leech_section() -> Exact:
    """The 93150 minimal vectors of the Leech lattice orthogonal to one: those of the laminated Lambda_23."""
    base = np.zeros(24, dtype=np.int64)
    base[[0, 23]] = 4
    vectors = leech()
    inner = vectors.astype(np.float64) @ base
    same = np.arange(24)
    # Doubling and -1/x map {0, infinity} to itself, so do sign changes that are equal there.
    words = golay()[golay()[:, 0] == golay()[:, 23]]
    signs: list[Symmetry] = [(same, 1 - 2 * np.array(word)) for word in independent(words)]
    moves = leech_symmetries()[-2:]
    return Exact(vectors[inner == 0][:, :, None], symmetries=(*signs, *moves))


def new_signs(n: int) -> Exact:
    """Kissing configurations of 29768, 19448, 11948 points in dimensions n = 21, 20, 19.

    Cohn and Li 2024 (arXiv 2411.04916): take the Leech vectors on n coordinates, give those on octads an
    odd number of minus signs, and add sqrt(32/n) (+-1)^n with signs from a code that meets all these
    octads evenly and has distance 5 or more: Golay words by their pattern on the other coordinates. In
    dimension 19 ten patterns at distance at most 3 do (11948 points, as in arXiv 2603.10425; here from
    the largest such set, Kleitman 1966).

    Raises:
        ValueError: another n.
    """
    if n not in (19, 20, 21):
        raise ValueError(f"signs are changed in dimensions 19, 20 and 21, not {n}")
    linear, signs = _sign_words(n)
    eight = [np.flatnonzero(o[:n]) for o in octads() if not np.any(o[n:])]
    square = {21: 42, 20: 10, 19: 38}[n]
    # n sqrt(32/n) = 4 sqrt(2n) = scale sqrt(square); all coordinates are n times those of the lattice.
    scale = round((32 * n / square) ** 0.5)
    plain = []
    for i, j in combinations(range(n), 2):
        for a, b in product((4 * n, -4 * n), repeat=2):
            row = np.zeros(n, dtype=np.int64)
            row[i], row[j] = a, b
            plain.append(row)
    odd = [s for s in product((2 * n, -2 * n), repeat=8) if sum(x < 0 for x in s) % 2]
    for octad in eight:
        block = np.zeros((len(odd), n), dtype=np.int64)
        block[:, octad] = odd
        plain.extend(block)
    integer = np.stack([np.array(plain), np.zeros((len(plain), n), dtype=np.int64)], axis=-1)
    flat = scale * (1 - 2 * signs.astype(np.int64))
    vectors = np.concatenate([integer, np.stack([np.zeros_like(flat), flat], axis=-1)])
    ring = Ring((-square, 0, 1), square**0.5, sympy.sqrt(square))
    same = np.arange(n)
    symmetries = tuple((same, 1 - 2 * np.array(word)) for word in linear)
    return Exact(vectors // np.gcd.reduce(vectors, axis=None), ring, symmetries)


def _sign_words(n: int) -> tuple[list[list[int]], NDArray[np.int8]]:
    """Return a basis of sign changes that keep the sign words, and the words, on the first n coordinates."""
    words = golay()
    tail = words[:, n:]
    if n == 19:
        # A ball of radius 1 in four coordinates, times the fifth: a largest set of diameter 3.
        keep = tail[:, :4].sum(axis=1) <= 1
        steady = ~np.any(tail, axis=1)
    else:
        # With one of the three or four coordinates zero no pattern difference has weight above 3.
        keep = steady = tail[:, 0] == 0
    return independent(words[steady][:, :n]), words[keep][:, :n]
