"""Kissing numbers: constructed configurations against the table, and proved upper bounds against it."""

from __future__ import annotations

from functools import cache

from sympy import Eq, Ge, Le, Symbol

from bounds.exact import Real
from bounds.packing.certificate import levenshtein_size
from simulations.codes import construction
from verify import certified
from verify.arena import Points
from verify.code_profiles import one, scalar
from verify.instances import Array, Instances
from verify.statement import Control, Hypothesis, Inequality, Part, Source, Statement
from verify.vocabulary import quantity

BUILT = {
    3: "icosahedron", 4: "24-cell", 5: "D5", 6: "E6", 7: "E7", 8: "E8", 9: "P9a", 12: "P12a", 16: "barnes-wall",
    19: "new-signs-19", 20: "new-signs-20", 21: "new-signs-21", 23: "lambda-23", 24: "leech",
}  # fmt: skip
"""Constructions of kissing configurations; dimensions 1 and 2 are a pair of points and the hexagon."""

LOWER = {
    5: 40,
    6: 72,
    9: 306,
    11: 604,
    12: 840,
    15: 2564,
    17: 5730,
    19: 11948,
    20: 19448,
    21: 29768,
    23: 93150,
}
UPPER = {
    5: 44, 6: 78, 7: 134, 9: 364, 10: 554, 11: 870, 12: 1357, 13: 2069, 14: 3183, 15: 4866, 16: 7355, 17: 11072,
    18: 16572, 19: 24812, 20: 36764, 21: 54584, 22: 82340, 23: 124416,
}  # fmt: skip
"""Upper bounds of the table; of two printed values the larger."""
EXACT = {1: 2, 2: 6, 3: 12, 4: 24, 8: 240, 24: 196560}


@cache
def _built(n: int) -> int:
    """The number of points of a code that was built with max cosine at most 1/2.

    Its coordinates are exact, and the max cosine is taken over all pairs, or over one point of each orbit of checked
    symmetries.  A code is extended to one dimension more for nothing, so smaller dimensions count.
    """
    if n <= 2:
        return {1: 2, 2: 6}[n]
    size = _built(n - 1)
    if n in BUILT:
        exact = construction(BUILT[n]).build()
        if 2 * exact.enclosure()[1] > 1:
            raise ArithmeticError(f"the construction {BUILT[n]} is no kissing configuration")
        size = max(size, len(exact.vectors))
    return size


@cache
def _proved(n: int) -> int:
    """A proved upper bound on the kissing number: Levenshtein's, or a three-point bound in dimensions 3 and 4."""
    if n == 1:
        return 2
    bound = levenshtein_size(n, "1/2")
    return min(bound, certified.certificate(f"kissing-{n}")["size"]) if n in (3, 4) else bound


@quantity("codes_kissing_built", "points of a kissing configuration that was built")
def built(b: Instances) -> Array:
    return one(_built(scalar(b, "n")))


@quantity("codes_kissing_proved", "best proved upper bound on the kissing number")
def proved(b: Instances) -> Array:
    return one(_proved(scalar(b, "n")))


@quantity("codes_kissing", "kissing number, from a built configuration to the best proved bound")
def kissing(b: Instances) -> Array:
    n = scalar(b, "n")
    return one(Real.between(_built(n), _proved(n)))


n, lower, upper, exact = (Symbol(name, nonnegative=True) for name in ("n", "lower", "upper", "exact"))
KNOWN, FROM_BELOW, FROM_ABOVE = (
    "exact values",
    "lower bounds that were not built",
    "upper bounds (the proved interval)",
)
CONSISTENT = ("no lower bound exceeds a proved upper one", "no upper bound is below what was built")
BY_CODES = "lower bounds that were built"
_UNBUILT = (n - 11) * (n - 15) * (n - 17)

TABLE = Inequality(
    id="kissing.table",
    title="Kissing numbers",
    source=Source(
        "splag", "Table 1.5; arXiv 1608.07270, 2411.04916, 2603.10425, 2606.10402; OEIS A001116, A257479"
    ),
    provenance="secondary",
    printed=r"A(n,\tfrac12)=2,6,12,24,240,196560\ (n=1,2,3,4,8,24);\quad 40..44,\ 72..78,\ 306..363/364,\ 604..868/870,\ "
    r"840..1355/1357,\ \dots",
    arena=Points(
        tuple(
            {
                "n": m,
                "exact": EXACT.get(m, 0),
                "lower": LOWER.get(m, EXACT.get(m, 0)),
                "upper": UPPER.get(m, EXACT.get(m, 0)),
            }
            for m in range(1, 25)
        )
    ),
    parts=(
        Part(KNOWN, Eq(kissing, exact), given=(Hypothesis(Ge(exact, 1)),)),
        Part(BY_CODES, Ge(built, lower), given=(Hypothesis(Ge(lower, 1)), Hypothesis(Ge(_UNBUILT**2, 1)))),
        Part(CONSISTENT[0], Le(lower, proved), sampled=1),
        Part(CONSISTENT[1], Ge(upper, built), given=(Hypothesis(Ge(upper, 1)),), sampled=1),
        Part(
            FROM_BELOW,
            Ge(kissing, lower),
            given=(Hypothesis(Ge(lower, 1)), Hypothesis(Eq(_UNBUILT, 0))),
            headline=False,
        ),
        Part(FROM_ABOVE, Le(kissing, upper), given=(Hypothesis(Ge(upper, 1)),), headline=False),
    ),
    controls=(
        Control("a kissing number one larger", Eq(kissing, exact + 1), KNOWN),
        Control("one point more than was built", Ge(built, lower + 1), BY_CODES),
        Control("a lower bound of half a million more", Le(lower + 500_000, proved), CONSISTENT[0]),
        Control("an upper bound of a tenth", Ge(upper / 10, built), CONSISTENT[1]),
        Control("an upper bound below what was built", Le(kissing, upper / 2), FROM_ABOVE),
    ),
    related=("bv2008.sdp", "dgs1977.kissing", "code.leech", "dlm2024.cell24"),
    notices=(
        "Proved here: the six exact values, and the lower bounds of dimensions 5, 6, 9, 12, 19, 20, 21 and 23 by configurations with exact "
        "coordinates.  Open here: the lower bounds 604, 2564 and 5730 (dimensions 11, 15, 17), which are not constructed, and the "
        "upper bounds of the table, which come from semidefinite programmes of high degree (linear programming leaves 46 for 44, 82 for 78, 140 "
        "for 134 and so on, see dgs1977.kissing).  No number of the table is contradicted.",
        "Of two printed upper bounds the larger is tested.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (TABLE,)
