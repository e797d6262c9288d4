"""Retrieval errors of sparse-structured maps, and the comparison with the dense map.

Hu et al. 2024 (ICML 2025), arXiv 2404.03900: Theorem 4.1, Corollary 4.1.1, and statements of this project beside them.
"""

from __future__ import annotations

import numpy as np
from sympy import Ge, Gt, Le, exp

from verify.arena import Patterns
from verify.controls import exponent_scaled, scaled
from verify.instances import Array, Instances
from verify.papers.hu2023.error_bounds import rival, rival_all, z_mu
from verify.papers.np2024.shared import BALL, FREE, IN_BALL, IN_TOP, OWN, PAPER, READINGS, SQUARES
from verify.papers.np2024.supports import (
    SUPPORT,
    chosen,
    err_A,
    err_B,
    err_top_A,
    err_top_B,
    gaps,
    k_S,
    log_mass_of_others,
    masses,
    members,
    over_support,
)
from verify.statement import Control, Hypothesis, Inequality, Part, Source
from verify.vocabulary import (
    Delta_mu,
    Delta_x,
    M,
    R,
    beta,
    centred,
    diam,
    dist,
    err_dense,
    largest,
    m,
    norm,
    norm_x,
    number,
    others,
    overlaps,
    q_dense,
    quantity,
    smallest,
    target_memory,
    target_overlaps,
)

FACTOR = m * (M + k_S - 2)
OTHERS_BOUND = FACTOR * exp(-beta * (z_mu - rival))
ALL_BOUND = FACTOR * exp(-beta * (z_mu - rival_all))


def theorem41(bound: object) -> tuple[Part, ...]:
    """The bound for the formula as printed, and for the other maps of the family."""
    return (
        Part("reading A", Le(err_A, bound), trivial=2 * m),
        Part("reading B", Le(err_B, bound), trivial=2 * m, headline=False),
        Part("top-K, reading A", Le(err_top_A, bound), trivial=2 * m, given=(IN_TOP,), headline=False),
        Part("top-K, reading B", Le(err_top_B, bound), trivial=2 * m, given=(IN_TOP,), headline=False),
    )


OTHERS = Inequality(
    id="np2024.thm4.1-bound-others",
    title="Error bound of the sparse-structured map, maximum over the other memories",
    source=Source(PAPER, "Thm 4.1; the maximum read over nu != mu"),
    provenance="secondary (factor and exponent)",
    printed=r"\|\mathcal T_{Sparse}(x)-\xi_\mu\|\le m(M+k-2)\exp\{-\beta(\langle\xi_\mu,x\rangle-"
    r"\max_{\nu\ne\mu}\langle\xi_\mu,\xi_\nu\rangle)\}",
    arena=BALL,
    hypotheses=(IN_BALL,),
    parts=theorem41(OTHERS_BOUND),
    controls=(scaled("1/10"), exponent_scaled(2)),
    related=("restated.truncated-error-bound", "hu2023.thm2.2-dense-bound-others"),
    notices=(READINGS,),
)

ALL = Inequality(
    id="np2024.thm4.1-bound-all",
    title="Error bound of the sparse-structured map, maximum over all memories",
    source=Source(PAPER, "Thm 4.1; the maximum read over all nu in [M]"),
    provenance="secondary (factor), recalled (range of the maximum)",
    printed=r"\|\mathcal T_{Sparse}(x)-\xi_\mu\|\le m(M+k-2)\exp\{-\beta(\langle\xi_\mu,x\rangle-"
    r"\max_{\nu\in[M]}\langle\xi_\mu,\xi_\nu\rangle)\}",
    arena=BALL,
    hypotheses=(IN_BALL,),
    parts=(
        *theorem41(ALL_BOUND),
        Part(
            "reading A, only queries with |x| <= m",
            Le(err_A, ALL_BOUND),
            trivial=2 * m,
            given=(Hypothesis(Le(norm_x, m)),),
            headline=False,
        ),
    ),
    controls=(scaled("1/10"), exponent_scaled(2)),
    related=("np2024.thm4.1-bound-others", "restated.truncated-error-bound"),
    notices=(READINGS,),
)


@quantity("gap_least", "min over nu != mu of <xi_mu, xi_mu - xi_nu> - |x - xi_mu| |xi_mu - xi_nu|", real=True)
def gap_least(b: Instances) -> Array:
    reach = norm(b.query - target_memory(b))[:, None] * norm(centred(b))
    return smallest(others(b, gaps(b, target_overlaps(b)) - reach))


TRUNCATED = Inequality(
    id="restated.truncated-error-bound",
    title="Error of the truncated softmax from the separation of the query",
    source=OWN,
    provenance="derived",
    printed=r"\|T_A(x)-\xi_\mu\|\le m(M+k-2)e^{-\beta\Delta(x)};\ \|x-\xi_\mu\|\le r\Rightarrow\Delta(x)\ge"
    r"\Delta_\mu-2mr,\ \Delta(x)\ge\min_\nu(\Delta_{\mu\nu}-r|\xi_\mu-\xi_\nu|)",
    arena=FREE,
    parts=(
        Part("error", Le(err_A, FACTOR * exp(-beta * Delta_x)), trivial=2 * m),
        Part("separation near the memory", Ge(Delta_x, Delta_mu - 2 * m * dist), scale=SQUARES),
        Part("separation by pairs", Ge(Delta_x, gap_least), scale=SQUARES),
    ),
    controls=(
        scaled("9/10", "error"),
        Control(
            "half the loss",
            Ge(Delta_x, Delta_mu - m * dist),
            "separation near the memory",
        ),
        Control("no loss", Ge(Delta_x, gap_least + dist * m), "separation by pairs"),
    ),
    related=("np2024.thm4.1-bound-others",),
    notices=("A single memory has no separation: the statement says nothing there.", READINGS),
)


@quantity("Delta_S", "separation of the query from the other memories in S", real=True)
def Delta_S(b: Instances) -> Array:
    gap = gaps(b, overlaps(b))
    return over_support(b, gap, smallest, largest(gap))


def support_lengths(b: Instances) -> Array:
    """Squared distances |xi_i - xi_j|^2 of pairs in S, 0 elsewhere, shape (B, M, M)."""
    inside = members(b)
    both = inside[:, :, None] & inside[:, None, :]
    away = b.memories[:, :, None, :] - b.memories[:, None, :, :]
    return np.where(both, np.sum(away * away, axis=-1), number(b, 0)[:, None, None])


@quantity("diam_S", "largest distance of two memories in S")
def diam_S(b: Instances) -> Array:
    squares = support_lengths(b).reshape(b.size, -1)
    return np.sqrt(largest(squares))


@quantity(
    "q_S",
    "weight of all memories of S but the target, softmax over S",
    log=lambda b: log_mass_of_others(b, members(b)),
)
def q_S(b: Instances) -> Array:
    return np.sum(others(b, masses(b, chosen(b), "B")[0]), axis=-1)


def majorant(width: object, count: object, separation: object) -> object:
    """diam/(1 + exp(beta Delta)/(count - 1)), count - 1 above so that one memory gives 0."""
    return width * (count - 1) / (count - 1 + exp(beta * separation))  # type: ignore[operator]


PAIRED = Patterns(query="free", min_memories=2, params=SUPPORT, max_size=500)
TWO_IN_S = Hypothesis(Ge(k_S, 2), "Delta_S speaks of a second memory in S")

MASKED = Inequality(
    id="restated.masked-error-bound",
    title="Error of the softmax over S from its diameter and separation",
    source=OWN,
    provenance="derived",
    printed=r"\|T_B(x)-\xi_\mu\|\le\mathrm{diam}_S(1-p_\mu),\ 1-p_\mu\le\frac1{1+e^{\beta\Delta_S(x)}/(k-1)}"
    r"\le(k-1)e^{-\beta\Delta_S(x)}",
    arena=PAIRED,
    parts=(
        Part("error by mass", Le(err_B, diam_S * q_S), trivial=2 * m),
        Part(
            "mass by separation",
            Le(q_S, 1 / (1 + exp(beta * Delta_S) / (k_S - 1))),
            trivial=1,
            given=(TWO_IN_S,),
        ),
        Part(
            "exponential form",
            Le(1 / (1 + exp(beta * Delta_S) / (k_S - 1)), (k_S - 1) * exp(-beta * Delta_S)),
            given=(TWO_IN_S,),
        ),
    ),
    controls=(
        scaled("9/10", "error by mass"),
        scaled("9/10", "mass by separation"),
        scaled("9/10", "exponential form"),
    ),
    related=("np2024.thm4.1-bound-others", "restated.masked-map-is-dense"),
    notices=("With k = 1 both sides of the first part are 0 and the others have no Delta_S.",),
)

VERSUS = Inequality(
    id="np2024.cor4.1.1-sparse-vs-dense",
    title="The sparse-structured error is at most the dense error",
    source=Source(PAPER, "Cor. 4.1.1"),
    provenance="secondary",
    printed=r"\|\mathcal T_{Sparse}(x)-\xi_\mu\|\le\|\mathcal T_{Dense}(x)-\xi_\mu\|",
    arena=BALL,
    hypotheses=(IN_BALL,),
    parts=(
        Part("reading A", Le(err_A, err_dense)),
        Part(
            "reading A, distinct memories",
            Le(err_A, err_dense),
            given=(Hypothesis(Gt(R, 0), "no copies"),),
            headline=False,
        ),
        Part("reading B", Le(err_B, err_dense), headline=False),
        Part("top-K, reading A", Le(err_top_A, err_dense), given=(IN_TOP,), headline=False),
        Part("top-K, reading B", Le(err_top_B, err_dense), given=(IN_TOP,), headline=False),
    ),
    controls=(scaled("1/2"),),
    related=("restated.masked-weight-comparison", "np2024.thm4.1-bound-others"),
    notices=(READINGS,),
)

WEIGHTS = Inequality(
    id="restated.masked-weight-comparison",
    title="The softmax over S leaves less weight to the others",
    source=OWN,
    provenance="derived",
    printed=r"1-p_\mu^B\le1-p_\mu;\ \text{the majorant }\mathrm{diam}_S/(1+e^{\beta\Delta_S}/(k-1))"
    r"\text{ does not increase when }M\text{ is replaced by }S",
    arena=PAIRED,
    parts=(
        Part("weight", Le(q_S, q_dense)),
        Part(
            "majorant",
            Le(majorant(diam_S, k_S, Delta_S), majorant(diam, M, Delta_x)),
            given=(TWO_IN_S,),
        ),
    ),
    controls=(scaled("9/10", "weight"), scaled("9/10", "majorant")),
    related=("np2024.cor4.1.1-sparse-vs-dense", "restated.masked-error-bound"),
)

STATEMENTS = (
    OTHERS,
    ALL,
    TRUNCATED,
    MASKED,
    VERSUS,
    WEIGHTS,
)
