"""Quantities of exactly constructed spherical codes, shared by the statements on them.

A point names a construction by its number in ``NAMES`` (the scalar ``code``), and a member of a family by its
parameter (the scalar ``k``).  Everything is computed from the coordinates (or, for the largest spectral
embeddings, from the square of an adjacency matrix), never from what is expected.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np

from bounds.exact import Real
from simulations.codes import catalogue, construct, graphs, isometric, polytopes
from simulations.codes.algebraic import Algebraic, root_five
from simulations.codes.exact import TRIBONACCI, Exact, cosine_ring
from simulations.codes.profile import Profile, profile, spectral_profile
from verify.instances import Array, Instances
from verify.vocabulary import quantity

MOST = 8
"""Distinct cosines of a code that have a quantity of their own."""

FAMILIES: dict[str, Callable[[int], Exact]] = {
    "polygon": polytopes.polygon,
    "simplex": polytopes.simplex,
    "cross-polytope": polytopes.cross_polytope,
    "kerdock": polytopes.kerdock,
}
NAMES: tuple[str, ...] = (*FAMILIES, "isotropic", *catalogue.CONSTRUCTIONS)
"""Families (with a parameter) and single constructions; the scalar ``code`` is a place in this list."""

_GOLD, _SILVER = root_five(0, 1) / 5, root_five(1, 1) / 4
_T = Algebraic.make(TRIBONACCI, [0, 1])
PRINTED: dict[str, tuple[Algebraic, ...]] = {
    "icosahedron": (_GOLD, -_GOLD),
    "600-cell": (
        _SILVER,
        root_five(0, 0) + root_five(1, 0) / 2,
        root_five(-1, 1) / 4,
        root_five(0, 0),
        -root_five(-1, 1) / 4,
        -root_five(1, 0) / 2,
        -_SILVER,
    ),
    "snub-cube": ((_T - 1) / (3 - _T),),
}
"""Irrational cosines as the literature has them, largest first, as elements of the field of the code."""


def number(name: str) -> int:
    """The scalar ``code`` of a construction or family.  Raises ValueError for an unknown name."""
    return NAMES.index(name)


def one(value: Any) -> Array:
    """A number as the measured value of a batch of one."""
    return np.array([Real(value)], dtype=object)


def real(value: Algebraic) -> Real:
    """An algebraic number: exact where it is rational, else a ball at the current precision."""
    exact = value.fraction
    return Real(value.ball() if exact is None else exact)


def smallest(values: Sequence[Real]) -> Real:
    """An enclosure of the smallest of some numbers."""
    return Real.between(min(v.lower() for v in values), min(v.upper() for v in values))


@lru_cache(maxsize=256)
def profile_of(code: int, k: int) -> Profile:
    """Invariants of a construction by its number, of the member ``k`` of a family."""
    name = NAMES[code]
    if name == "isotropic":
        return spectral_profile(graphs.isotropic(k))
    return profile(FAMILIES[name](k) if name in FAMILIES else catalogue.construction(name).build())


@dataclass(frozen=True)
class View:
    """What one point of a code sees: dimension, size, cosines in falling order, their numbers."""

    n: int
    size: int
    cosines: tuple[Algebraic, ...]
    counts: tuple[int, ...]


_LARGE = ("leech", "leech-4600")


@lru_cache(maxsize=512)
def view_of(code: int, k: int = 0) -> View:
    """What a point of a code sees.  That all points of the two largest see the same is said by code.leech and
    code.4600; of all others it is checked here (ArithmeticError if they do not).
    """
    name = NAMES[code]
    if name not in _LARGE:
        found = profile_of(code, k)
        if found.kinds != 1:
            raise ArithmeticError(f"the points of {name} do not all see the same")
        return View(found.rank, found.size, found.cosines, found.counts)
    exact = catalogue.construction(name).build()
    seen = [(Algebraic.make(exact.ring, exact.cosine(e)), c) for e, c in exact.view().items()]
    seen.sort(key=lambda pair: -float(pair[0]))
    return View(exact.rank, len(exact.vectors), tuple(t for t, _ in seen), tuple(c for _, c in seen))


def view(b: Instances) -> View:
    """What a point of the code of this batch sees."""
    return view_of(scalar(b, "code"), scalar(b, "k"))


@quantity("codes_points", "number of points of a code whose points all see the same")
def points(b: Instances) -> Array:
    return one(view(b).size)


def scalar(b: Instances, name: str, default: int = 0) -> int:
    """An integer scalar of the point."""
    return int(b.scalars[name][0].fraction) if name in b.scalars else default


def of(b: Instances) -> Profile:
    """The invariants of the code that a point names."""
    return profile_of(scalar(b, "code"), scalar(b, "k"))


@quantity("codes_size", "number of points of the code")
def size(b: Instances) -> Array:
    return one(of(b).size)


@quantity("codes_rank", "dimension that the code spans")
def rank(b: Instances) -> Array:
    return one(of(b).rank)


@quantity("codes_strength", "design strength of the code")
def strength(b: Instances) -> Array:
    return one(of(b).strength)


@quantity("codes_distinct", "number of distinct inner products of different points")
def distinct(b: Instances) -> Array:
    return one(len(of(b).cosines))


@quantity("codes_views", "number of different distance distributions that the points see")
def views(b: Instances) -> Array:
    return one(of(b).kinds)


@quantity("codes_orbits", "number of orbits of the points under checked symmetries")
def orbits(b: Instances) -> Array:
    return one(of(b).orbits)


NO_COSINE = -2
"""What a code shows for a cosine that it does not have."""


def _nth_cosine(b: Instances, j: int) -> Array:
    cosines = of(b).cosines
    return one(real(cosines[j - 1]) if j <= len(cosines) else NO_COSINE)


def _nth_count(b: Instances, j: int) -> Array:
    counts = of(b).counts
    return one(counts[j - 1] if j <= len(counts) else 0)


def _nth_miss(b: Instances, j: int) -> Array:
    found, printed = of(b).cosines, PRINTED[NAMES[scalar(b, "code")]]
    return one(real(found[j - 1] - printed[j - 1]))


def _numbered(
    name: str, meaning: str, measure: Callable[[Instances, int], Array], most: int, signed: bool = False
) -> dict[int, Any]:
    kind = {"real": True} if signed else {"nonnegative": True}
    return {
        j: quantity(f"{name}_{j}", meaning.format(j=j), log=None, native=False, **kind)(_at(measure, j))
        for j in range(1, most + 1)
    }


def _at(measure: Callable[[Instances, int], Array], j: int) -> Callable[[Instances], Array]:
    return lambda b: measure(b, j)


cosine = _numbered(
    "codes_cosine", "the cosine number {j} of the code, the largest first", _nth_cosine, MOST, signed=True
)
seen = _numbered(
    "codes_seen", "number of points at the cosine number {j}, seen from a point", _nth_count, MOST
)
miss = _numbered(
    "codes_miss",
    "cosine number {j} of the code minus the printed one, computed in their number field",
    _nth_miss,
    MOST - 1,
    signed=True,
)


@quantity("codes_cosine_at", "the j-th largest cosine of the code", real=True)
def cosine_at(b: Instances) -> Array:
    return _nth_cosine(b, scalar(b, "j"))


@quantity("codes_seen_at", "number of points at the j-th largest cosine")
def seen_at(b: Instances) -> Array:
    return _nth_count(b, scalar(b, "j"))


@quantity(
    "codes_polygon_miss",
    "the j-th largest cosine of the k-gon minus cos(2 pi j/k), in their field",
    real=True,
)
def polygon_miss(b: Instances) -> Array:
    k, j = scalar(b, "k"), scalar(b, "j")
    return one(real(of(b).cosines[j - 1] - turn(k, j)))


@cache
def turn(k: int, j: int) -> Algebraic:
    """cos(2 pi j/k) in Q(2 cos(2 pi/4k)), by the recurrence of the Chebyshev polynomials."""
    ring = cosine_ring(4 * k)
    step = Algebraic.make(ring, [0, 1])
    before, here = Algebraic.make(ring, [2]), step
    for _ in range(4 * j - 1):
        before, here = here, step * here - before
    return here / 2 if j else before / 2


@quantity(
    "codes_isometric", "1 if the code is isometric to the construction named by the scalar like, else 0"
)
def like(b: Instances) -> Array:
    return one(int(_isometric(scalar(b, "code"), scalar(b, "like"))))


@cache
def _isometric(a: int, b: int) -> bool:
    """Float maps suffice where the cosines of both codes are the same few numbers far apart: an image within
    1e-5 of the other code has the same cosines exactly.
    """
    return a == b or isometric(construct(NAMES[a]).points, construct(NAMES[b]).points)


@quantity(
    "codes_schlaefli", "1 if the isotropic code for q = 2 is isometric to the Schlaefli configuration, else 0"
)
def schlaefli(_b: Instances) -> Array:
    return one(int(_isometric(number("isotropic-2"), number("schlaefli"))))
