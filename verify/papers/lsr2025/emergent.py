"""Emergent minima of the log-sum-ReLU energy: centroids, their basins and their number.

B. Hoover, Z. Shi, K. Balasubramanian, D. Krotov, P. Ram, NeurIPS 2025, arXiv 2506.10801: Proposition 2,
Theorem 2 (b), and statements of this project beside them.
"""

from __future__ import annotations

from sympy import Eq, Ge, Gt, Integer, Le, Rational, Symbol

from simulations import events_lsr
from verify.arena import Param, Patterns
from verify.controls import scaled
from verify.papers.lsr2025 import quantities as q
from verify.papers.lsr2025.retrieval import DISTINCT, RELATED
from verify.statement import (
    Control,
    Hypothesis,
    Identity,
    Inequality,
    Part,
    ScalingLaw,
    Source,
    Statement,
)
from verify.vocabulary import M, beta

RADII = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 8.0, 10.0, 16.0, 20.0, 32.0, 50.0, 100.0, 200.0)
"""beta m^2 = 2 m^2/rho^2: rho from 2 m to m/10."""
SIZES = ((1, 2), (1, 3), (2, 3), (1, 5), (2, 5), (5, 5), (1, 20), (2, 20))
NOT_EMPTY = Hypothesis(Ge(q.count_x, 1), "B(x) is not empty")
AT_REST = Hypothesis(Eq(q.rest_pull2, 0), "c is the centroid of B(c)")
CLEAR = Hypothesis(Gt(q.gap2, 0), "no memory at distance rho of c")

PROP2 = Inequality(
    id="lsr2025.prop2",
    title="The centroid of the active memories is a minimum",
    source=Source("lsr2025", "Proposition 2"),
    provenance="primary",
    printed=r"x\text{ an interior point}\ \Rightarrow\ c=\tfrac1{|B(x)|}\textstyle\sum_{\mu\in B(x)}\xi_\mu"
    r"\text{ is a local minimum of }E",
    arena=Patterns(sizes=SIZES, query="hull", beta_m2=RADII, min_memories=2),
    hypotheses=(DISTINCT, Hypothesis(Gt(q.inside, 0), "x is an interior point of the convex hull")),
    parts=(
        Part("c is stationary", Le(q.centroid_pull2, 0), scale=2 / beta, given=(NOT_EMPTY,)),
        Part("B(x) is not empty", Ge(q.count_x, 1), headline=False),
    ),
    controls=(
        Control("every memory is stationary", Le(q.target_pull2, 0), "c is stationary"),
        Control("two active memories", Ge(q.count_x, 2), "B(x) is not empty"),
    ),
    related=("restated.lsr-self-consistent",),
    notices=(
        "The headline is about x with a non-empty B(x); for an empty one there is no centroid.",
        "Interior is read as inside the convex hull of the memories, relative to its affine hull.",
    ),
)

SELF_CONSISTENT = Identity(
    id="restated.lsr-self-consistent",
    title="Minima are the centroids of their own active sets",
    source=Source("lsr2025", RELATED),
    provenance="derived",
    printed=r"\nabla E(c)=0\text{ (a strict local minimum)}\iff c=\tfrac1{|B(c)|}\textstyle\sum_{\mu\in B(c)}\xi_\mu,"
    r"\ B(c)\ne\emptyset",
    arena=Patterns(
        sizes=SIZES, query="hull", beta_m2=RADII, params=(Param(q.eps, 0.0, 1.0),), min_memories=1
    ),
    parts=(
        Part("the gradient points away from the centroid", Eq(q.slope, q.centroid_slope), given=(NOT_EMPTY,)),
        Part(
            "the sum falls by a square around a centroid of its own",
            Eq(q.drop, q.square_drop),
            scale=Integer(1),
            given=(AT_REST, CLEAR, Hypothesis(Ge(q.count_c, 1), "B(c) is not empty")),
        ),
    ),
    controls=(
        Control("gradient of twice the size", Eq(q.slope, 2 * q.centroid_slope)),
        Control(
            "half the fall",
            Eq(q.drop, q.square_drop / 2),
            "the sum falls by a square around a centroid of its own",
        ),
    ),
    related=("lsr2025.prop2",),
    notices=(
        "The first part, |B(x)| (x - mean B(x))/(eps + S(x)) for the gradient, is the equivalence: one side "
        "vanishes where the other does.  The second makes the stationary point a strict minimum.",
    ),
)

SEVERAL = Hypothesis(Ge(q.count_c, 2), "c has several active memories")
NOVEL = Hypothesis(Gt(q.nearest2, 0), "c is none of the memories")

RADIUS = Inequality(
    id="lsr2025.thm2b-radius",
    title="Basin of an emergent minimum",
    source=Source("lsr2025", "Theorem 2 (b), basin of an emergent minimum"),
    provenance="primary",
    printed=r"r^*=\sqrt{D_{max}^2+\min(\delta_{min},\gamma_{min})}-D_{max}:\quad \|x-c\|<r^*\Rightarrow B(x)=B(c)",
    arena=Patterns(sizes=SIZES, query="hull", beta_m2=RADII, min_memories=2),
    hypotheses=(AT_REST, CLEAR, DISTINCT, SEVERAL, NOVEL),
    parts=(
        Part("B(x) = B(c) within r*", Le(q.printed_basin, q.basin)),
        Part(
            "B(x) = B(c) within r*, where the memory that decides is active",
            Le(q.printed_basin, q.basin),
            given=(Hypothesis(Le(q.gap_outside, 0), "delta_min <= gamma_min"),),
            headline=False,
        ),
    ),
    controls=(
        scaled("1/2"),
        scaled("9/10", part="B(x) = B(c) within r*, where the memory that decides is active"),
    ),
    related=("restated.lsr-self-consistent",),
    notices=(
        "B(x) = B(c) on the open ball of radius s about c exactly if s is at most the distance from c to the "
        "nearest of the spheres |x - xi_mu| = rho; r* is compared with that distance.",
        "Emergent are c with at least two active memories that are no memories themselves.",
    ),
)

size = Symbol("size", integer=True, positive=True)
load = Symbol("load", integer=True, nonnegative=True)

COUNT = ScalingLaw(
    id="lsr2025.thm2b-count",
    title="Number of emergent minima",
    source=Source("lsr2025", "Theorem 2 (b), number of emergent memories"),
    provenance="primary",
    printed=r"\#\{\text{emergent minima}\}=O\big(\exp(M\,\tfrac{V_d}{V}(2/\beta)^{d/2}\log(\dots))\big)",
    event=events_lsr.few_emergent,
    sizes=(128, 512, 2048),
    nominal=size,
    factors=tuple(Rational(k, 128) for k in (2, 3, 4, 5, 6, 7, 8, 10, 12)),
    arguments={"M": size, "filling": Rational(1, 20), "most": load},
    slope=(0, Rational(1, 2)),
    trials=480,
    controls=(
        Control("a quadratic law", (Rational(3, 2), Rational(5, 2))),
        Control("a falling law", (Rational(-2), Rational(-1, 2))),
    ),
    related=("restated.lsr-cell-count",),
    notices=(
        "The argument of the logarithm is not recorded; read as exp(c M V_d rho^d/V) with a constant c.",
        "For memories on a line and a fixed value 1/20 of M V_d rho^d/V that bound is a constant, and with a logarithm "
        "of M^k it is M^(k/20): the median number of emergent minima must not grow faster than M^(1/2), which "
        "leaves room for k up to 10.",
        "At fixed beta and volume, with M alone growing, the bound follows from restated.lsr-cell-count.",
    ),
)

CELLS = Inequality(
    id="restated.lsr-cell-count",
    title="Polynomial bound on the number of minima",
    source=Source("lsr2025", RELATED),
    provenance="derived",
    printed=r"\#\{B(x)\ne\emptyset\},\ \#\{\text{minima}\}\le\sum_{i\le d+1}\binom Mi",
    arena=Patterns(
        sizes=((1, 2), (1, 3), (1, 5), (2, 3), (2, 5), (1, 7), (3, 6)),
        query="pattern",
        beta_m2=RADII,
        search=False,
    ),
    parts=(
        Part("number of sets B(x)", Le(q.cells, q.cell_bound), trivial=2**M - 1),
        Part("number of minima", Le(q.minima, q.cell_bound), trivial=2**M - 1),
    ),
    controls=(
        scaled("1/2", part="number of sets B(x)"),
        Control("one minimum", Le(q.minima, 1), "number of minima"),
        Control("as many as the cells", Le(q.cells, q.minima), "number of sets B(x)"),
    ),
    related=("lsr2025.thm2b-count",),
    notices=(
        "The sets B(x) are counted at the centroids of all subsets, which is a lower bound of their number.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (PROP2, SELF_CONSISTENT, RADIUS, COUNT, CELLS)
