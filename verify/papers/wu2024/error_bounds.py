"""Exact retrieval and retrieval error bounds of the U-Hop model.

D. Wu, J. Y.-C. Hu, T.-Y. Hsiao, H. Liu, ICML 2024, arXiv 2404.03827.
"""

from __future__ import annotations

import itertools

import numpy as np
import sympy as sp
from sympy import Ge, Gt, Le, exp

from bounds.exact import exact_array
from simulations.variants.entmax import entmax
from verify.arena import Param, Patterns, Points
from verify.controls import exponent_scaled, scaled
from verify.instances import Array, Instances
from verify.papers.hu2023.entmax_quantities import alpha
from verify.papers.hu2023.error_bounds import DENSE_ALL, DENSE_OTHERS
from verify.papers.hu2023.retrieval import IN_BALL
from verify.papers.khm2024.features import MAP, in_features
from verify.papers.khm2024.kernel import SIZES
from verify.papers.khm2024.storage_balls import Delta_features
from verify.statement import Control, Hypothesis, Inequality, Part, Source, Statement
from verify.vocabulary import (
    Delta_mu,
    M,
    R,
    beta,
    centred,
    dist,
    err_dense,
    m,
    measure,
    norm,
    norm_x,
    quantity,
    target_overlaps,
)

PAPER = "wu2024"

# -- exact retrieval -------------------------------------------------------------------------------------------


def _self_error(b: Instances, cooling: int) -> Array:
    z = target_overlaps(in_features(b))
    p = entmax(b.beta[:, None] * z / cooling, b.scalars["alpha"], np)
    return norm(np.sum(p[..., None] * centred(b), axis=-2))


@quantity("dyn_self_error", "|T(xi_mu) - xi_mu| with entmax weights of the kernel values")
def self_error(b: Instances) -> Array:
    return _self_error(b, 1)


@quantity("dyn_self_error_half", "the same at half the inverse temperature")
def self_error_half(b: Instances) -> Array:
    return _self_error(b, 2)


SPARSE_ORDER = Param(alpha, 1.0, 2.0)
EXACT = Patterns(
    query="pattern",
    min_memories=2,
    params=(MAP, SPARSE_ORDER),
    sizes=(*(s for s in SIZES if s[1] > 1), (1, 3), (1, 5)),
    search=False,
)
ABOVE_ONE = Hypothesis(Gt(alpha, 1))
NEEDED = 1 / ((alpha - 1) * beta)
IF = Part("if", Le(self_error, 0), scale=m, given=(Hypothesis(Ge(Delta_features, NEEDED)),))

THM22_IF = Inequality(
    id="wu2024.thm2.2.if",
    title="Exact retrieval with alpha above 1: sufficiency",
    source=Source(PAPER, "Theorem 2.2 (form recalled from the sparse Hopfield literature)"),
    provenance="recalled",
    printed=r"\Delta_\mu^\Phi\ge\tfrac1{(\alpha-1)\beta}\Rightarrow\mathcal T_{\mathcal K}(\xi_\mu)=\xi_\mu",
    arena=EXACT,
    hypotheses=(ABOVE_ONE,),
    parts=(IF,),
    controls=(Control("half the inverse temperature does", Le(self_error_half, 0)),),
    related=("wu2024.thm2.2.iff", "hfy2024.prop3-stationary", "restated.exact-recovery"),
)

SETS_ON_LINE = tuple(
    rows for count in (2, 3) for rows in itertools.combinations([(i,) for i in range(-2, 3)], count)
)
SETS_IN_PLANE = tuple(
    ((0, 0), *rows)
    for rows in itertools.combinations([p for p in itertools.product((-1, 0, 1), repeat=2) if any(p)], 2)
)
INTEGER_SETS = (*SETS_ON_LINE, *SETS_IN_PLANE)
"""All sets of two or three of -2, ..., 2 on the line, and of the origin and two more points of {-1, 0, 1}^2."""


def integer_case(b: Instances) -> Instances:
    """The batch of an exact point: its integer memories, with the target as the query."""
    if "dyn integer case" not in b.cache:
        rows = INTEGER_SETS[int(b.scalars["dyn_set"][0].fraction)]
        target = int(b.scalars["dyn_target"][0].fraction)
        b.cache["dyn integer case"] = Instances(
            1,
            memories=exact_array([rows]),
            query=exact_array([rows[target]]),
            beta=b.scalars["dyn_beta"],
            target=np.array([target]),
            scalars=dict(b.scalars) | {"alpha": exact_array([2])},
            models=b.models,
            exact=True,
        )
    found: Instances = b.cache["dyn integer case"]
    return found


@quantity("dyn_integer_error", "|T(xi_mu) - xi_mu| with sparsemax weights, integer memories")
def integer_error(b: Instances) -> Array:
    return measure(integer_case(b), self_error)


@quantity("dyn_integer_Delta", "separation of the target in feature space, integer memories", real=True)
def integer_Delta(b: Instances) -> Array:
    return measure(integer_case(b), Delta_features)


HEAT = sp.Symbol("dyn_beta", positive=True)

THM22_IFF = Inequality(
    id="wu2024.thm2.2.iff",
    title="Exact retrieval with alpha above 1: equivalence",
    source=Source(PAPER, "Theorem 2.2 read as an equivalence"),
    provenance="recalled",
    printed=r"\mathcal T_{\mathcal K}(\xi_\mu)=\xi_\mu\iff\Delta_\mu^\Phi\ge\tfrac1{(\alpha-1)\beta}",
    arena=Points(
        tuple(
            {"dyn_set": k, "dyn_target": t, "dyn_beta": h, "dyn_map": w}
            for k, rows in enumerate(INTEGER_SETS)
            for t in range(len(rows))
            for h, w in ((("1/2", 0), ("1", 0), ("1", 1)) if len(rows[0]) == 1 else (("1", 0), ("2", 6)))
        )
    ),
    parts=(
        Part("if", Le(integer_error, 0), given=(Hypothesis(Ge(HEAT * integer_Delta, 1)),)),
        Part("only if", Ge(HEAT * integer_Delta, 1), given=(Hypothesis(sp.Eq(integer_error, 0)),)),
    ),
    controls=(
        Control("fixed without the condition", Ge(HEAT * integer_Delta, 100), "only if"),
        Control("never fixed", Ge(integer_error, 1), "if"),
    ),
    related=("wu2024.thm2.2.if", "hfy2024.prop3-stationary"),
    notices=(
        "alpha = 2 in rational arithmetic, on all small integer sets, with W = 1, another number, the identity and a matrix "
        "of rank one. The first part for all orders is wu2024.thm2.2.if.",
        "A memory may be fixed as a mixture: for 0 between -1 and 1 all weights are equal at every temperature, and the "
        "separation of 0 is 0.",
    ),
)

# -- error bounds ----------------------------------------------------------------------------------------------

BOUND_SIZES = ((1, 2), (1, 3), (2, 2), (2, 3), (2, 5), (3, 4), (3, 8), (5, 10), (8, 16), (16, 50))
FREE = Patterns(query="free", min_memories=2, sizes=BOUND_SIZES, search=False)
BALL = Patterns(query="ball", min_memories=2, sizes=BOUND_SIZES)
TRIVIAL = 2 * m


def bound(radius: sp.Expr) -> sp.Expr:
    """2 m (M - 1) exp(-beta (Delta_mu - 2 m radius))."""
    return 2 * m * (M - 1) * exp(-beta * (Delta_mu - 2 * m * radius))


ERROR = Inequality(
    id="wu2024.error",
    title="Retrieval error bound with a general norm",
    source=Source(PAPER, "error bound of this line of work, quoted through Delta_mu - 2 m R"),
    provenance="secondary",
    printed=r"\|x-\xi_\mu\|\le r\Rightarrow\|\mathcal T(x)-\xi_\mu\|\le2m(M-1)\exp(-\beta(\Delta_\mu-2mr))",
    arena=FREE,
    parts=(
        Part("r free", Le(err_dense, bound(dist)), trivial=TRIVIAL),
        Part("r = R", Le(err_dense, bound(R)), trivial=TRIVIAL, given=(IN_BALL,)),
    ),
    controls=(
        scaled("9/10", "r free"),
        exponent_scaled(2, "r free"),
        scaled("2/5", "r = R"),
    ),
    related=("hu2024.error", "restated.d1.onestep", "restated.dense-bound-query-separation"),
    notices=(
        "r free: the distance of the query from the memory, the smallest radius that the statement allows.",
    ),
)

ANCESTOR = Inequality(
    id="wu2024.error.ancestor",
    title="Retrieval error bound, ancestor form",
    source=Source(PAPER, "Hu et al. 2023 (2309.12673) and successors; the maximum read over nu != mu"),
    provenance="recalled",
    printed=r"\|\mathcal T(x)-\xi_\mu\|\le2m(M-1)\exp(-\beta(\langle\xi_\mu,x\rangle-\max_{\nu\ne\mu}\langle\xi_\mu,\xi_\nu\rangle))",
    arena=BALL,
    hypotheses=(IN_BALL,),
    parts=(Part("error", Le(err_dense, DENSE_OTHERS), trivial=TRIVIAL),),
    controls=(scaled("1/10"), exponent_scaled(2)),
    related=(
        "wu2024.error",
        "wu2024.error.ancestor-all",
        "hu2023.thm2.2-dense-bound-others",
        "restated.d1.onestep",
    ),
)

ANCESTOR_ALL = Inequality(
    id="wu2024.error.ancestor-all",
    title="Retrieval error bound, ancestor form with all indices",
    source=Source(PAPER, "as wu2024.error.ancestor; the maximum read over all nu"),
    provenance="recalled",
    printed=r"\|\mathcal T(x)-\xi_\mu\|\le2m(M-1)\exp(-\beta(\langle\xi_\mu,x\rangle-\max_{\nu}\langle\xi_\mu,\xi_\nu\rangle))",
    arena=BALL,
    hypotheses=(IN_BALL,),
    parts=(
        Part("error", Le(err_dense, DENSE_ALL), trivial=TRIVIAL),
        Part(
            "reading: only queries with |x| <= m",
            Le(err_dense, DENSE_ALL),
            trivial=TRIVIAL,
            given=(Hypothesis(Le(norm_x, m)),),
            headline=False,
        ),
    ),
    controls=(scaled("1/10"), exponent_scaled(2)),
    related=("wu2024.error.ancestor", "hu2023.thm2.2-dense-bound-all", "restated.d1.onestep"),
)

STATEMENTS: tuple[Statement, ...] = (THM22_IF, THM22_IFF, ERROR, ANCESTOR, ANCESTOR_ALL)
