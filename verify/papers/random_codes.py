"""Laws of random spherical codes: one pair, any two pairs, and the closest of all pairs.

Textbook facts and their consequences.  At d = 2 the law of the smallest angle is elementary: M points cut the circle
into arcs that are uniform on the simplex, so that P(all arcs >= theta) = (1 - M theta/(2 pi))_+^(M - 1) (W. Feller,
"An Introduction to Probability Theory and Its Applications" II, section I.9).  Every claim on the closest pair is held
against it in ball arithmetic at M up to 10^6, and simulated at d >= 2.

Grid points have the angle theta = arccos(s) in the place of s, since s itself loses its digits near 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import sympy as sp
from flint import acb, arb
from scipy.special import betaincinv
from sympy import Abs, Eq, Ge, Gt, Le, Max, Min, Rational, acos, cos, exp, log, pi, sqrt

from bounds.exact import precision
from bounds.functions import CapArea
from simulations.events import min_angle_below
from simulations.events_random_codes import no_pair_within, pair_above, two_pairs_above
from verify.controls import scaled
from verify.statement import Control, Hypothesis, Part, Probability, Scaling, Source, Statement
from verify.vocabulary import M, d

PAPER: dict[str, Any] = {
    "key": "random_codes",
    "title": "Laws of random spherical codes",
    "authors": "Textbook facts and elementary consequences",
    "year": 1989,
    "arxiv": "",
    "venue": "collected for hopcheck",
}
AGG = (
    "Chen-Stein method (R. Arratia, L. Goldstein, L. Gordon, Two moments suffice for Poisson approximations, "
    "Ann. Probab. 17, 1989)"
)
LOWER = "lower"

theta = sp.Symbol("theta", nonnegative=True)
drawn = sp.Symbol("drawn", integer=True, nonnegative=True)
"""1 at grid points that are simulated, 0 at those for exact laws alone."""
p = CapArea(d, theta)
"""p_d(cos theta): the chance that two independent uniform points are closer than theta."""
lam = M * (M - 1) / 2 * p
"""lambda(cos theta): the expected number of pairs closer than theta."""
none_close = Max(0, 1 - M * theta / (2 * pi)) ** (M - 1)
"""The chance that M points of the circle are all at least theta apart, exact."""
CIRCLE = (Hypothesis(Eq(d, 2), "the circle, where the law is known"),)
DIGITS = Rational(1, 10**30)


def agree(a: Any, b: Any) -> Any:
    """The relation that a positive number is another one to thirty digits."""
    return Le(Abs(a / b - 1), DIGITS)


SIMULATED = {"informative": Gt(drawn, 0), "arguments": {"d": d, "M": M, "theta": theta}}


def angle_at(d_: int, M_: int, expected: float) -> str:
    """The angle below which ``expected`` pairs of M_ points in R^d_ lie on average, to ten digits.

    Raises ValueError where there are not that many pairs.
    """
    share = expected / (M_ * (M_ - 1) / 2)
    if not 0 < share < 1:
        raise ValueError(f"{expected} close pairs among {M_} points: expected fewer than all pairs")
    acute = math.asin(math.sqrt(betaincinv((d_ - 1) / 2, 0.5, 2 * min(share, 1 - share))))
    return np.format_float_positional(acute if share <= 0.5 else math.pi - acute, 10, fractional=False)


def at(d_: int, M_: int, expected: str, drawn_: int = 1, profile: str = "quick") -> Mapping[str, Any]:
    """The grid point at which the expected number of close pairs is ``expected``, to ten digits."""
    angle = angle_at(d_, M_, float(sp.Rational(expected)))
    return {"d": d_, "M": M_, "theta": angle, "drawn": drawn_, "profile": profile}


EXACT = tuple(
    at(2, n, t, 0)
    for n in (3, 20, 50, 100, 200, 1000, 10**6)
    for t in ("1/100", "1/10", "1", "2", "10")
    if float(sp.Rational(t)) < n
)
"""The grid of the circle."""
CASES = ((2, 20), (2, 100), (3, 3), (3, 20), (3, 100), (8, 20), (8, 100), (32, 50), (128, 50), (256, 20))


def simulated(
    cases: Iterable[tuple[int, int]], expected: Iterable[str], profile: str = "quick"
) -> tuple[Mapping[str, Any], ...]:
    """Grid points for simulation."""
    return tuple(at(k, n, t, 1, profile) for k, n in cases for t in expected)


# -- one pair ------------------------------------------------------------------------------------------


def tail_by_integration(d_: int, angle: str, supplement: bool = False) -> str:
    """P(angle of two points < ``angle``), or < pi - ``angle``, by integrals of sin^(d_-2); good to fifty digits."""

    def density(t: acb, _analytic: bool) -> acb:
        return t.sin() ** (d_ - 2)

    def integral(low: arb, high: arb) -> arb:
        return acb.integral(density, low, high, abs_tol=arb(2) ** -2000).real

    with precision(200):
        end = arb.pi() - arb(angle) if supplement else arb(angle)
        share = integral(arb(0), end) / integral(arb(0), arb.pi())
        if share.rel_accuracy_bits() < 170:
            raise ArithmeticError(f"the tail at d = {d_}, angle {angle} came out as {share}")
        return str(share.mid().str(52, radius=False))


s = cos(theta)
tail = sp.Symbol("tail", nonnegative=True)
"""The chance of an angle below theta, by integration."""
below = sp.Symbol("below", nonnegative=True)
"""The chance of an angle below pi - theta, that is, of an inner product above -s, by integration."""
PAIR_ERROR = p / 4 + Rational(1, 500)
BETA_TAIL = "the incomplete beta function is the integral of the density"

PAIR_LAW = Probability(
    id="rand.pair-law",
    title="Law of one inner product",
    source=Source("random_codes", "classical"),
    provenance="recalled",
    printed=r"p_d(s)=\Pr(\langle x,y\rangle>s)=\tfrac12I_{1-s^2}\big(\tfrac{d-1}2,\tfrac12\big)\ (s\ge0),"
    r"\quad p_d(-s)=1-p_d(s)",
    event=pair_above,
    points=tuple(
        {
            "d": k,
            "theta": angle,
            "tail": tail_by_integration(k, angle),
            "below": tail_by_integration(k, angle, supplement=True),
            "drawn": int(angle == "1.5" or (angle == "1.2" and k <= 16) or (angle == "0.7" and k <= 8)),
        }
        for k in (2, 3, 4, 8, 16, 64, 256)
        for angle in ("0.1", "0.7", "1.2", "1.5")
        if float(angle) > k / 160
    ),
    arguments={"d": d, "s": s},
    bound=p + PAIR_ERROR,
    lower=Max(0, p - PAIR_ERROR),
    informative=Gt(drawn, 0),
    trials=20000,
    parts=(
        Part(BETA_TAIL, agree(p, tail)),
        Part("at -s", agree(below, 1 - p)),
    ),
    controls=(
        Control("half the probability", p / 2, description="P(<x,y> > s) <= p_d(s)/2"),
        Control("the law of R^(d+1)", agree(CapArea(d + 1, theta), tail), BETA_TAIL),
        Control("the same at -s as at s", agree(below, p), "at -s"),
    ),
    related=("rand.pairwise", "conc.moments"),
    notices=(
        "s = cos(theta); p_d(s) is the normalised area of a cap of angular radius theta. The density "
        "sin(theta)^(d-2) of the angle is integrated in ball arithmetic and agrees to thirty digits; the sampled "
        "frequency, which knows no density, has the tolerance p/4 + 1/500.",
    ),
)

# -- two pairs -----------------------------------------------------------------------------------------

shared = sp.Symbol("shared", integer=True, nonnegative=True)
"""Number of points that the two pairs have in common."""
JOINT_ERROR = p**2 / 10 + Rational(1, 400)
OVERLAP = "on the circle, from the overlap of two arcs"

PAIRWISE = Probability(
    id="rand.pairwise",
    title="Pairwise independence",
    source=Source("random_codes", "elementary"),
    provenance="derived",
    printed=r"\text{the events }\{\langle x_i,x_j\rangle>s\}\text{ for distinct pairs, including pairs with a common "
    r"point, are pairwise independent}",
    event=two_pairs_above,
    points=tuple(
        {"d": k, "theta": angle, "shared": common}
        for common in (1, 0)
        for k in (2, 3, 8)
        for angle in ("0.4510268", "1.0471976", "1.5707963", "2.0943951")
        if common or angle == "1.0471976"
    ),
    arguments={"d": d, "s": s, "shared": shared},
    bound=p**2 + JOINT_ERROR,
    lower=Max(0, p**2 - JOINT_ERROR),
    trials=40000,
    parts=(
        Part(
            OVERLAP,
            agree(theta**2 / pi**2, p**2),
            given=(*CIRCLE, Hypothesis(Le(theta, pi / 2), "arcs of at most half the circle")),
        ),
    ),
    controls=(
        Control("one event implies the other", p, LOWER, "P(both) >= p"),
        Control("half the overlap", agree(theta**2 / (2 * pi**2), p**2), OVERLAP),
    ),
    related=("rand.pair-law", "rand.chebyshev"),
    notices=(
        "Simulated: both of two pairs, with one common point and with none, against p^2, to p^2/10 + 1/400.",
        "On the circle x_1 lies within theta of x_2 and of x_3 with the mean overlap of two arcs of length 2 theta at "
        "a uniform distance phi: the integral of max(0, 2 theta - phi)/(2 pi) dphi/pi is theta^2/pi^2.",
    ),
)

# -- the closest pair ----------------------------------------------------------------------------------

EXACT_UNION = "on the circle, by the exact law"

UNION = Probability(
    id="rand.union",
    title="Union bound",
    source=Source("random_codes", "elementary"),
    provenance="derived",
    printed=r"\Pr(\max_{i<j}\langle x_i,x_j\rangle>s)\le\lambda(s)=\binom M2p_d(s)",
    event=min_angle_below,
    points=(
        *EXACT,
        *simulated(CASES, ("1/2",)),
        *simulated(((2, 20), (8, 20), (256, 20)), ("1/4",)),
        *simulated(((3, 20), (32, 20)), ("1/5",), "standard"),
        *simulated(((3, 1000), (128, 200)), ("1/2",), "full"),
    ),
    bound=lam,
    trials=12000,
    parts=(
        Part(EXACT_UNION, Le(1 - none_close, lam), given=CIRCLE, trivial=1),
        Part(
            "it is sharp: at most lambda^2/2 too much",
            Ge(1 - none_close, lam - lam**2 / 2),
            given=CIRCLE,
            headline=False,
        ),
    ),
    controls=(
        Control("half of it", lam / 2, description="P <= lambda/2"),
        Control("nine tenths of it", Le(1 - none_close, lam * Rational(9, 10)), EXACT_UNION),
    ),
    related=("rand.pair-law", "rand.chebyshev", "rand.poisson"),
    notices=(
        "The difference to equality is lambda^2/2 to first order: sampling resolves it from lambda = 1/5 on, the "
        "exact law at d = 2 everywhere. For two points both sides are the same number.",
        "At lambda >= 1 the bound says nothing.",
    ),
    **SIMULATED,
)

VARIANCE = (1 - p) / lam

CHEBYSHEV = Probability(
    id="rand.chebyshev",
    title="Second-moment bound",
    source=Source("random_codes", "elementary"),
    provenance="derived",
    printed=r"\Pr(\max_{i<j}\langle x_i,x_j\rangle\le s)\le\frac{1-p_d(s)}{\lambda(s)}",
    event=no_pair_within,
    points=(
        *EXACT,
        *simulated(CASES, ("1", "2")),
        *simulated(((2, 20), (8, 20), (256, 20)), ("10",)),
        *simulated(((3, 1000), (128, 200)), ("2",), "full"),
    ),
    bound=VARIANCE,
    parts=(Part(EXACT_UNION, Le(none_close, VARIANCE), given=CIRCLE, trivial=1),),
    controls=(
        Control("a quarter of it", VARIANCE / 4, description="P <= (1 - p)/(4 lambda)"),
        scaled("1/4", EXACT_UNION),
    ),
    related=("rand.union", "rand.pairwise"),
    notices=("At lambda <= 1 - p the bound says nothing.",),
    **SIMULATED,
)

CHEN_STEIN = Min(1, lam) * 2 * lam * (4 * M - 7) / (M * (M - 1))
CLOSE_TO_POISSON = "on the circle the exact law is as close"

POISSON = Probability(
    id="rand.poisson",
    title="Poisson approximation with explicit error",
    source=Source("random_codes", AGG),
    provenance="derived",
    printed=r"\big|\Pr(\max_{i<j}\langle x_i,x_j\rangle\le s)-e^{-\lambda}\big|"
    r"\le\min(1,\lambda)\,\frac{2\lambda(4M-7)}{M(M-1)}\le\frac{8\lambda\min(1,\lambda)}M",
    event=no_pair_within,
    points=(
        *EXACT,
        *simulated(CASES, ("1", "2")),
        *simulated(((3, 20), (8, 20), (256, 20)), ("1/2",)),
        *simulated(((8, 100), (128, 50)), ("10",)),
        *simulated(((2, 200), (3, 200), (128, 200)), ("1",), "standard"),
        *simulated(((3, 1000),), ("2",), "full"),
    ),
    bound=Min(1, exp(-lam) + CHEN_STEIN),
    lower=Max(0, exp(-lam) - CHEN_STEIN),
    parts=(
        Part(CLOSE_TO_POISSON, Le(Abs(none_close - exp(-lam)), CHEN_STEIN), given=CIRCLE, trivial=1),
        Part("the shorter form is weaker", Le(CHEN_STEIN, 8 * lam * Min(1, lam) / M)),
    ),
    controls=(
        Control("twice the rate", exp(-2 * lam) + CHEN_STEIN, description="|P - exp(-2 lambda)| <= error"),
        Control(
            "an error of order 1/M^2",
            Le(Abs(none_close - exp(-lam)), 8 * lam * Min(1, lam) / M**2),
            CLOSE_TO_POISSON,
        ),
        Control(
            "with 6 in the place of 8",
            Le(CHEN_STEIN, 6 * lam * Min(1, lam) / M),
            "the shorter form is weaker",
        ),
    ),
    related=("rand.union", "rand.exp1", "caifanjiang2013.fixed-d"),
    notices=(
        "Sampling separates the frequency from the ends of the interval at M up to some hundreds; beyond, and at small "
        "lambda, the exact law at d = 2 decides.",
    ),
    **SIMULATED,
)

RATE = 8 * lam * Min(1, lam) / M
EXACT_EXP = "on the circle the distance is at most (1 + lambda^2)/M"

EXP1 = Scaling(
    id="rand.exp1",
    title="lambda of the max cosine is asymptotically exponential",
    source=Source("random_codes", "consequence of rand.poisson"),
    provenance="derived",
    printed=r"\lambda(\max_{i<j}\langle x_i,x_j\rangle)\Rightarrow\mathrm{Exp}(1)\ (M\to\infty),"
    r"\text{ uniformly in }d",
    event=no_pair_within,
    points=(
        *(at(2, n, t, 0) for n in (50, 10**3, 10**6, 10**9) for t in ("1/10", "1/2", "1", "2", "5", "10")),
        *simulated(((2, 50), (3, 50), (8, 20), (8, 100), (32, 100), (256, 50)), ("1", "2")),
        *simulated(((3, 200), (128, 200)), ("1", "2"), "standard"),
    ),
    bound=Min(1, exp(-lam) + RATE),
    lower=Max(0, exp(-lam) - RATE),
    parts=(
        Part(
            EXACT_EXP, Le(Abs(none_close - exp(-lam)), (1 + lam**2) * exp(-lam) / M), given=CIRCLE, trivial=1
        ),
    ),
    controls=(
        Control("mean two", exp(-lam / 2) - RATE, LOWER, "P(lambda(max) > t) >= exp(-t/2) - 8 t min(1, t)/M"),
        Control(
            "a distance of order 1/M^2",
            Le(Abs(none_close - exp(-lam)), (1 + lam**2) * exp(-lam) / M**2),
            EXACT_EXP,
        ),
    ),
    related=("rand.poisson",),
    notices=(
        "A limit: declared at each size is |P(lambda(max) > t) - exp(-t)| <= 8 t min(1, t)/M, which tends to 0 for "
        "every t and does not depend on d; on the circle the exact law (1 - t/(M-1))^(M-1) is within "
        "(1 + t^2) exp(-t)/M at M up to 10^9. lambda decreases in s, so lambda(max) > t says that no pair is closer "
        "than the angle at which lambda is t.",
    ),
    **SIMULATED,
)

# -- the median ----------------------------------------------------------------------------------------

LN2 = log(2)
MEDIAN_ERROR = Max(Rational(1, 20), 8 * LN2**2 / M)
spread = sqrt(log(M) / d)
first_order = 2 * spread
slack = (log(log(M)) + 6) / (8 * log(M)) + 2 * log(M) / d
"""Relative distance of the median from 2 sqrt(ln(M)/d): the powers of z in the Gaussian tail, and its curvature."""


def expected_above(cosine: Any) -> Any:
    """lambda at a cosine."""
    return M * (M - 1) / 2 * CapArea(d, acos(cosine))


WIDE = (Hypothesis(Le(drawn, 0), "sizes of the limit"), Hypothesis(Ge(d, 1000), "ln(M)/d small"))
GRID = (Hypothesis(Gt(drawn, 0), "the grid"), Hypothesis(Ge(d, 50 * log(M)), "ln(M)/d small"))
LIMIT = tuple(
    {"d": k, "M": n, "theta": 1, "drawn": 0}
    for k, n in ((1000, 10**6), (2000, 10**7), (4000, 10**9), (10**4, 10**12))
)
"""ln(M)/d falls from 0.014 to 0.003 while M grows."""
ABOVE_LIMIT = "2 sqrt(ln(M)/d): the median is no larger, to first order"
BELOW_LIMIT = "2 sqrt(ln(M)/d): the median is no smaller, to first order"
ROOT_EXACT = "on the circle, by the exact law, within 1/M"


def median_point(d_: int, M_: int, profile: str = "quick") -> Mapping[str, Any]:
    """The grid point at which lambda is ln 2, to ten digits."""
    return {"d": d_, "M": M_, "theta": angle_at(d_, M_, math.log(2)), "drawn": 1, "profile": profile}


MEDIAN = Scaling(
    id="rand.median",
    title="Median of the max cosine",
    source=Source("random_codes", "consequence of rand.poisson"),
    provenance="derived",
    printed=r"\operatorname{med}\max\langle x_i,x_j\rangle\approx\lambda^{-1}(\ln2);\quad"
    r"\approx2\sqrt{\ln M/d}\ \text{ for }\ln M\ll d",
    event=no_pair_within,
    points=(
        *(median_point(k, 20) for k in (3, 8, 64, 256, 1024)),
        *(median_point(k, 100) for k in (3, 64)),
        median_point(8, 100, "standard"),
        *(median_point(k, 1000, "full") for k in (3, 8, 64)),
        median_point(1024, 100, "full"),
        *({**median_point(2, n), "drawn": 0} for n in (20, 100, 1000, 10**6)),
        *LIMIT,
    ),
    bound=Rational(1, 2) + MEDIAN_ERROR,
    lower=Rational(1, 2) - MEDIAN_ERROR,
    parts=(
        Part(ROOT_EXACT, Le(Abs(none_close - Rational(1, 2)), 1 / M), given=CIRCLE),
        Part(ABOVE_LIMIT, Le(expected_above((1 + slack) * first_order), Rational(1, 2)), given=WIDE),
        Part(BELOW_LIMIT, Ge(expected_above((1 - slack) * first_order), 2), given=WIDE),
        Part(
            "within a tenth of 2 sqrt(ln(M)/d) on the grid",
            Ge(expected_above(Rational(9, 10) * first_order), Rational(1, 2)),
            given=GRID,
            headline=False,
        ),
    ),
    controls=(
        Control(
            "the root of lambda = 2 ln 2", exp(-2 * LN2) + Rational(1, 20), description="P <= 1/4 + 1/20"
        ),
        Control(
            "sqrt(2 ln(M)/d)",
            Le(expected_above((1 + slack) * sqrt(2) * spread), Rational(1, 2)),
            ABOVE_LIMIT,
            "the median is sqrt(2 ln(M)/d) to first order",
        ),
        Control(
            "2 sqrt(2 ln(M)/d)",
            Ge(expected_above((1 - slack) * sqrt(2) * first_order), 2),
            BELOW_LIMIT,
            "the median is 2 sqrt(2 ln(M)/d) to first order",
        ),
    ),
    related=("rand.poisson",),
    notices=(
        "The first approximation is read as: no pair above the root with probability 1/2, to max(1/20, 8 ln(2)^2/M); on "
        "the circle, by the exact law, to 1/M at M up to 10^6.",
        "The second one is read as a limit, M to infinity and ln(M)/d to 0: the union bound and the second-moment bound "
        "enclose the median in 2 sqrt(ln(M)/d) times 1 +- ((ln ln M + 6)/(8 ln M) + 2 ln(M)/d). The correction of order "
        "ln ln M/ln M is not small at the sizes of the grid, where the median is below 0.9 times the formula at M = 20.",
    ),
    **SIMULATED,
)

STATEMENTS: tuple[Statement, ...] = (PAIR_LAW, PAIRWISE, UNION, CHEBYSHEV, POISSON, EXP1, MEDIAN)
