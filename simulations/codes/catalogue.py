"""Codes with exact coordinates, by name."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import sympy
from flint import arb, ctx, fmpq
from numpy.typing import NDArray

from simulations.codes import golay, graphs, kissing, polytopes
from simulations.codes.code import Code
from simulations.codes.exact import Exact, fraction

Integers = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Construction:
    """How to build a code, and its size before it is built.

    Attributes:
        n, N: dimension and number of points.
        build: returns the exact coordinates.
        source: where the code was described.
        record: whether its largest cosine is the best known for (n, N), and ``best_known`` returns it.
        again: whether it is another way to a code that is listed under its usual name.
    """

    n: int
    N: int
    build: Callable[[], Exact]
    source: str
    record: bool = True
    again: bool = False


def chain(start: Callable[[], Integers], *cosines: Fraction) -> list[Integers]:
    """Derive again and again, each time from the first point: the vectors of the start and of every step.

    Raises:
        ValueError: no point has such a cosine with the first one.
    """
    found = [start()]
    for c in cosines:
        base = found[-1][0].astype(np.int64)
        product = int(base @ base) * c
        if product.denominator != 1:
            raise ValueError(f"no point has the cosine {c} with the first point")
        found.append(golay.derived(found[-1], base, int(product)))
    return found


def _chain(start: Callable[[], Integers], *products: int) -> Exact:
    """The last step of a chain; the cosines are given as numerator, denominator."""
    pairs = zip(products[::2], products[1::2], strict=True)
    return Exact(chain(start, *(Fraction(p, q) for p, q in pairs))[-1][:, :, None])


def equiangular() -> Integers:
    """The 552 Leech vectors with inner product 24 with (5, 1^23), projected: two cosines +-1/5 and -1."""
    base = np.ones(24, dtype=np.int64)
    # The word -3, 1^23 belongs to the lattice, so (5, 1^23) needs its 5 where the signs are those of a word.
    base[0] = 5
    return golay.derived(golay.leech(), base, 24)


def _barnes_wall() -> Exact:
    """The Leech vectors that vanish on an octad: the 4320 minimal vectors of the Barnes-Wall lattice."""
    octad = np.flatnonzero(golay.octads()[0])
    vectors = golay.leech()
    keep = vectors[np.all(vectors[:, octad] == 0, axis=1)]
    return Exact(np.delete(keep, octad, axis=1)[:, :, None])


def _nordstrom_robinson() -> Exact:
    """Nordstrom-Robinson words as signs, and plus and minus four times the standard basis: 288 points."""
    signs = 1 - 2 * golay.nordstrom_robinson().astype(np.int64)
    axes = 4 * np.eye(16, dtype=np.int64)
    return polytopes.integer(np.concatenate([signs, axes, -axes]))


def _e_roots(n: int) -> Exact:
    """E_7: the roots of E_8 orthogonal to a root; E_6: to a hexagonal pair of roots."""
    roots = polytopes.roots_e8()
    against = roots[:1] if n == 7 else np.stack([roots[0], roots[np.flatnonzero(roots @ roots[0] == -4)[0]]])
    return polytopes.integer(roots[np.all(roots @ against.T == 0, axis=1)])


def _without_a_point() -> Exact:
    whole = polytopes.icosahedron()
    return Exact(whole.vectors[1:], whole.ring)


def _subset(n: int, N: int) -> Exact:
    """All e_i and the first N - n of the -e_i: the points still span R^n."""
    return Exact(polytopes.cross_polytope(n).vectors[:N])


_E8 = polytopes.roots_e8
# Polygons up to this size get exact coordinates.
_POLYGONS = 32
_COHN_KUMAR = "Cohn and Kumar 2007, Table 1"
_CDLL = "Cohn, de Laat and Leijenhorst 2024"
_SPLAG = "Conway and Sloane, Sphere Packings, Lattices and Groups"

CONSTRUCTIONS: dict[str, Construction] = {
    "icosahedron": Construction(3, 12, polytopes.icosahedron, "L. Fejes Toth 1943"),
    "icosahedron-minus-1": Construction(3, 11, _without_a_point, "Danzer 1963; Boroczky 1983"),
    "dodecahedron": Construction(3, 20, polytopes.dodecahedron, "classical", record=False),
    "cuboctahedron": Construction(3, 12, polytopes.cuboctahedron, "classical", record=False),
    "snub-cube": Construction(3, 24, polytopes.snub_cube, "Robinson 1961"),
    "petersen": Construction(4, 10, lambda: graphs.embedding(graphs.petersen()), "Bachoc and Vallentin 2009"),
    "petersen-derived": Construction(
        4,
        10,
        partial(_chain, _E8, 1, 2, 1, 3, 1, 4, 1, 5),
        "Bachoc and Vallentin 2009",
        record=False,
        again=True,
    ),
    "24-cell": Construction(4, 24, lambda: polytopes.integer(polytopes.roots_d(4)), "Musin 2008"),
    "600-cell": Construction(4, 120, polytopes.cell600, "Boroczky 1978"),
    "half-5-cube": Construction(5, 16, lambda: polytopes.integer(polytopes.half_cube(5)), _COHN_KUMAR),
    "half-5-cube-derived": Construction(
        5, 16, partial(_chain, _E8, 1, 2, 1, 3, 1, 4), _COHN_KUMAR, record=False, again=True
    ),
    "D5": Construction(5, 40, lambda: polytopes.integer(polytopes.roots_d(5)), _SPLAG),
    "schlaefli": Construction(6, 27, partial(_chain, _E8, 1, 2, 1, 3), _COHN_KUMAR),
    "isotropic-2": Construction(
        6, 27, lambda: graphs.embedding(graphs.isotropic(2)), _COHN_KUMAR, record=False, again=True
    ),
    "E6": Construction(6, 72, partial(_e_roots, 6), _SPLAG),
    "gosset": Construction(7, 56, partial(_chain, _E8, 1, 2), _COHN_KUMAR),
    "E7": Construction(7, 126, partial(_e_roots, 7), _SPLAG),
    "E8": Construction(8, 240, lambda: polytopes.integer(_E8()), _COHN_KUMAR),
    "P9a": Construction(9, 306, partial(kissing.blocks_of_four, 9), _SPLAG),
    "P12a": Construction(12, 840, partial(kissing.blocks_of_four, 12), _SPLAG),
    "barnes-wall": Construction(16, 4320, _barnes_wall, _SPLAG),
    "kerdock-16": Construction(16, 288, partial(polytopes.kerdock, 2), _CDLL),
    "nordstrom-robinson": Construction(16, 288, _nordstrom_robinson, _CDLL, record=False, again=True),
    "new-signs-19": Construction(19, 11948, partial(kissing.new_signs, 19), "cf. arXiv 2603.10425"),
    "new-signs-20": Construction(20, 19448, partial(kissing.new_signs, 20), "Cohn and Li 2024"),
    "gewirtz": Construction(20, 56, lambda: graphs.embedding(graphs.gewirtz()), _CDLL),
    "hoffman-singleton": Construction(21, 50, lambda: graphs.embedding(graphs.hoffman_singleton()), _CDLL),
    "m22": Construction(21, 77, lambda: graphs.embedding(graphs.m22()), _CDLL),
    "isotropic-3": Construction(21, 112, lambda: graphs.embedding(graphs.isotropic(3)), _COHN_KUMAR),
    "isotropic-3-derived": Construction(
        21, 112, partial(_chain, equiangular, 1, 5, -1, 4), _COHN_KUMAR, record=False, again=True
    ),
    "smith": Construction(21, 162, partial(_chain, equiangular, 1, 5, 1, 6), _COHN_KUMAR),
    "new-signs-21": Construction(21, 29768, partial(kissing.new_signs, 21), "Cohn and Li 2024"),
    "higman-sims": Construction(22, 100, lambda: graphs.embedding(graphs.higman_sims()), _COHN_KUMAR),
    "mclaughlin": Construction(22, 275, partial(_chain, equiangular, 1, 5), _COHN_KUMAR),
    "leech-891": Construction(22, 891, partial(_chain, golay.leech, 1, 2, 1, 3), _COHN_KUMAR),
    "equiangular-552": Construction(23, 552, partial(_chain, equiangular), _COHN_KUMAR),
    "leech-4600": Construction(23, 4600, partial(_chain, golay.leech, 1, 2), _COHN_KUMAR),
    "lambda-23": Construction(23, 93150, kissing.leech_section, _SPLAG),
    "leech": Construction(24, 196560, golay.leech_exact, "Levenshtein 1979; Odlyzko and Sloane 1979"),
    "isotropic-4": Construction(52, 325, lambda: graphs.embedding(graphs.isotropic(4)), _COHN_KUMAR),
    "kerdock-64": Construction(64, 4224, partial(polytopes.kerdock, 3), _CDLL),
    "isotropic-5": Construction(105, 756, lambda: graphs.embedding(graphs.isotropic(5)), _COHN_KUMAR),
    "kerdock-256": Construction(256, 66048, partial(polytopes.kerdock, 4), _CDLL),
}
"""Single codes by name. Families: polygon-N, simplex-n, cross-polytope-n (see ``construct``)."""

_FAMILIES: dict[str, Callable[[int], Construction]] = {
    "polygon": lambda k: Construction(2, k, partial(polytopes.polygon, k), "elementary"),
    "simplex": lambda k: Construction(k, k + 1, partial(polytopes.simplex, k), "Rankin 1955"),
    "cross-polytope": lambda k: Construction(k, 2 * k, partial(polytopes.cross_polytope, k), "Rankin 1955"),
}


def construction(name: str) -> Construction:
    """Return how to build the code of this name, without building it.

    Raises:
        ValueError: no such name.
    """
    if name in CONSTRUCTIONS:
        return CONSTRUCTIONS[name]
    match = re.fullmatch(r"(polygon|simplex|cross-polytope)-([1-9]\d*)", name)
    if not match or (match[1] == "polygon" and int(match[2]) < 3):
        families = "polygon-N (N >= 3), simplex-n, cross-polytope-n"
        raise ValueError(f"a construction is one of {', '.join(CONSTRUCTIONS)}, {families}; not {name!r}")
    return _FAMILIES[match[1]](int(match[2]))


def construct(name: str) -> Code:
    """Build a code with exact coordinates and a certified largest cosine.

    Args:
        name: a key of ``CONSTRUCTIONS``, or polygon-N, simplex-n, cross-polytope-n.

    Raises:
        ValueError: no such name.
    """
    planned = construction(name)
    if name.startswith("polygon-"):
        return _polygon(planned.N)
    return _as_code(name, planned.build())


def _as_code(name: str, exact: Exact, n: int | None = None) -> Code:
    """Turn exact vectors into a code in R^n, by default the space that they span."""
    points = exact.points()
    if n is not None and n > points.shape[1]:
        points = np.pad(points, ((0, 0), (0, n - points.shape[1])))
    low, high = exact.enclosure()
    value = exact.ring.number(exact.largest)
    return Code(name, points, float((low + high) / 2), value, (low, high), exact)


def _polygon(N: int) -> Code:
    """Build the N-gon; above _POLYGONS the field has too large a degree, and only cos(2 pi/N) is enclosed."""
    turn = 2 * np.pi * np.arange(N) / N
    points = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    with ctx.workprec(256):
        ball = arb.cos_pi_fmpq(fmpq(2, N))
        low, high = fraction(ball.lower()), fraction(ball.upper())
    exact = polytopes.polygon(N) if N <= _POLYGONS else None
    value = sympy.cos(2 * sympy.pi / N)
    return Code(f"polygon-{N}", points, float((low + high) / 2), value, (low, high), exact)


def constructions(n: int) -> list[Code]:
    """Build the codes that are known by name in dimension n, smallest first (large ones take long)."""
    names = [name for name, known in CONSTRUCTIONS.items() if known.n == n and not known.again]
    names += [f"simplex-{n}", f"cross-polytope-{n}"] if n >= 2 else []
    return [construct(name) for name in sorted(names, key=lambda name: construction(name).N)]


def best_known(n: int, N: int) -> Code | None:
    """Return an exact code of N points in R^n whose largest cosine is the best known, None if we have none.

    Up to 2n points these are Rankin's: a simplex of N points, or N vertices of the cross-polytope.

    Raises:
        ValueError: n < 1 or N < 2, or more than two points in R^1.
    """
    if n < 1 or N < 2 or (n == 1 and N > 2):
        raise ValueError(f"a code needs n >= 1 and N >= 2, and R^1 has two directions; not n = {n}, N = {N}")
    if n + 1 >= N:
        return _as_code(f"simplex-{N - 1}", polytopes.simplex(N - 1), n)
    if n + 2 <= N <= 2 * n:
        name = f"cross-polytope-{n}"
        return construct(name) if 2 * n == N else _as_code(f"{name}-subset-{N}", _subset(n, N))
    if n == 2:
        return construct(f"polygon-{N}")
    for name, known in CONSTRUCTIONS.items():
        if (known.n, known.N) == (n, N) and known.record:
            return construct(name)
    return None
