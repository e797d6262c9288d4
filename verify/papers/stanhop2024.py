"""Wu et al. 2024: the generalised sparse model (alpha-entmax) of STanHop, arXiv 2312.17346; related statements beside."""

from __future__ import annotations

import dataclasses

import numpy as np
import sympy as sp
from sympy import Eq, Ge, Gt, Le, Lt, Rational, acos, exp, sqrt

from bounds.functions import CapArea
from simulations.events_entmax import not_all_entmax_fixed
from verify.arena import Param, Patterns
from verify.controls import flipped, scaled
from verify.instances import Array, Instances
from verify.papers.hfy2024.energies import SLACK
from verify.papers.hfy2024.fixed_points import step_error
from verify.papers.hfy2024.maps import ENTMAX, at, conjugate_change, map_update, map_weights
from verify.papers.hu2023.capacity import LEMMA31
from verify.papers.hu2023.dynamics import grad_H_star
from verify.papers.hu2023.entmax_quantities import alpha, alpha_high, rest_alpha
from verify.papers.hu2023.error_bounds import DENSE_ALL, DENSE_OTHERS
from verify.papers.hu2023.retrieval import BEST, IN_BALL
from verify.statement import Control, Hypothesis, Inequality, Part, Probability, Source, Statement
from verify.vocabulary import (
    Delta_x,
    beta,
    d,
    err_dense,
    largest,
    m,
    norm_x,
    others,
    overlaps,
    quantity,
    smallest,
)

PAPER = {
    "key": "stanhop2024",
    "title": "STanHop: Sparse Tandem Hopfield Model for Memory-Enhanced Time Series Prediction",
    "authors": "D. Wu, J. Y.-C. Hu, W. Li, B.-Y. Chen, H. Liu",
    "year": 2024,
    "arxiv": "2312.17346",
    "venue": "ICLR 2024",
}
KEY = "stanhop2024"
OWN = Source(KEY, "a related statement of this project")
ORDER = Param(alpha, 1.0, 4.0)
HALF_MODEL = "entmax:alpha=1.5"
QUADRATIC = m**2 + norm_x**2

# -- energy --------------------------------------------------------------------------------------------------


def _after(b: Instances) -> Instances:
    return at(b, map_update(b, ENTMAX))


def _squares(b: Instances) -> Array:
    return np.sum(b.query * b.query, axis=-1) / 2


@quantity("H_rise_alpha", "H(T_alpha(x)) - H(x), H = -Psi*(beta Xi^T x) + |x|^2/2", real=True)
def H_rise_alpha(b: Instances) -> Array:
    after = _after(b)
    return _squares(after) - _squares(b) - conjugate_change(b, after, ENTMAX)


@quantity("Hb_rise_alpha", "the same with Psi*/beta", real=True)
def Hb_rise_alpha(b: Instances) -> Array:
    after = _after(b)
    return _squares(after) - _squares(b) - conjugate_change(b, after, ENTMAX) / b.beta


@quantity("step_square_alpha", "|x - T_alpha(x)|^2")
def step_square_alpha(b: Instances) -> Array:
    step = map_update(b, ENTMAX) - b.query
    return np.sum(step * step, axis=-1)


UPDATES = 8


@quantity("short_square_alpha", f"smallest |step|^2 among {UPDATES} updates from T_alpha(x)")
def short_square_alpha(b: Instances) -> Array:
    state, squares = _after(b), []
    for _ in range(UPDATES):
        after = at(b, map_update(state, ENTMAX))
        step = after.query - state.query
        squares.append(np.sum(step * step, axis=-1))
        state = after
    return smallest(np.stack(squares, axis=-1))


ENERGY = Inequality(
    id="stanhop2024.energy",
    title="The generalised sparse update decreases the energy; limit points are stationary",
    source=Source(KEY, "GSH energy, monotone decrease and convergence"),
    provenance="recalled",
    printed=r"\mathcal H(x)=-\Psi_\alpha^*(\beta\Xi^Tx)+\tfrac12\langle x,x\rangle,\ \mathcal T(x)=\Xi\,\alpha\text{-EntMax}(\beta\Xi^Tx):"
    r"\ \mathcal H(\mathcal T(x))\le\mathcal H(x),\text{ limit points stationary}",
    arena=Patterns(
        model=HALF_MODEL,
        query="free",
        params=(ORDER,),
        sizes=((1, 1), (1, 2), (2, 2), (2, 3), (3, 4), (5, 10)),
    ),
    parts=(
        Part("decrease", Le(H_rise_alpha, 0), scale=QUADRATIC),
        Part("gradient at the limit from the memory, alpha = 3/2", Eq(grad_H_star, 0), scale=m),
    ),
    controls=(
        Control("a fall of |x|^2 + m^2", Le(H_rise_alpha, -QUADRATIC), "decrease"),
        Control(
            "a gradient of -m", Eq(grad_H_star, -m), "gradient at the limit from the memory, alpha = 3/2"
        ),
    ),
    related=("restated.gsh-energy", "hu2023.lemma2.1-energy"),
    notices=(
        "Psi* is the plain conjugate at beta Xi^T x; its 1/beta version is restated.gsh-energy.",
        "The gradient of this energy is x - beta T(x).",
    ),
)

GSH_ENERGY = Inequality(
    id="restated.gsh-energy",
    title="Quadratic descent of the generalised sparse energy with 1/beta",
    source=OWN,
    provenance="derived",
    printed=r"H_{\alpha,\beta}(x)=-\beta^{-1}\Psi_\alpha^*(\beta\Xi^Tx)+\tfrac12|x|^2:\ H(x)-H(T_\alpha(x))\ge\tfrac12|x-T_\alpha(x)|^2",
    arena=Patterns(
        model=HALF_MODEL,
        query="free",
        params=(ORDER,),
        sizes=((1, 1), (1, 2), (2, 2), (2, 3), (3, 4), (5, 10), (10, 20)),
        search=False,
    ),
    parts=(
        Part("drop", Le(Hb_rise_alpha + step_square_alpha / 2, SLACK * QUADRATIC), scale=QUADRATIC),
        Part(f"shortest of {UPDATES} steps", Le(short_square_alpha, 4 * m**2 / UPDATES), trivial=4 * m**2),
    ),
    controls=(
        Control("twice the drop", Le(Hb_rise_alpha + step_square_alpha, SLACK * QUADRATIC), "drop"),
        Control(
            "shortest step a hundredth", Le(short_square_alpha, m**2 / 1000), f"shortest of {UPDATES} steps"
        ),
    ),
    related=("stanhop2024.energy", "restated.sparse-energy"),
    notices=(
        "That the whole sequence converges comes without a rate: decided is what the descent implies: "
        "among the first updates there are short steps.",
        "Energies count as equal within 10^-10 of their scale (fixed points).",
    ),
)

# -- errors -----------------------------------------------------------------------------------------------------

BALL = Patterns(
    query="ball",
    min_memories=2,
    params=(ORDER,),
    sizes=((1, 2), (2, 3), (2, 20), (5, 8), (8, 16), (12, 3), (10, 20), (20, 12)),
)
SPARSE_ORDER = Hypothesis(Gt(alpha, 1))

VS_DENSE = Inequality(
    id="stanhop2024.error-vs-dense",
    title="The generalised sparse error is at most the dense error",
    source=Source(KEY, "comparison with the dense model"),
    provenance="recalled",
    printed=r"\|\mathcal T_\alpha(x)-\xi_\mu\|\le\|\mathcal T_{Dense}(x)-\xi_\mu\|",
    arena=BALL,
    hypotheses=(IN_BALL, SPARSE_ORDER),
    parts=(
        Part("error after one step", Le(step_error[ENTMAX], err_dense)),
        Part(
            "reading: where the target has the largest score",
            Le(step_error[ENTMAX], err_dense),
            given=(BEST,),
            headline=False,
        ),
    ),
    controls=(flipped(),),
    related=("restated.gsh-mass-bound", "restated.top-weight-monotone", "hu2023.thm2.2-sparse-vs-dense"),
)


@quantity("kappa_alpha", "support size of the entmax weights", integer=True, positive=True)
def kappa_alpha(b: Instances) -> Array:
    return b.beta * 0 + np.sum(map_weights(b, ENTMAX) > 0, axis=-1)


@quantity("support_gap_alpha", "z_(1) - z_(kappa) over the support of the entmax weights")
def support_gap_alpha(b: Instances) -> Array:
    z, inside = overlaps(b), map_weights(b, ENTMAX) > 0
    top = largest(z)
    return top + largest(np.where(inside, -z, -top[:, None]))


STEEP = (Hypothesis(Ge(alpha, 2)),)
GENTLE = (Hypothesis(Lt(alpha, 2)),)
STEEP_BOUND = m + sqrt(d) * m * beta * (kappa_alpha * support_gap_alpha + 1 / beta)
BOUNDS = Inequality(
    id="stanhop2024.error-bounds",
    title="Error bounds of the generalised sparse model",
    source=Source(KEY, "error bounds"),
    provenance="recalled",
    printed=r"1\le\alpha<2:\text{ a bound of the type (2.7)};\ \alpha\ge2:\text{ of the form (2.8)}",
    arena=Patterns(query="ball", min_memories=2, params=(ORDER,), max_size=200),
    hypotheses=(IN_BALL,),
    parts=(
        Part(
            "alpha below 2, maximum over the others",
            Le(step_error[ENTMAX], DENSE_OTHERS),
            trivial=2 * m,
            given=GENTLE,
        ),
        Part(
            "alpha below 2, maximum over all", Le(step_error[ENTMAX], DENSE_ALL), trivial=2 * m, given=GENTLE
        ),
        Part("alpha at least 2", Le(step_error[ENTMAX], STEEP_BOUND), trivial=2 * m, given=STEEP),
    ),
    controls=(scaled("1/10"), scaled("1/10", part="alpha at least 2")),
    related=("restated.gsh-mass-bound", "hu2023.thm2.2-dense-bound-others", "hu2023.thm2.2-sparse-bound"),
    notices=(
        "kappa is the support of the alpha-entmax weights.",
        "m + sqrt(d) m is at least 2 m: the bound for alpha >= 2 never says anything.",
    ),
)


@quantity("rest_alpha_high", "entmax weight of all memories but the target at alpha_high")
def rest_alpha_high(b: Instances) -> Array:
    c = at(b, b.query)
    c.scalars = {**b.scalars, "alpha": b.scalars["alpha_high"]}
    return np.sum(others(c, map_weights(c, ENTMAX)), axis=-1)


THRESHOLD = (alpha - 1) * beta * Delta_x
MASS = Inequality(
    id="restated.gsh-mass-bound",
    title="The error by the mass off the best memory, which falls with alpha",
    source=OWN,
    provenance="derived",
    printed=r"|T_\alpha(x)-\xi_\mu|\le2m(1-p_\mu^{(\alpha)}),\text{ non-increasing in }\alpha,\ =0\iff\beta(z_\mu-\max_{\nu\ne\mu}z_\nu)\ge\tfrac1{\alpha-1}",
    arena=Patterns(
        query="free",
        min_memories=2,
        params=(ORDER, Param(alpha_high, 1.0, 4.0)),
        sizes=((1, 2), (2, 3), (5, 8), (3, 20), (5, 10), (10, 20)),
    ),
    hypotheses=(BEST,),
    parts=(
        Part("error", Le(step_error[ENTMAX], 2 * m * rest_alpha), trivial=2 * m),
        Part(
            "monotone",
            Le(rest_alpha_high, rest_alpha),
            trivial=1,
            given=(Hypothesis(Lt(alpha, alpha_high)),),
        ),
        Part(
            "zero above the margin",
            Le(rest_alpha, 0),
            scale=sp.Integer(1),
            given=(Hypothesis(Ge(THRESHOLD, 1)),),
        ),
        Part(
            "positive below it",
            Gt(rest_alpha, 0),
            scale=sp.Integer(1),
            given=(Hypothesis(Le(THRESHOLD, 1 - Rational(1, 10**6))),),
        ),
    ),
    controls=(
        scaled("9/10", part="error"),
        scaled("9/10", part="monotone"),
        Control("zero below it", Le(rest_alpha, 0), "positive below it"),
    ),
    related=("stanhop2024.error-bounds", "restated.top-weight-monotone", "restated.exact-recovery"),
)

# -- capacity -----------------------------------------------------------------------------------------------------

CAPACITY = dataclasses.replace(
    LEMMA31,
    id="stanhop2024.capacity",
    title="Memory capacity of the generalised sparse model",
    source=Source(KEY, "capacity lemma of GSH"),
    provenance="recalled",
    arguments={**LEMMA31.arguments, "model": HALF_MODEL},
    related=("hu2023.lemma3.1-capacity", "restated.gsh-exact-capacity"),
)

N, B, share = sp.symbols("N beta_m2 share", positive=True)
theta = sp.Symbol("theta", positive=True)
PAIRS = N * (N - 1) / 2 * CapArea(d, theta)
EXACT = Probability(
    id="restated.gsh-exact-capacity",
    title="Exact one-step capacity of the generalised sparse model",
    source=OWN,
    provenance="derived",
    printed=r"\theta_c(\alpha)=\arccos\big(1-\tfrac1{(\alpha-1)\beta m^2}\big):\ P\ge1-\tfrac{M(M-1)}2A_d(\theta_c(\alpha)),\ P\approx\exp\{-\ldots\}",
    event=not_all_entmax_fixed,
    arguments={"d": d, "M": N, "m": sp.Integer(1), "beta": B, "alpha": alpha},
    points=tuple(
        {"d": dim, "alpha": order, "beta_m2": beta_m2, "N": count}
        for dim, order, beta_m2, count in (
            (5, "5/4", 12, 5),
            (5, "5/4", 48, 16),
            (5, "3/2", 12, 8),
            (5, 2, 6, 8),
            (5, 3, 3, 8),
            (8, "3/2", 8, 12),
            (8, 3, 2, 12),
            (10, "3/2", 6, 10),
            (10, 2, "3", 10),
        )
    ),
    hypotheses=(Hypothesis(Gt(alpha, 1)), Hypothesis(Ge((alpha - 1) * B, Rational(1, 2)))),
    derive={"theta": acos(1 - 1 / ((alpha - 1) * B))},
    # The union bound is never below 1 - exp: beside it only the lower half of the approximation says more.
    bound=PAIRS,
    lower=1 - exp(-PAIRS) - Rational(1, 20),
    trials=12_000,
    controls=(
        scaled("1/2"),
        Control(
            "twice the exponent",
            1 - exp(-2 * PAIRS) - Rational(1, 20),
            part="lower",
            description="P(failure) >= 1 - exp(-M(M-1) A_d(theta_c)) - 1/20",
        ),
    ),
    related=("stanhop2024.capacity", "restated.exact-sparse-capacity"),
    notices=(
        "The approximation exp(-M(M-1)A/2) is declared to 1/20 in the probability of failure.",
        "The event compares the entmax weights themselves; at alpha = 1 every trial with two memories fails.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (ENERGY, GSH_ENERGY, VS_DENSE, BOUNDS, MASS, CAPACITY, EXACT)
