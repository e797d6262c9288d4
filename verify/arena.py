"""What a statement ranges over: scalars in boxes, exact points, or memory sets with queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

PATTERN_FAMILIES = (
    "sphere",
    "gaussian",
    "binary",
    "orthonormal",
    "antipodal",
    "simplex",
    "circle",
    "line",
    "unequal",
    "clusters",
    "low_rank",
    "duplicates",
    "hull",
    "code",
)
"""Families of memory sets that the common grid draws from (see :mod:`simulations.ensembles`)."""

EQUAL_NORM_FAMILIES = ("sphere", "binary", "orthonormal", "antipodal", "simplex", "circle", "code")

QUERY_KINDS: Mapping[str, tuple[str, ...]] = {
    "ball": ("pattern", "noise", "towards_nearest", "towards_rival", "along_rival", "away", "shell"),
    "free": (
        "pattern",
        "noise",
        "towards_nearest",
        "towards_rival",
        "along_rival",
        "away",
        "hull",
        "midpoint",
        "origin",
        "far",
        "shell",
    ),
    "hull": ("hull",),
    "pattern": ("pattern",),
}

BETA_M2 = (
    *(1e-6, 1e-3, 1e-2, 0.1, 0.25, 0.5, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 8.0, 10.0, 16.0),
    *(20.0, 32.0, 40.0, 50.0, 64.0, 80.0, 100.0, 200.0, 1e3),
)
"""Values of beta m^2 on the common grid: from no memory at all to far below double resolution."""


@dataclass(frozen=True, slots=True)
class Param:
    """A scalar with its range; ``log`` spreads draws evenly in the logarithm (``low`` must be positive)."""

    symbol: Any
    low: float
    high: float
    log: bool = False
    integer: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """Scalars ranging over a box.  ``proof`` gives the exact box (SymPy numbers) for a proof, if narrower."""

    params: tuple[Param, ...]
    proof: Mapping[Any, tuple[Any, Any]] | None = None


@dataclass(frozen=True, slots=True)
class Points:
    """A finite list of exact points; every one is decided in exact or ball arithmetic."""

    points: tuple[Mapping[Any, Any], ...]


@dataclass(frozen=True, slots=True)
class Patterns:
    """Memory sets, a query, an inverse temperature, a target memory, and further scalars.

    ``query``: ``ball`` draws within ``radius`` (an expression; default: half the smallest distance) of the
    target, ``hull`` in the convex hull of the memories, ``pattern`` at the target, ``free`` anywhere.
    ``sizes`` overrides the (d, M) pairs of the common grid, ``more`` multiplies the instances of each: for
    violations that are rare among instances that are cheap.  ``clustered`` makes the first ``l`` memories a
    cluster.
    """

    model: str = "dense"
    norms: Literal["free", "equal"] = "free"
    query: Literal["ball", "free", "hull", "pattern"] = "free"
    radius: Any = None
    params: tuple[Param, ...] = ()
    families: tuple[str, ...] = ()
    beta_m2: tuple[float, ...] = BETA_M2
    sizes: tuple[tuple[int, int], ...] = ()
    min_memories: int = 1
    more: int = 1
    clustered: bool = False
    max_size: int = 10**9
    search: bool = True


Arena = Box | Points | Patterns

SMALL_SIZES = ((1, 1), (1, 2), (1, 3), (2, 2), (2, 3), (2, 5), (3, 2), (3, 4), (3, 8))
MIDDLE_SIZES = ((4, 5), (5, 10), (8, 16), (10, 20), (12, 3), (16, 50), (20, 64))
LARGE_SIZES = ((32, 100), (50, 20), (64, 256), (75, 16), (128, 300), (20, 1000), (5, 3000))


def sizes(arena: Patterns, profile: str) -> tuple[tuple[int, int], ...]:
    """The (d, M) pairs that a profile visits, small ones first: low dimension is where claims break."""
    if arena.sizes:
        chosen = arena.sizes
    else:
        chosen = SMALL_SIZES + MIDDLE_SIZES
        if profile != "quick":
            chosen += LARGE_SIZES[:4]
        if profile == "full":
            chosen += LARGE_SIZES[4:]
    return tuple((d, n) for d, n in chosen if n >= arena.min_memories and d * n <= arena.max_size)
