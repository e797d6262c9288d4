"""Stored memories of the log-sum-ReLU energy: exact retrieval, and what the Gaussian kernel does instead.

B. Hoover, Z. Shi, K. Balasubramanian, D. Krotov, P. Ram, NeurIPS 2025, arXiv 2506.10801: Theorems 1 and 2 (a),
Proposition 1, and statements of this project beside them.
"""

from __future__ import annotations

from sympy import Ge, Gt, Integer, Le, Lt, Min, Rational, exp, floor, gamma, pi, sqrt
from sympy import Symbol as S

from simulations import events_lsr
from verify.arena import Param, Patterns
from verify.controls import scaled
from verify.papers.lsr2025 import quantities as q
from verify.statement import Control, Hypothesis, Inequality, Part, Probability, Source, Statement
from verify.vocabulary import M, R, d, diam

RELATED = "a related statement of this project"
SIZES = ((1, 2), (2, 2), (1, 3), (2, 3), (5, 3), (2, 10), (5, 10), (10, 10))
DISTINCT = Hypothesis(Gt(q.r2, 0), "different memories")
WITHIN_DELTA = Hypothesis(Le(q.dist2, q.share**2 * q.r2), "|x - xi_mu| <= Delta")
HALF = Hypothesis(Lt(q.share, Rational(1, 2)), "Delta < r/2")
DELTA = Param(q.share, 0.02, 0.98)

THM1 = Inequality(
    id="lsr2025.thm1",
    title="Exact retrieval by gradient descent",
    source=Source("lsr2025", "Theorem 1"),
    provenance="primary",
    printed=(
        r"\Delta\in(0,r),\ \beta=\tfrac{2}{(r-\Delta)^2},\ \|x-\xi_\mu\|\le\Delta\ \Rightarrow\ "
        r"\exists\,\eta:\ x-\eta\nabla E(x)=\xi_\mu"
    ),
    arena=Patterns(sizes=SIZES, query="ball", radius=2 * q.share * R, params=(DELTA,), min_memories=2),
    hypotheses=(DISTINCT, WITHIN_DELTA),
    parts=(
        Part("one suitable step ends at the memory", Le(q.miss2, 0), scale=q.r2),
        Part(
            "one suitable step ends at the memory, for Delta < r/2",
            Le(q.miss2, 0),
            scale=q.r2,
            given=(HALF,),
            headline=False,
        ),
    ),
    controls=(
        Control("larger supports, rho = r + Delta", Le(q.miss2_wide, 0)),
        Control(
            "larger supports, rho = r + Delta, for Delta < r/2",
            Le(q.miss2_wide, 0),
            "one suitable step ends at the memory, for Delta < r/2",
        ),
    ),
    related=("restated.lsr-exact-retrieval",),
    notices=(
        "The direction of the gradient does not depend on eps; the size of the step is left free.",
        "For Delta > r/2 the radius rho = r - Delta is below Delta: x may lie outside the support of its memory.",
    ),
)

RHO_SHARE = q.share
EXACT_RETRIEVAL = Inequality(
    id="restated.lsr-exact-retrieval",
    title="One step of known size retrieves exactly",
    source=Source("lsr2025", RELATED),
    provenance="derived",
    printed=(
        r"\|x-\xi_\mu\|<\min(\rho,r-\rho)\ \Rightarrow\ x-\eta\nabla E(x)=\xi_\mu,\quad "
        r"\eta=\epsilon+\mathrm{relu}(1-\tfrac\beta2\|x-\xi_\mu\|^2)"
    ),
    arena=Patterns(
        sizes=SIZES,
        query="ball",
        radius=2 * R * Min(RHO_SHARE, 1 - RHO_SHARE),
        params=(DELTA, Param(q.eps, 0.0, 1.0)),
        min_memories=2,
    ),
    hypotheses=(
        DISTINCT,
        Hypothesis(Lt(q.dist2, RHO_SHARE**2 * q.r2), "|x - xi_mu| < rho, rho = share r"),
        Hypothesis(Lt(q.dist2, (1 - RHO_SHARE) ** 2 * q.r2), "|x - xi_mu| < r - rho"),
    ),
    parts=(Part("the step ends at the memory", Le(q.exact_step_gap2, 0), scale=q.r2),),
    controls=(Control("a step without eps", Le(q.short_step_gap2, 0)),),
    related=("lsr2025.thm1",),
)

GAUSS = Patterns(
    sizes=((1, 2), (2, 2), (1, 3), (2, 3), (5, 3), (2, 10), (20, 10), (5, 50)),
    query="pattern",
    beta_m2=(1.0, 10.0, 100.0, 1e3),
    min_memories=2,
)

PROP1 = Inequality(
    id="lsr2025.prop1",
    title="The Gaussian kernel has no global emergence",
    source=Source("lsr2025", "Proposition 1"),
    provenance="primary",
    printed=r"\text{almost surely not all memories are stationary points of } -\tfrac1\beta\ln\textstyle\sum_\mu "
    r"e^{-\frac\beta2\|x-\xi_\mu\|^2},\ \beta<\infty",
    arena=GAUSS,
    hypotheses=(DISTINCT,),
    parts=(
        Part("some memory is not stationary", Gt(q.largest_gauss_step, 0)),
        Part("some memory is not stationary, inner products", Gt(q.largest_dense_step, 0), headline=False),
        Part("memories can be linearly independent (used by the proof)", Le(M, d), headline=False),
    ),
    controls=(
        Control("all memories are stationary", Le(q.largest_gauss_step, 0)),
        Control("a step longer than the diameter", Gt(q.largest_gauss_step, diam)),
    ),
    related=("restated.lse-extreme-point",),
    notices=(
        "Tested for every set of at least two different memories; with probability 1 a sample is one.",
        "A single memory is stationary, but then there are no further minima.",
    ),
)

EXTREME = Inequality(
    id="restated.lse-extreme-point",
    title="An extreme memory is no fixed point of a softmax map",
    source=Source("lsr2025", RELATED),
    provenance="derived",
    printed=r"\xi_\mu\text{ an extreme point of } \mathrm{conv}\{\xi_\nu\}\ \Rightarrow\ T(\xi_\mu)\ne\xi_\mu",
    arena=Patterns(
        sizes=((1, 2), (2, 2), (1, 3), (2, 3), (5, 3), (2, 10), (5, 10)),
        query="free",
        beta_m2=(1.0, 10.0, 100.0, 1e3),
        min_memories=2,
    ),
    hypotheses=(
        DISTINCT,
        Hypothesis(Le(q.far_gap, 0), "no memory is farther from x than xi_mu, so xi_mu is extreme"),
    ),
    parts=(
        Part("Gaussian kernel", Gt(q.gauss_step, 0)),
        Part("inner products", Gt(q.dense_step, 0)),
    ),
    controls=(
        Control("fixed, Gaussian kernel", Le(q.gauss_step, 0), "Gaussian kernel"),
        Control("fixed, inner products", Le(q.dense_step, 0), "inner products"),
        Control("moves by more than the diameter", Gt(q.gauss_step, diam), "Gaussian kernel"),
    ),
    related=("lsr2025.prop1",),
    notices=("Every extreme point of a finite set is the farthest one from some x.",),
)

delta, alpha, dim, count = (S(n, positive=True) for n in ("delta", "alpha", "dim", "count"))
UNIT_BALL = pi ** (dim / 2) / gamma(dim / 2 + 1)

DISTANCE = Probability(
    id="lsr2025.thm2a-distance",
    title="Smallest distance of random memories",
    source=Source("lsr2025", "Theorem 2 (a), distance"),
    provenance="primary",
    printed=r"M=\lfloor\sqrt{1-\delta}\,e^{\alpha d}\rfloor\ \Rightarrow\ "
    r"\Pr\big(r\ge(V_d/V)^{-1/d}e^{-2\alpha}\big)\ge\delta",
    event=events_lsr.distance_below,
    points=tuple(
        {"dim": n, "alpha": a, "delta": p, "in_ball": s}
        for n, a in (
            (1, "2"),
            (2, "1/2"),
            (2, "1"),
            (2, "2"),
            (5, "3/10"),
            (5, "1/2"),
            (10, "3/10"),
            (10, "1/2"),
        )
        for p in ("1/10", "1/2", "9/10")
        for s in (0, 1)
        if s == 0 or n == 2
    ),
    derive={"count": floor(sqrt(1 - delta) * exp(alpha * dim))},
    hypotheses=(Hypothesis(Ge(count, 2), "two memories have a distance"),),
    arguments={
        "d": dim,
        "M": count,
        "radius": UNIT_BALL ** (-1 / dim) * exp(-2 * alpha),
        "in_ball": S("in_ball", nonnegative=True),
    },
    bound=1 - delta,
    trials=2000,
    controls=(scaled("1/5"),),
    related=("lsr2025.thm2a-retrieval",),
    notices=("The constant in Theta is 1; the sets are a cube and a ball of volume 1.",),
)

RETRIEVAL = Inequality(
    id="lsr2025.thm2a-retrieval",
    title="Temperature at which all memories are retrieved",
    source=Source("lsr2025", "Theorem 2 (a), retrieval"),
    provenance="primary",
    printed=r"\beta\le\tfrac{2}{(r_0-\Delta)^2}\ \Rightarrow\ \text{all memories are retrievable}",
    arena=Patterns(
        sizes=((1, 2), (2, 2), (2, 3), (2, 5), (5, 5), (5, 10), (2, 20)),
        query="ball",
        radius=2 * q.share * R,
        params=(DELTA, Param(q.factor, 0.01, 1.0, log=True)),
        min_memories=2,
    ),
    hypotheses=(DISTINCT,),
    parts=(
        Part("every such beta: all memories are stationary", Le(q.worst_pull2, 0), scale=q.r2),
        Part(
            "beta = 2/(r - Delta)^2: retrieval from radius Delta",
            Le(q.miss2, 0),
            scale=q.r2,
            given=(WITHIN_DELTA,),
            headline=False,
        ),
        Part(
            "beta = 2/(r - Delta)^2 and Delta < r/2: retrieval from radius Delta",
            Le(q.miss2, 0),
            scale=q.r2,
            given=(WITHIN_DELTA, HALF),
            headline=False,
        ),
        Part(
            "some beta: balls of radius Delta do not meet",
            Lt(2 * q.share, 1),
            scale=Integer(1),
            headline=False,
        ),
    ),
    controls=(
        Control(
            "wider supports",
            Le(q.miss2_wide, 0),
            "beta = 2/(r - Delta)^2 and Delta < r/2: retrieval from radius Delta",
        ),
    ),
    related=("lsr2025.thm1", "lsr2025.thm2a-distance"),
    notices=(
        "The headline reads the condition as it stands, for every such beta, with r_0 = r, the largest bound.",
        "The other parts ask for one such beta: beta = 2/(r - Delta)^2.  Where two balls of radius Delta meet, "
        "no beta can retrieve both memories from all of them.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (THM1, EXACT_RETRIEVAL, PROP1, EXTREME, DISTANCE, RETRIEVAL)
