"""How many random patterns the Hebb rule keeps as fixed points: most of them, all of them, from a distance.

R. J. McEliece, E. C. Posner, E. R. Rodemich and S. S. Venkatesh, "The capacity of the Hopfield associative memory",
IEEE Trans. Inf. Theory 33(4), 1987; and the exact law of one bit, of this project, beside them.

A limit is tested in two ways. The exact binomial law gives the expected number of wrong bits at sizes up to a
million, certified; simulations of the model hold the event itself against that number at sizes up to a thousand.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import sympy as sp
from sympy import Eq, Ge, Gt, Le, Max, Min, Rational, exp, floor, log, pi, sqrt

from bounds.binary_laws import decimals, hebb_bit_error, hebb_step_errors
from simulations import events_binary as events
from verify.statement import Control, Hypothesis, Part, Probability, Scaling, Source, Statement
from verify.vocabulary import M

PAPER: dict[str, Any] = {
    "key": "mceliece1987",
    "title": "The capacity of the Hopfield associative memory",
    "authors": "R. J. McEliece, E. C. Posner, E. R. Rodemich, S. S. Venkatesh",
    "year": 1987,
    "arxiv": "",
    "venue": "IEEE Trans. Inf. Theory 33(4)",
}
RELATED = "a related statement of this project"
ABSTRACT = Source("mceliece1987", "abstract")

n = sp.Symbol("n", integer=True, positive=True)
flips = sp.Symbol("flips", integer=True, nonnegative=True)
everyone = sp.Symbol("everyone", integer=True, nonnegative=True)
"""1 where all patterns are asked for, 0 where a fixed pattern is."""
wrong = sp.Symbol("wrong", nonnegative=True)
"""Expected number of wrong bits of one pattern after one step, by the exact binomial law."""
below = sp.Symbol("below", integer=True, nonnegative=True)
"""1 at loads below the claimed capacity, 0 above it."""
drawn = sp.Symbol("drawn", integer=True, nonnegative=True)
"""1 at grid points that are simulated, 0 at those for the exact law alone."""
c = sp.Symbol("c", positive=True)
"""The load in units of the claimed capacity."""

FACTORS = ("1/2", "4/5", "6/5", "2")


def grid(everyone_: int, cases: tuple[tuple[int, str, str, int, str], ...]) -> tuple[Mapping[str, Any], ...]:
    """Grid points from (n, rho, factor, drawn, profile): the load nearest to factor times the claimed capacity."""
    points = []
    for n_, rho, factor, drawn_, profile in cases:
        share, times = sp.Rational(rho), float(sp.Rational(factor))
        turned = int(share * n_)
        nominal = n_ * (1 - 2 * turned / n_) ** 2 / ((2 + 2 * everyone_) * math.log(n_))
        count = max(2, round(times * nominal))
        expected = hebb_step_errors(n_, count, turned)
        points.append(
            {
                "n": n_,
                "M": count,
                "flips": turned,
                "everyone": everyone_,
                "wrong": decimals(expected),
                # Rounding to a whole number of patterns may cross the border; the load itself decides.
                "below": int(count < nominal),
                "drawn": drawn_,
                "profile": profile,
            }
        )
    return tuple(points)


def cases(
    sizes: tuple[int, ...], rho: str = "0", large: tuple[int, ...] = (10**4, 10**6)
) -> tuple[tuple[int, str, str, int, str], ...]:
    """The factors of the grid at simulated sizes (1000 and more from the standard profile on), and large sizes."""
    simulated = tuple((s, rho, f, 1, "quick" if s < 1000 else "standard") for s in sizes for f in FACTORS)
    return simulated + tuple((s, rho, f, 0, "quick") for s in large for f in ("9/10", "1", "11/10"))


C = (2 + 2 * everyone) * M * log(n) / (n * (1 - 2 * flips / n) ** 2)
EXPECTED = M**everyone * wrong
"""Expected number of wrong bits: of a fixed pattern, or of all patterns together."""
RATE = (1 + everyone) * (1 - 1 / c)
GAUSSIAN = M**everyone * n ** (1 - (1 + everyone) / c) / sqrt(4 * pi * (1 + everyone) * log(n) / c)
"""What the Gaussian tail makes of EXPECTED for large n."""

CAPACITY: dict[str, Any] = {
    "event": events.step_fails,
    "derive": {"c": C},
    "arguments": {"N": n, "M": M, "flips": flips, "everyone": everyone},
    "bound": 1 - below * (1 - Min(1, Max(Rational(1, 20), 2 * EXPECTED))),
    # Wrong bits of one draw come in clusters, so that fewer draws have any; small numbers claim nothing.
    "lower": (1 - below) * Min(1, floor(2 * EXPECTED)) * (1 - exp(-EXPECTED / 8)),
    "informative": Gt(drawn, 0),
    "trials": 2400,
    "parts": (
        Part(
            "below the capacity the expected number of wrong bits is at most n^(1-1/c), squared for all patterns",
            Le(EXPECTED, n**RATE),
            given=(Hypothesis(Ge(below, 1), "below"),),
        ),
        Part(
            "above it at least a third of the Gaussian value, which grows without limit",
            Ge(EXPECTED, GAUSSIAN / 3),
            given=(Hypothesis(Le(below, 0), "above"), Hypothesis(Ge(n, 1000), "large n")),
        ),
        Part(
            "a tenth away from the capacity the Gaussian value within 5 %",
            Le(abs(EXPECTED / GAUSSIAN - 1), Rational(1, 20)),
            given=(Hypothesis(Ge(n, 10**6), "a million bits"),),
            headline=False,
        ),
    ),
    "controls": (
        Control(
            "four times the capacity",
            Min(1, Max(Rational(1, 20), n ** ((1 + everyone) * (1 - 4 / c)))),
            description="no failures up to four times the claimed capacity",
        ),
        Control(
            "twice the capacity",
            Le(EXPECTED, n ** ((1 + everyone) * (1 - 2 / c))),
            "below the capacity the expected number of wrong bits is at most n^(1-1/c), squared for all patterns",
        ),
        Control(
            "half the capacity above",
            1 - exp(-(n ** ((1 + everyone) * (1 - 1 / (2 * c)))) / 40),
            "lower",
            "failures from half the claimed capacity on",
        ),
    ),
}
LIMIT = (
    "A limit: declared at each size is a failure probability of at most twice the expected number of wrong bits (and "
    "1/20) below the capacity, and at least 1 - exp(-an eighth of it) above, where it reaches 1/2; that number is "
    "followed by the exact binomial law to n = 10^6, where it falls below and grows above the capacity."
)
TIES = "A field of 0 keeps the old bit."

MOST = Scaling(
    id="mceliece1987.most-patterns",
    title="Load at which most patterns are fixed points",
    source=ABSTRACT,
    provenance="primary (abstract)",
    printed=r"m\sim\frac{n}{2\log n}:\ \text{most patterns are exactly recoverable}",
    points=grid(0, cases((51, 100, 200, 500, 1000))),
    related=("restated.hebb-exact-binomial", "mceliece1987.all-patterns"),
    notices=(
        LIMIT,
        TIES,
        "The event is that a fixed pattern is no fixed point; its probability is the expected share.",
    ),
    **CAPACITY,
)

ALL = Scaling(
    id="mceliece1987.all-patterns",
    title="Load at which all patterns are fixed points",
    source=Source(
        "mceliece1987", "abstract; matching upper bound for exact storage attributed to Bovier (1999)"
    ),
    provenance="primary (abstract), secondary (Bovier)",
    printed=r"m\sim\frac{n}{4\log n}:\ \text{all patterns are exactly recoverable}",
    points=grid(1, cases((51, 100, 200, 500, 1000))),
    related=("restated.hebb-exact-binomial", "mceliece1987.most-patterns"),
    notices=(LIMIT, TIES, "The event is that some pattern of the set is no fixed point."),
    **CAPACITY,
)

RADIUS = Scaling(
    id="mceliece1987.radius",
    title="Capacities for queries at a distance",
    source=ABSTRACT,
    provenance="recalled",
    printed=r"\text{queries at distance }\rho n:\ \text{both constants times }(1-2\rho)^2",
    points=(
        *grid(
            0, cases((100, 200), "1/10") + cases((200,), "1/5", (10**6,)) + cases((500,), "3/10", (10**6,))
        ),
        *grid(1, cases((200, 1000), "1/10") + cases((500,), "1/5", (10**6,))),
    ),
    related=("mceliece1987.most-patterns", "mceliece1987.all-patterns"),
    notices=(
        LIMIT,
        "Queries are uniform on the sphere of radius rho n about the pattern (not chosen by an opponent); "
        "one synchronous step must lead to the pattern. " + TIES,
    ),
    **CAPACITY,
)

# -- the law of one bit ---------------------------------------------------------------------------------

p_bit = sp.Symbol("p_bit", nonnegative=True)
"""The printed formula, exact."""
p_tie = sp.Symbol("p_tie", nonnegative=True)
"""The probability of equality, exact, at the sizes that are enumerated."""
counted = sp.Symbol("counted", nonnegative=True)
"""Share of all pattern sets in which the model finds the bit unstable, exact; -1 where they are too many."""
counted_ties = sp.Symbol("counted_ties", nonnegative=True)
SMALL = ((2, 3), (2, 6), (3, 2), (3, 4), (4, 3), (5, 3), (4, 4), (6, 3), (12, 2))
MEASURED = (
    *((100, 14, "quick"), (51, 8, "quick"), (51, 20, "quick"), (100, 50, "quick"), (200, 20, "full")),
    *((200, 60, "standard"), (500, 100, "full"), (1000, 200, "full")),
)


def _law_points() -> tuple[Mapping[str, Any], ...]:
    points: list[Mapping[str, Any]] = []
    for size, count in SMALL:
        unstable, either = (hebb_bit_error(size, count, ties=t) for t in (False, True))
        points.append(
            {
                "n": size,
                "M": count,
                "drawn": 0,
                "p_bit": str(unstable.fraction),
                "p_tie": str((either - unstable).fraction),
                "counted": str(events.unstable_share(size, count)),
                "counted_ties": str(events.unstable_share(size, count, ties=True)),
            }
        )
    for size, count, profile in MEASURED:
        points.append(
            {
                "n": size,
                "M": count,
                "drawn": 1,
                "p_bit": decimals(hebb_bit_error(size, count)),
                "p_tie": 0,
                "counted": 0,
                "counted_ties": 0,
                "profile": profile,
            }
        )
    return tuple(points)


ENUMERATED = (Hypothesis(Le(drawn, 0), "sizes at which all pattern sets can be visited"),)
TOLERANCE = p_bit / 4 + Rational(1, 2000)

EXACT = Probability(
    id="restated.hebb-exact-binomial",
    title="Exact law of an unstable bit",
    source=Source("mceliece1987", RELATED),
    provenance="derived",
    printed=(
        r"P(\text{unstable})=P\big(\mathrm{Bin}((n-1)(P-1),\tfrac12)<\tfrac{(n-1)(P-1)-(n-1)}2\big),"
        r"\ \text{ties at equality}"
    ),
    event=events.bit_unstable,
    points=_law_points(),
    arguments={"N": n, "M": M},
    bound=p_bit + TOLERANCE,
    lower=Max(0, p_bit - TOLERANCE),
    informative=Gt(drawn, 0),
    trials=96000,
    parts=(
        Part("the share of all pattern sets, visited one by one", Eq(p_bit, counted), given=ENUMERATED),
        Part("ties likewise", Eq(p_bit + p_tie, counted_ties), given=ENUMERATED),
    ),
    controls=(
        Control(
            "ties counted as unstable",
            Eq(p_bit + p_tie, counted),
            "the share of all pattern sets, visited one by one",
        ),
        Control("half the probability", p_bit / 2, description="P(unstable) <= p_bit/2"),
    ),
    related=("mceliece1987.most-patterns", "mceliece1987.all-patterns"),
    notices=(
        "Both sides are exact rationals where all 2^(n(P-1)) sets are visited through the model; at the sizes of the "
        "grid the simulation has the tolerance p_bit/4 + 1/2000.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (MOST, ALL, RADIUS, EXACT)
