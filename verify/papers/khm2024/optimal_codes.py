"""Do optimal spherical codes minimise the crosstalk?  Lemma 2.2 in its readings.

J. Y.-C. Hu, D. Wu, H. Liu, arXiv 2410.23126, Lemma 2.2.

Five points in R^3.  Unit vectors with pairwise products at most 0 split into mutually orthogonal parts, each
either independent or with one positive dependency; five vectors in R^3 need two dependencies, so one part is
an antipodal pair, orthogonal to the three others.  A pole sees them at 90 degrees and its opposite at 180: every
optimal code of five points has a memory with X = 3 exp(-beta) + exp(-2 beta).
"""

from __future__ import annotations

from typing import Any

from sympy import Ge, Gt, Le, Lt, Rational, Symbol, exp, log

from bounds.exact import Real
from verify.arena import Patterns, Points
from verify.controls import replaced, scaled
from verify.instances import Array, Instances
from verify.papers.khm2024 import crosstalk, rivals
from verify.papers.khm2024.crosstalk import PAPER, SEPARATED_B, best_gap, gap, heat_of, one, whole
from verify.statement import Control, Hypothesis, Inequality, Part, Source, Statement
from verify.vocabulary import beta, m, quantity

n, size, b, start = (Symbol(name, positive=True) for name in ("n", "size", "b", "start"))
"""Dimension, number of points, inverse temperature, and a temperature from which on something is claimed."""

LEMMA = "arXiv 2410.23126, Lemma 2.2 (gist)"


# -- the separation criterion -----------------------------------------------------------------------------------

HEAT = beta * m**2
OPTIMAL_B = SEPARATED_B.subs(gap, best_gap)

SEPARATION = Inequality(
    id="hu2024.lemma2.2.sep",
    title="Optimal code maximises capacity (separation criterion)",
    source=Source(PAPER, f"{LEMMA}, storage judged by hu2024.sep.b"),
    provenance="secondary",
    printed=r"\exists\,Y:\ \Delta_\mu\ge\tfrac1\beta\ln\tfrac{2(M-1)}{R_\Phi}\ \forall\mu\ \Rightarrow\ "
    r"\text{an optimal spherical code of }M\text{ points satisfies it too}",
    arena=Patterns(
        query="pattern",
        norms="equal",
        min_memories=2,
        families=("sphere", "code", "simplex", "circle", "orthonormal", "antipodal", "clusters"),
        beta_m2=(0.1, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 16.0, 32.0, 100.0, 1e3, 1e4, 1e6),
        sizes=((2, 3), (2, 17), (5, 10), (6, 7), (8, 16)),
    ),
    hypotheses=(
        Hypothesis(Gt(gap, 0), "distinct features"),
        Hypothesis(Ge(HEAT * gap, SEPARATED_B), "hu2024.sep.b for all mu"),
    ),
    parts=(
        Part("the optimal code satisfies it", Ge(HEAT * best_gap, OPTIMAL_B)),
        Part("from the smallest beta on", Le(OPTIMAL_B / best_gap, SEPARATED_B / gap)),
    ),
    controls=(
        replaced(best_gap, best_gap / 2, part="the optimal code satisfies it"),
        replaced(SEPARATED_B, SEPARATED_B / 2, part="from the smallest beta on"),
    ),
    related=("hu2024.sep.b", "hu2024.lemma2.2.crosstalk"),
    notices=(
        "R_Phi = sqrt(Delta_min/2) for unit features, so the criterion is one on Delta_min alone, easier for larger ones.",
        "Sizes are those at which the optimal separation is known exactly: up to 2 d points, and polygons.",
    ),
)


# -- the crosstalk criterion ------------------------------------------------------------------------------------


def optimal_crosstalk(dimension: int, count: int, heat: Any) -> Real:
    """The largest crosstalk of the optimal codes of that many points; the least one if there are several."""
    one_over_e = (-Real(heat)).exp()
    if (dimension, count) == (3, 5):
        return 3 * one_over_e + one_over_e**2
    if (dimension, count) == (3, 8):  # the square antiprism, unique
        high = 1 / (1 + 2 * Real(2).sqrt())
        ring, across = 1 - high, (1 - high) / Real(2).sqrt()
        seen = ((high, 2), (high - ring, 1), (across - high, 2), (-across - high, 2))
        return crosstalk.crosstalk_of(seen, heat)
    return crosstalk.crosstalk_of(
        crosstalk.seen_from_a_point(crosstalk.universal_name(dimension, count)), heat
    )


@quantity("storage_optimal_crosstalk", "largest crosstalk of the optimal code (smallest among optimal codes)")
def code_crosstalk(batch: Instances) -> Array:
    return one(optimal_crosstalk(whole(batch, "n"), whole(batch, "size"), heat_of(batch)))


def _rival(batch: Instances) -> tuple[Real, Real]:
    heat = heat_of(batch)
    return rivals.measured(rivals.rival(whole(batch, "n"), whole(batch, "size"), heat), heat)


@quantity("storage_rival_crosstalk", "largest crosstalk of a code found by descent")
def rival_crosstalk(batch: Instances) -> Array:
    return one(_rival(batch)[0])


@quantity(
    "storage_minimiser_cosine", "max cosine of the better of a code found by descent and the optimal code"
)
def minimiser_cosine(batch: Instances) -> Array:
    dimension, count = whole(batch, "n"), whole(batch, "size")
    worst, cosine = _rival(batch)
    optimal = optimal_crosstalk(dimension, count, heat_of(batch))
    return one(cosine if worst.upper() < optimal.lower() else crosstalk.best_cosine(dimension, count))


@quantity("storage_best_cosine", "s*(n, size), the least possible max cosine")
def best_cosine(batch: Instances) -> Array:
    return one(crosstalk.best_cosine(whole(batch, "n"), whole(batch, "size")))


CODES = ((2, 5), (3, 4), (3, 5), (3, 6), (3, 8), (3, 12), (4, 8))
BETAS = ("1/2", 1, 3, 10, 100)

CROSSTALK = Inequality(
    id="hu2024.lemma2.2.crosstalk",
    title="Optimal code maximises capacity (softmax weight criterion, finite beta)",
    source=Source(PAPER, f"{LEMMA}, storage judged by S-cross"),
    provenance="secondary",
    printed=r"\max_\mu X_\mu(Y^*)\le\max_\mu X_\mu(Y)\quad\forall Y,\ \forall\beta,\qquad "
    r"X_\mu=\sum_{\nu\ne\mu}e^{-\beta(1-\langle y_\mu,y_\nu\rangle)}",
    arena=Points(
        (
            *({"n": k, "size": count, "b": heat} for k, count in CODES for heat in BETAS),
            {"n": 3, "size": 5, "b": "47/40"},
        )
    ),
    parts=(
        Part("no code has a smaller worst crosstalk", Le(code_crosstalk, rival_crosstalk)),
        Part(
            "what another code stores the optimal code stores",
            Le(code_crosstalk, 1),
            given=(Hypothesis(Le(rival_crosstalk, 1), "X_mu <= 1 for all points of the other code"),),
        ),
    ),
    controls=(
        scaled("1/4"),
        Control(
            "half of X_mu <= 1", Le(2 * code_crosstalk, 1), "what another code stores the optimal code stores"
        ),
    ),
    related=("restated.d5.universal", "hu2024.lemma2.2.limit", "hu2024.lemma2.2.eventually"),
    notices=(
        "The optimal code is given the benefit of the doubt: where several are optimal, the smallest of their worst "
        "crosstalks is taken.",
        "Every optimal code of five points in R^3 has an antipodal pair orthogonal to the three others, and thus a "
        "memory with X = 3 exp(-beta) + exp(-2 beta); a square pyramid has less.  The square antiprism (3, 8) is beaten by "
        "antiprisms of other heights.  The rivals are found by descent and compared in ball arithmetic.",
        "The smallest beta with X_mu <= 1 for five points is 1.1948 for the optimal codes, and smaller for a square pyramid: "
        "the second part fails in between, at beta = 47/40.",
        "Polygons, simplices, cross-polytopes and the icosahedron are not beaten (restated.d5.universal).",
    ),
)

SHIFT = log(size - 1) / b

LIMIT = Inequality(
    id="hu2024.lemma2.2.limit",
    title="Optimal code in the limit beta -> infinity",
    source=Source(PAPER, "arXiv 2410.23126, Lemma 2.2 read in the low-temperature limit"),
    provenance="secondary",
    printed=r"Y_\beta\in\arg\min_Y\max_\mu X_\mu\ \Rightarrow\ s_{\max}(Y_\beta)\to s^*(D,M)\quad(\beta\to\infty)",
    arena=Points(
        tuple(
            {"n": k, "size": count, "b": heat}
            for k, count in ((3, 5), (3, 6), (3, 8), (3, 12), (4, 8))
            for heat in (1, 3, 10, 100, 1000)
        )
    ),
    parts=(
        Part("within log(M - 1)/beta of the optimal cosine", Le(minimiser_cosine - best_cosine, SHIFT)),
        Part("and not below it", Le(best_cosine, minimiser_cosine)),
        Part(
            "every better code is that close: X of the optimal one",
            Le(code_crosstalk, (size - 1) * exp(-b * (1 - best_cosine))),
        ),
        Part(
            "every better code is that close: X of the other",
            Le(exp(-b * (1 - minimiser_cosine)), rival_crosstalk),
            given=(Hypothesis(Lt(rival_crosstalk, code_crosstalk), "a better code was found"),),
        ),
    ),
    controls=(
        scaled("1/20", "within log(M - 1)/beta of the optimal cosine"),
        scaled("1/2", "every better code is that close: X of the optimal one"),
        scaled("1/10", "every better code is that close: X of the other"),
    ),
    related=("hu2024.lemma2.2.crosstalk", "hu2024.lemma2.2.eventually"),
    notices=(
        "exp(-beta (1 - s_max)) <= max X for every code, and the optimal code has max X <= (M - 1) exp(-beta (1 - s*)): a "
        "minimiser has s_max <= s* + log(M - 1)/beta.  The parts are the two inequalities and their consequence for "
        "the best code found; the bound holds for every D, M and tends to s*.",
    ),
)


# -- from some beta on ------------------------------------------------------------------------------------------


@quantity(
    "storage_pyramid_crosstalk", "e^beta times X of square pyramids, an upper bound for all beta >= start"
)
def pyramid_crosstalk(batch: Instances) -> Array:
    """Apex (0, 0, 1), base at height -h with h = 1/(2 beta), all beta >= ``start`` at once.

    Apex: 4 exp(-1/2).  Base: exp(-1/2) + 2 exp(beta h^2) + exp(-beta (1 - 2 h^2)); the last two fall in beta.
    """
    first = Real(batch.scalars["start"][0].fraction)
    apex = 4 * (-Real(1) / 2).exp()
    base = (-Real(1) / 2).exp() + 2 * (1 / (4 * first)).exp() + (1 / (2 * first) - first).exp()
    return one(apex if apex > base else base)


EVENTUALLY = Inequality(
    id="hu2024.lemma2.2.eventually",
    title="Optimal code from some finite beta on",
    source=Source(PAPER, "arXiv 2410.23126, Lemma 2.2 read as 'for all sufficiently large beta'"),
    provenance="secondary",
    printed=r"\exists\,\beta_0(D,M)<\infty\ \forall\beta\ge\beta_0:\ \text{some minimiser of }\max_\mu X_\mu\text{ is an optimal code}",
    arena=Points(tuple({"start": k} for k in (3, 10, 100, 10**6))),
    parts=(
        Part(
            "five points in R^3: some pyramid at some beta >= start has at least the crosstalk of the optimal codes",
            Le(3, pyramid_crosstalk),
        ),
    ),
    controls=(Control("at most 2.5", Lt(Rational(5, 2), pyramid_crosstalk - 1)),),
    related=("hu2024.lemma2.2.crosstalk", "hu2024.lemma2.2.limit"),
    notices=(
        "D = 3, M = 5.  Every optimal code has max X >= 3 exp(-beta) + exp(-2 beta).  The square pyramid with its base at "
        "height -1/(2 beta) is not optimal (its base has cosine 1/(4 beta^2) > 0) and has max X below 2.85 exp(-beta) for "
        "every beta >= 3.  One ball covers all these beta: no beta_0 exists.",
        "The minimisers still tend to an optimal code (hu2024.lemma2.2.limit), with s_max - s* of order 1/beta^2 here.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (SEPARATION, CROSSTALK, LIMIT, EVENTUALLY)
