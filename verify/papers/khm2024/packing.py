"""The largest separation of M unit features in dimension D.

J. Y.-C. Hu, D. Wu, H. Liu, NeurIPS 2024, arXiv 2410.23126, Proposition 3.1; a statement of this project beside it.
Delta*(D, M) = 1 - s*(D, M) is a proven value where the literature has one, and an interval between certified
bounds elsewhere: a comparison that the interval does not decide stays undecided.
"""

from __future__ import annotations

from sympy import E, Ge, Integer, Le, Lt, Rational, Symbol, gamma, pi, sqrt

from simulations.codes.known import known
from verify.arena import Points
from verify.controls import scaled
from verify.instances import Array, Instances
from verify.papers.splag.optima import (
    one,
    optimal_cosine,
    whole,
)
from verify.statement import Control, Hypothesis, Inequality, Part, Source, Statement
from verify.vocabulary import M, quantity

D = Symbol("D", positive=True)
PROP = "Proposition 3.1 (formula as in the authors' published implementation)"
CAPTION = "caption of the figure for Proposition 3.1, D = 3"
RELATED = "a related statement of this project"


def cited(where: str) -> Source:
    """A place in the paper."""
    return Source("khm2024", f"arXiv 2410.23126, {where}")


# -- the largest separation -----------------------------------------------------------------------------


@quantity("volume_separation", "largest possible minimal separation of M unit vectors in dimension D")
def best(b: Instances) -> Array:
    return one(1 - optimal_cosine(whole(b, "D"), whole(b, "M")))


@quantity("volume_separation_next", "the same for M + 1 unit vectors")
def best_next(b: Instances) -> Array:
    return one(1 - optimal_cosine(whole(b, "D"), whole(b, "M") + 1))


@quantity("volume_separation_far", "the same for 4 M unit vectors")
def best_far(b: Instances) -> Array:
    return one(1 - optimal_cosine(whole(b, "D"), 4 * whole(b, "M")))


def _grid() -> tuple[dict[str, int], ...]:
    """All M at small D, the table, and a coarse grid of large D and M."""
    pairs = {(2, m) for m in (*range(2, 14), 16, 24, 25, 32, 64, 100, 128, 1024, 4096)}
    pairs |= {(3, m) for m in (*range(2, 15), 24, 512, 4096)} | {(3, m) for n, m in known() if n == 3}
    pairs |= {pair for pair, row in known().items() if row.kind == "optimal"}
    large = (2, 8, 25, 128, 4096)
    pairs |= {(n, m) for n in (4, 5, 8, 16, 24, 32, 64, 128, 256) for m in large}
    return tuple({"D": n, "M": m} for n, m in sorted(pairs))


GRID = _grid()
"""Grid of Proposition 3.1, smallest dimension and size first."""

LOWER = (sqrt(pi) / M * gamma((D + 1) / 2) / gamma(D / 2 + 1)) ** (2 / (D - 1)) / 2
UPPER = 2 * (2 * sqrt(pi) / M * gamma((D + 1) / 2) / gamma(D / 2)) ** (1 / (D - 1))
PREFACTOR = 2 * sqrt(pi) * gamma((D + 1) / 2) / gamma(D / 2)
Q = (PREFACTOR / M) ** (2 / (D - 1))
SIDE = Hypothesis(
    Ge(M, sqrt(2 * pi * sqrt(E * D))), "side condition of the softmax-code bound", in_text_only=True
)
ENCLOSED = "Where no optimal value is proven, the largest separation is enclosed by certified packing bounds."

PROP_LOWER = Inequality(
    id="hu2024.prop3.1.lower",
    title="Lower bound on the maximal separation",
    source=cited(PROP),
    provenance="secondary",
    printed=r"\frac12\Big[\frac{\sqrt\pi}{M}\frac{\Gamma(\frac{D+1}2)}{\Gamma(\frac D2+1)}\Big]^{\frac2{D-1}}"
    r"\le\max\Delta_{\min}^\Phi",
    arena=Points(GRID),
    hypotheses=(Hypothesis(Ge(D, 2)), Hypothesis(Ge(M, 2)), SIDE),
    parts=(Part("lower bound", Le(LOWER, best)),),
    controls=(scaled("1/8"), Control("the volume bound from above as one from below", Le(2 * Q, best))),
    related=("hu2024.prop3.1.upper", "restated.d11.two-sided", "cap.covering"),
    notices=(
        ENCLOSED,
        "The side condition belongs to a related bound; the second reading has it as a condition.",
        "The bound is that of restated.d11.two-sided divided by D^(2/(D-1)): within a factor of about 16 of the "
        "truth at D = 2, and of 11 at D = 3.",
    ),
)

PROP_UPPER = Inequality(
    id="hu2024.prop3.1.upper",
    title="Upper bound on the maximal separation",
    source=cited(PROP),
    provenance="secondary",
    printed=r"\max\Delta_{\min}^\Phi\le2\Big[\frac{2\sqrt\pi}{M}\frac{\Gamma(\frac{D+1}2)}{\Gamma(\frac D2)}\Big]"
    r"^{\frac1{D-1}}",
    arena=Points(GRID),
    hypotheses=(Hypothesis(Ge(D, 2)), Hypothesis(Ge(M, 2)), SIDE),
    parts=(
        Part("upper bound", Le(best, UPPER), trivial=Integer(2)),
        Part("against the average of all pairs", Le(best, UPPER), trivial=M / (M - 1), headline=False),
    ),
    controls=(scaled("1/2"), Control("cubed", Le(best, UPPER**3 / 4))),
    related=("hu2024.prop3.1.lower", "restated.d11.two-sided", "cap.packing"),
    notices=(
        ENCLOSED,
        "With Q of restated.d11.two-sided the bound is 2 sqrt(Q): it exceeds the volume bound 2 Q by 1/sqrt(Q), "
        "so it has half of the rate in M, and it is above 2, which every separation satisfies, up to M = "
        "2 sqrt(pi) Gamma((D+1)/2)/Gamma(D/2).  M vectors have a pair with separation at most M/(M-1) in any dimension.",
    ),
)

TWO_SIDED = Inequality(
    id="restated.d11.two-sided",
    title="Two-sided bound on the maximal separation",
    source=Source("khm2024", RELATED),
    provenance="derived",
    printed=r"\tfrac12Q\le\Delta^*(D,M)\le2Q,\quad Q=\Big[\frac{2\sqrt\pi\,\Gamma(\frac{D+1}2)}{M\,\Gamma(\frac D2)}\Big]"
    r"^{\frac2{D-1}}",
    arena=Points(GRID),
    hypotheses=(Hypothesis(Ge(D, 2)), Hypothesis(Ge(M, 2))),
    parts=(
        Part("lower bound", Le(Q / 2, best)),
        Part("upper bound", Le(best, 2 * Q), trivial=Integer(2)),
    ),
    controls=(
        scaled("1/4", part="lower bound"),
        scaled("3/4", part="upper bound"),
        Control("four times the lower bound", Le(2 * Q, best), "lower bound"),
    ),
    related=("hu2024.prop3.1.lower", "hu2024.prop3.1.upper"),
    notices=(ENCLOSED,),
)

# -- three dimensions ---------------------------------------------------------------------------------------

ROWS = tuple(sorted({*range(4, 15), 24, *(m for n, m in known() if n == 3)}))


def _sizes(*counts: int) -> tuple[dict[str, int], ...]:
    return tuple({"D": 3, "M": m} for m in counts)


TIGHT_ABS = Inequality(
    id="hu2024.prop3.1.tight-abs",
    title="The bounds become tighter with M (absolute gap)",
    source=cited(f"{CAPTION}, reading 1"),
    provenance="secondary",
    printed=r"\text{upper}-\max\Delta_{\min}\to0,\quad\max\Delta_{\min}-\text{lower}\to0\quad(M\to\infty,\ D=3)",
    arena=Points(_sizes(*ROWS, *(10**k for k in (3, 4, 6, 8, 10, 12)))),
    parts=(
        Part("gap of the upper bound below a null sequence", Le(UPPER - best, 4 / sqrt(M))),
        Part("it is a gap", Ge(UPPER - best, 0)),
        Part("gap of the lower bound below a null sequence", Le(best - LOWER, 8 / M)),
        Part("it is a gap too", Ge(best - LOWER, 0)),
    ),
    controls=(
        Control("a gap of 1/M", Le(UPPER - best, 1 / M), "gap of the upper bound below a null sequence"),
        Control(
            "a gap of 1/M below", Le(best - LOWER, 1 / M), "gap of the lower bound below a null sequence"
        ),
    ),
    related=("hu2024.prop3.1.tight-monotone", "hu2024.prop3.1.tight-ratio", "restated.d11.two-sided"),
    notices=(
        "Decided by null sequences that hold at every M: separations are positive, so the upper gap is below the "
        "bound 4/sqrt(M) itself, and at most 8/M by the volume bound.  " + ENCLOSED,
        "Both the bound and the truth tend to 0, so that the gap does is no sign of tightness.",
    ),
)

TIGHT_MONOTONE = Inequality(
    id="hu2024.prop3.1.tight-monotone",
    title="The absolute gap of the upper bound decreases with every point",
    source=cited(f"{CAPTION}, read monotonically"),
    provenance="secondary",
    printed=r"(\text{upper}-\max\Delta_{\min})(M+1)<(\text{upper}-\max\Delta_{\min})(M)\quad(M\ge4,\ D=3)",
    arena=Points(_sizes(*range(4, 14))),
    hypotheses=(Hypothesis(Ge(M, 4)),),
    parts=(Part("next gap smaller", Lt(UPPER.subs(M, M + 1) - best_next, UPPER - best)),),
    controls=(Control("the gap at least halves", Lt(UPPER.subs(M, M + 1) - best_next, (UPPER - best) / 2)),),
    related=("hu2024.prop3.1.tight-abs", "hu2024.prop3.1.tight-ratio"),
    notices=("Proven optimal values only, M = 4..14.",),
)

TIGHT_RATIO = Inequality(
    id="hu2024.prop3.1.tight-ratio",
    title="The bounds become tighter with M (relative gap)",
    source=cited(f"{CAPTION}, reading 2"),
    provenance="secondary",
    printed=r"\text{upper}/\max\Delta_{\min}\ \text{bounded (decreasing) in }M\quad(D=3)",
    arena=Points(_sizes(6, 4, 24, *(10**k for k in range(2, 13)))),
    parts=(
        Part("not larger at 4 M than at M", Le(UPPER.subs(M, 4 * M) / best_far, UPPER / best)),
        Part("at most 1000", Le(UPPER / best, 1000)),
        Part("at least sqrt(M)/2", Ge(UPPER / best, sqrt(M) / 2), headline=False),
    ),
    controls=(Control("at most 1/M^(1/4)", Le(UPPER / best, M ** Rational(-1, 4))),),
    related=("hu2024.prop3.1.tight-abs", "fejestoth1943.asymptotic", "restated.d11.two-sided"),
    notices=(
        "The separation is at most 8/M (restated.d11.two-sided), so the ratio is at least sqrt(M)/2 at every M: it has "
        "no bound.  What fails at 1000 fails at every other constant for a larger M.",
    ),
)


STATEMENTS: tuple[Statement, ...] = (
    PROP_LOWER,
    PROP_UPPER,
    TIGHT_ABS,
    TIGHT_MONOTONE,
    TIGHT_RATIO,
    TWO_SIDED,
)
