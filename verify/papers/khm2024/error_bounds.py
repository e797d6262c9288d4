"""Retrieval error bounds among unit features.

J. Y.-C. Hu, D. Wu, H. Liu, NeurIPS 2024, arXiv 2410.23126, and a statement of this project beside it.
"""

from __future__ import annotations

import numpy as np
import sympy as sp
from scipy.special import logsumexp
from sympy import Le, exp

from verify.arena import Patterns
from verify.controls import exponent_scaled, scaled
from verify.instances import Array, Instances
from verify.papers.khm2024.features import (
    DISTINCT,
    NONZERO,
    SHARE,
    TIGHT,
    Delta_min,
    Delta_unit,
    R_unit,
    unit,
    unit_features,
)
from verify.papers.khm2024.kernel import OWN, PAPER
from verify.papers.khm2024.stored import FAMILIES
from verify.statement import Inequality, Part, Source, Statement
from verify.vocabulary import (
    M,
    beta,
    column,
    dist,
    err,
    log_error,
    measure,
    others,
    overlaps,
    quantity,
)

SIZES = ((1, 2), (2, 2), (2, 3), (2, 5), (3, 4), (3, 8), (5, 10), (8, 16), (16, 50))
BALL = Patterns(
    query="ball",
    norms="equal",
    min_memories=2,
    params=(TIGHT, SHARE),
    families=FAMILIES,
    sizes=SIZES,
    search=False,
)
TWO = sp.Integer(2)


@quantity(
    "dyn_error",
    "|T(y) - y_mu|, |y - y_mu| a share of R_Phi",
    log=lambda b: log_error(unit(b), "dense"),
)
def error(b: Instances) -> Array:
    return measure(unit(b), err)


def bound(separation: sp.Expr) -> sp.Expr:
    """2 (M - 1) exp(-beta (separation - 2 R_Phi))."""
    return 2 * (M - 1) * exp(-beta * (separation - 2 * R_unit))


ERROR = Inequality(
    id="hu2024.error",
    title="Retrieval error bound at radius R_Phi",
    source=Source(PAPER, "error bound of this line of work, unit norm"),
    provenance="secondary",
    printed=r"\|y-y_\mu\|\le R_\Phi\Rightarrow\|\mathcal T(y)-y_\mu\|\le2(M-1)\exp(-\beta(\Delta_\mu^\Phi-2R_\Phi))",
    arena=BALL,
    hypotheses=(NONZERO, DISTINCT),
    parts=(Part("error", Le(error, bound(Delta_unit)), trivial=TWO),),
    controls=(scaled("9/10"), exponent_scaled(2)),
    related=("hu2024.error.uniform", "restated.d1.onestep", "wu2024.error"),
    notices=(
        "Informative for a memory farther from all others than the closest pair, Delta_mu > 2 R_Phi, alone. The share of "
        "the radius includes the boundary.",
    ),
)

UNIFORM = Inequality(
    id="hu2024.error.uniform",
    title="Retrieval error bound at radius R_Phi, uniform form",
    source=Source(PAPER, "as hu2024.error, with the minimal separation and all memories at once"),
    provenance="secondary",
    printed=r"\|y-y_\mu\|\le R_\Phi\Rightarrow\|\mathcal T(y)-y_\mu\|\le2(M-1)\exp(-\beta(\Delta_{\min}^\Phi-2R_\Phi))",
    arena=BALL,
    hypotheses=(NONZERO, DISTINCT),
    parts=(Part("error", Le(error, bound(Delta_min)), trivial=TWO),),
    controls=(scaled("2/5"),),
    related=("hu2024.error", "restated.d1.onestep"),
    notices=(
        "The smallest separation is 2 R_Phi^2 <= 2 R_Phi: the bound is at least 2 (M - 1), and the distance of two points "
        "of the unit ball at most 2. It never says anything.",
    ),
)

# -- crosstalk -------------------------------------------------------------------------------------------------


def _logs_at_query(b: Instances) -> Array:
    """-beta <y_mu - y_nu, y> of the other features, shape (B, M-1)."""
    u = unit_features(b)
    z = overlaps(u)
    return -u.beta[:, None] * (column(u, z)[:, None] - others(u, z))


def _half_squares(u: Instances) -> Array:
    """Delta_{mu nu} as half a squared distance (no cancellation between neighbours), shape (B, M-1)."""
    own = u.memories[np.arange(u.size), u.target][:, None, :]
    return others(u, np.sum((u.memories - own) ** 2, axis=-1)) / 2


def _logs_of_bound(b: Instances) -> Array:
    """-beta (Delta - r sqrt(2 Delta)) with r the distance of the query from y_mu, shape (B, M-1)."""
    u = unit_features(b)
    half = _half_squares(u)
    return -u.beta[:, None] * (half - measure(u, dist)[:, None] * np.sqrt(2 * half))


def _logs_at_memory(b: Instances) -> Array:
    """-beta Delta + 2 beta r of the other features, shape (B, M-1)."""
    u = unit_features(b)
    return -u.beta[:, None] * (_half_squares(u) - 2 * measure(u, dist)[:, None])


def _sum(logs: Array) -> Array:
    with np.errstate(over="ignore"):
        return np.sum(np.exp(logs), axis=-1)


@quantity(
    "dyn_X",
    "crosstalk sum over nu != mu of exp(-beta <y_mu - y_nu, y>) at the query",
    log=lambda b: logsumexp(_logs_at_query(b), axis=-1),
)
def crosstalk(b: Instances) -> Array:
    return _sum(_logs_at_query(b))


@quantity(
    "dyn_X_ball",
    "sum over nu != mu of exp(-beta (Delta_{mu nu} - r sqrt(2 Delta_{mu nu}))), r = |y - y_mu|",
    log=lambda b: logsumexp(_logs_of_bound(b), axis=-1),
)
def crosstalk_ball(b: Instances) -> Array:
    return _sum(_logs_of_bound(b))


@quantity(
    "dyn_X_far",
    "exp(2 beta r) X_mu, r = |y - y_mu|",
    log=lambda b: logsumexp(_logs_at_memory(b), axis=-1),
)
def crosstalk_far(b: Instances) -> Array:
    return _sum(_logs_at_memory(b))


@quantity(
    "dyn_error_free",
    "|T(y) - y_mu| at the drawn query",
    log=lambda b: log_error(unit_features(b), "dense"),
)
def error_free(b: Instances) -> Array:
    return measure(unit_features(b), err)


ONE_STEP = Inequality(
    id="restated.d1.onestep",
    title="One-step error through the crosstalk of the query",
    source=Source(PAPER, OWN),
    provenance="derived",
    printed=r"\|\mathcal T(y)-y_\mu\|\le\tfrac{2X}{1+X},\ X=\sum_{\nu\ne\mu}e^{-\beta\langle y_\mu-y_\nu,y\rangle}"
    r"\le\sum_{\nu\ne\mu}e^{-\beta(\Delta_{\mu\nu}-r\sqrt{2\Delta_{\mu\nu}})}\le e^{2\beta r}X_\mu",
    arena=Patterns(
        query="free",
        norms="equal",
        min_memories=2,
        params=(TIGHT,),
        families=FAMILIES,
        sizes=SIZES,
        search=False,
    ),
    hypotheses=(NONZERO,),
    parts=(
        Part("error", Le(error_free, 2 / (1 + 1 / crosstalk)), trivial=TWO),
        Part("crosstalk by the distance", Le(crosstalk, crosstalk_ball)),
        Part("crosstalk by the crosstalk of the memory", Le(crosstalk_ball, crosstalk_far)),
    ),
    controls=(
        scaled("9/10", "error"),
        scaled("9/10", "crosstalk by the distance"),
        scaled("9/10", "crosstalk by the crosstalk of the memory"),
    ),
    related=(
        "hu2024.error",
        "wu2024.error",
        "wu2024.error.ancestor",
        "restated.dense-bound-query-separation",
    ),
    notices=(
        "r is the distance of the query from the memory: the smallest radius that the statement allows.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (ERROR, UNIFORM)
RELATED: tuple[Statement, ...] = (ONE_STEP,)
