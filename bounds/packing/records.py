"""What is known of A(n, s) or of s*(n, N): a list of bounds, and the best certified interval."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any


@dataclass(frozen=True, slots=True)
class Bound:
    """One bound: on the number of points (``side`` upper, lower, asymptotic) or on the max cosine (lower,
    upper).

    ``value`` is an int, Fraction or Real; ``exact`` its closed form as text, or empty.  ``certificate``
    is the JSON object that proves it, None for bounds that are not certified.
    """

    name: str
    side: str
    value: Any
    certified: bool
    source: str
    certificate: dict[str, Any] | None = None
    exact: str = ""


@dataclass(frozen=True, slots=True)
class SizeBounds:
    """``lower`` <= A(n, s) <= ``upper``, both certified; ``bounds`` holds all that was computed."""

    dimension: int
    max_cosine: str
    lower: int
    upper: int
    bounds: tuple[Bound, ...]

    def with_known(self, *found: Bound) -> SizeBounds:
        """The same with more bounds, such as the sizes of codes at hand; the interval shrinks accordingly."""
        return size_bounds(self.dimension, self.max_cosine, (*self.bounds, *found))

    def best(self, side: str) -> Bound:
        """The certified bound that gave ``lower`` or ``upper``; the first of several."""
        return self.attaining(side)[0]

    def attaining(self, side: str) -> list[Bound]:
        """All certified bounds that give this end of the interval."""
        target = self.lower if side == "lower" else self.upper
        return [b for b in self.bounds if b.certified and b.side == side and b.value == target]


@dataclass(frozen=True, slots=True)
class CosineBounds:
    """``lower`` <= s*(n, N) <= ``upper``, both certified rational numbers; closed forms are in ``bounds``."""

    dimension: int
    size: int
    lower: Fraction
    upper: Fraction
    bounds: tuple[Bound, ...]

    def with_known(self, *found: Bound) -> CosineBounds:
        """The same with more bounds, such as the max cosines of codes at hand."""
        return cosine_bounds(self.dimension, self.size, (*self.bounds, *found))

    def best(self, side: str) -> Bound:
        """The certified bound that gave ``lower`` or ``upper``."""
        return self.attaining(side)[0]

    def attaining(self, side: str) -> list[Bound]:
        """All certified bounds that give this end of the interval."""
        target = self.lower if side == "lower" else self.upper
        return [b for b in self.bounds if b.certified and b.side == side and b.value == target]


def size_bounds(n: int, s: str, found: tuple[Bound, ...]) -> SizeBounds:
    """Collect bounds on A(n, s).  Raises ValueError when there is no certified upper or lower one."""
    if not {"upper", "lower"} <= {b.side for b in found if b.certified}:
        raise ValueError(f"dimension {n}, max cosine {s}: expected a pair within reach of some bound")
    upper = min(b.value for b in found if b.side == "upper" and b.certified)
    lower = max(b.value for b in found if b.side == "lower" and b.certified)
    return SizeBounds(n, s, lower, upper, found)


def cosine_bounds(n: int, size: int, found: tuple[Bound, ...]) -> CosineBounds:
    """Collect bounds on s*(n, N), at least one certified on each side."""
    lower = max(b.value for b in found if b.side == "lower" and b.certified)
    upper = min(b.value for b in found if b.side == "upper" and b.certified)
    return CosineBounds(n, size, lower, upper, found)


SOURCES = {
    "circle": "equal arcs",
    "rankin": "Rankin 1955",
    "levenshtein": "Levenshtein 1979, 1992",
    "fejes-toth": "L. Fejes Toth 1943",
    "simplex": "Coxeter 1963, Boroczky 1978",
    "caps": "disjoint caps",
    "linear-programming": "Delsarte, Goethals, Seidel 1977",
    "three-point": "Bachoc, Vallentin 2008",
    "elementary": "simplex, cross-polytope or regular polygon",
    "covering": "Gilbert 1952, Shannon 1959, Wyner 1965, with exact cap areas",
    "random": "deletion from a uniform random code, exact pair law",
    "kabatiansky-levenshtein": "Kabatiansky, Levenshtein 1978: exponent per dimension, for n -> infinity",
    "chabauty-shannon-wyner": "Chabauty 1953, Shannon 1959, Wyner 1965: leading term, for n -> infinity",
    "jenssen-joos-perkins": "Jenssen, Joos, Perkins 2018: leading term, for n -> infinity",
}
