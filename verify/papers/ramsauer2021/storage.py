"""Storage notions, the Jacobian of the update, and fixed points near memories of the dense model.

H. Ramsauer, B. Schaefl, J. Lehner et al., "Hopfield Networks is All You Need", ICLR 2021, arXiv 2008.02217:
Definitions 1 and 3, Lemmas A2 to A7, and statements of this project beside them.
"""

from __future__ import annotations

import sympy as sp
from sympy import Eq, Ge, Gt, Le, Lt, Rational, exp

from verify.arena import Param, Patterns
from verify.controls import replaced, scaled
from verify.papers.ramsauer2021.balls import (
    T_slope,
    Xi_norm2,
    ball_image,
    ball_slope,
    limit_gap,
    m_max_all,
    map_gap,
    mean_gap,
    near_dist,
    p_rest,
    p_spread,
    r_stored,
    rho,
    score_shift,
    second_moment,
    variance_v,
)
from verify.papers.ramsauer2021.spheres import LIMITS, OWN, PAPER, RADIUS, SAME, SPHERES
from verify.statement import Control, Definition, Hypothesis, Inequality, Part, Source, Statement
from verify.vocabulary import (
    Delta_x,
    J_norm,
    M,
    beta,
    diam,
    dist,
    dist_star,
    err,
    gap_star,
    m,
    q_dense,
    step_star,
)

NO_RIVAL = "A single memory has no competitor: the statement says nothing there."

r_share = sp.Symbol("r_share", positive=True)
eps = sp.Symbol("eps", nonnegative=True)

# -- what is stored ------------------------------------------------------------------------------------

STORED = (
    Hypothesis(Le(dist, r_stored), "x lies in the sphere of radius r about xi_mu"),
    Hypothesis(Gt(r_stored, 0), "there is a sphere: no two memories coincide"),
    Hypothesis(Lt(r_share, 1), "spheres of radius r do not meet"),
    Hypothesis(Le(ball_image, r_stored), "T maps the sphere into itself"),
    Hypothesis(Lt(ball_slope, 1), "T contracts there, so all its points converge to one fixed point in it"),
)

SHARES = {
    "r <= R/4": (Le(r_share, Rational(1, 4)),),
    "R/4 < r <= 3R/4": (Gt(r_share, Rational(1, 4)), Le(r_share, Rational(3, 4))),
    "r > 3R/4": (Gt(r_share, Rational(3, 4)),),
}
"""Ranges of the radius that are counted apart."""

def1 = Definition(
    id="ramsauer2021.def1",
    title="Stored and retrieved memories",
    source=Source(PAPER, "Definition 1 = Definition 5"),
    provenance="primary",
    printed=r"x_i\text{ is stored if }S_i\text{ contains a single fixed point }x_i^*\in S_i\text{ to which "
    r"all points of }S_i\text{ converge, and }S_i\cap S_j=\emptyset\text{ for }i\ne j",
    arena=Patterns(query="ball", radius=r_stored, params=(Param(r_share, 0.05, 1 - 1e-9),), search=False),
    parts=(
        Part("the limit lies in the sphere", Le(dist_star, r_stored), given=STORED),
        Part("all points converge to it", Le(limit_gap, SAME), given=STORED),
        Part("an update retrieves", Le(step_star, gap_star), scale=m, given=STORED),
        *(
            Part(
                f"the limit lies in the sphere, {name}",
                Le(dist_star, r_stored),
                given=(*STORED, *(Hypothesis(r) for r in relations)),
                headline=False,
            )
            for name, relations in SHARES.items()
        ),
        Part("without a certificate of storage", Le(dist_star, r_stored), headline=False),
    ),
    controls=(
        scaled("1/10", "the limit lies in the sphere"),
        Control("every point is its own limit", Le(gap_star, SAME), "all points converge to it"),
        Control("the first update is at the fixed point", Le(step_star, SAME), "an update retrieves"),
    ),
    notices=(
        "Whether a memory is stored depends on the radius chosen: r runs over shares of R, half the smallest "
        "distance (of m for a single memory).",
        "Instances count as stored where bounds over the whole sphere show it; the others are left open.",
        LIMITS,
    ),
)

def3 = Definition(
    id="ramsauer2021.def3",
    title="The sphere of a memory that the proofs use",
    source=Source(PAPER, "Definition 3 of the appendix"),
    provenance="primary",
    printed=r"S_i=\{\xi:\ |\xi-x_i|\le 1/(\beta NM)\}",
    arena=Patterns(query="ball", radius=RADIUS),
    hypotheses=(Hypothesis(Le(dist, RADIUS), "x lies in S_mu"),),
    parts=(
        Part("scores change by at most 1/M", Le(score_shift, 1 / M)),
        Part("the fixed point lies in it", Le(dist_star, RADIUS), headline=False),
        Part(
            "spheres do not meet",
            Gt(near_dist, 2 * RADIUS),
            given=(Hypothesis(Ge(M, 2), "there is another memory"),),
            headline=False,
        ),
    ),
    controls=(scaled("9/10", "scores change by at most 1/M"),),
    related=("ramsauer2021.def1", "ramsauer2021.lemma-a5-a7"),
    notices=(
        "The definition claims neither that the spheres are disjoint nor that they hold a fixed point: "
        "both are measured as readings.",
    ),
)

# -- Jacobian --------------------------------------------------------------------------------------------

lemma_a2 = Inequality(
    id="ramsauer2021.lemma-a2",
    title="Spectral norm of the Jacobian",
    source=Source(PAPER, "Lemma A2, first part"),
    provenance="primary",
    printed=r"J=\beta X(\mathrm{diag}\,p-pp^T)X^T,"
    r"\ |J|_2\le2\beta|X|_2^2\max_ip_i(1-p_i)\le2\beta NM^2\max_ip_i(1-p_i)",
    arena=Patterns(),
    parts=(
        Part("Jacobian", Eq(T_slope, beta * variance_v, evaluate=False), scale=beta * m**2),
        Part("with the norm of the memories", Le(J_norm, 2 * beta * Xi_norm2 * p_spread)),
        Part("norm of the memories", Le(Xi_norm2, M * m**2)),
        Part("with the largest norm", Le(J_norm, 2 * beta * M * m**2 * p_spread)),
    ),
    controls=(
        scaled("99/100", "Jacobian"),
        scaled("9/10", "with the norm of the memories"),
        scaled("9/10", "norm of the memories"),
        scaled("9/10", "with the largest norm"),
    ),
)

LEVEL = 2 * beta * M * m**2 * (eps - eps**2)

lemma_a2_concentrated = Inequality(
    id="ramsauer2021.lemma-a2-concentrated",
    title="Jacobian where one weight is at least 1 - eps",
    source=Source(PAPER, "Lemma A2, second part"),
    provenance="primary",
    printed=r"|J|_2\le2\beta NM^2(\epsilon-\epsilon^2)",
    arena=Patterns(params=(Param(eps, 0.0, 1.0),)),
    hypotheses=(Hypothesis(Le(p_rest, eps), "one weight is at least 1 - eps"),),
    parts=(
        Part("bound", Le(J_norm, LEVEL)),
        Part("eps = 1 - max p", Le(J_norm, 2 * beta * M * m**2 * p_spread), headline=False),
        Part("eps <= 1/2", Le(J_norm, LEVEL), given=(Hypothesis(Le(eps, Rational(1, 2))),), headline=False),
        Part("eps < 1", Le(J_norm, LEVEL), given=(Hypothesis(Lt(eps, 1)),), headline=False),
    ),
    controls=(scaled("1/4"),),
    related=("restated.jacobian-concentrated-half",),
    notices=("Only 0 <= eps <= 1 is printed; eps - eps^2 decreases beyond 1/2 and is 0 at 1.",),
)

jacobian_concentrated_half = Inequality(
    id="restated.jacobian-concentrated-half",
    title="Jacobian where one weight is at least 1 - eps, eps at most 1/2",
    source=OWN,
    provenance="derived",
    printed=r"|J|_2\le2\beta NM^2(\epsilon-\epsilon^2),\qquad0\le\epsilon\le\tfrac12",
    arena=Patterns(params=(Param(eps, 0.0, 0.5),)),
    hypotheses=(
        Hypothesis(Le(p_rest, eps), "one weight is at least 1 - eps"),
        Hypothesis(Le(eps, Rational(1, 2))),
    ),
    parts=(Part("bound", Le(J_norm, LEVEL)),),
    controls=(scaled("1/2"),),
    related=("ramsauer2021.lemma-a2-concentrated",),
)

jacobian_covariance = Inequality(
    id="restated.jacobian-covariance",
    title="The Jacobian is beta times a covariance",
    source=OWN,
    provenance="derived",
    printed=r"|J|_2\le\beta\sum_{j\ne i}p_j|x_j-x_i|^2\le4\beta M^2(1-p_i),"
    r"\quad|J|_2\le\tfrac\beta4\mathrm{diam}^2",
    arena=Patterns(),
    parts=(
        Part("second moment", Le(J_norm, beta * second_moment)),
        Part("second moment and weight", Le(second_moment, 4 * m**2 * q_dense)),
        Part("weight", Le(J_norm, 4 * beta * m**2 * q_dense), trivial=beta * diam**2 / 4),
        Part("diameter", Le(J_norm, beta * diam**2 / 4)),
    ),
    controls=(
        scaled("9/10", "second moment"),
        scaled("9/10", "second moment and weight"),
        scaled("9/10", "weight"),
        scaled("9/10", "diameter"),
    ),
    related=("ramsauer2021.lemma-a2",),
    notices=("That J is beta times a covariance is the formula of Lemma A2, checked beside that lemma.",),
)

# -- one fixed point for all states -----------------------------------------------------------------------

NEAR_ONE = (0.01, 0.25, 0.5, 0.9, 0.99, 1.01, 1.1, 1.25, 1.5, 2.0, 3.0, 4.0, 8.0, 16.0, 64.0, 200.0)
BELOW_ONE = Hypothesis(Lt(beta * m_max_all**2, 1), "beta m_max^2 < 1")

lemma_a3 = Inequality(
    id="ramsauer2021.lemma-a3",
    title="A global fixed point at high temperature",
    source=Source(PAPER, "Lemma A3"),
    provenance="primary",
    printed=r"|J|_2\le\beta m_{max}^2;\quad\beta m_{max}^2<1\Rightarrow\text{exactly one fixed point}",
    arena=Patterns(beta_m2=NEAR_ONE, max_size=800, search=False),
    parts=(
        Part("Jacobian", Le(J_norm, beta * m_max_all**2)),
        Part("one limit from all starts", Le(limit_gap, SAME), given=(BELOW_ONE,)),
        Part("one limit without the condition", Le(limit_gap, SAME), headline=False),
    ),
    controls=(
        scaled("9/10", "Jacobian"),
        Control("the fixed point is the mean", Le(mean_gap, SAME), "one limit from all starts"),
    ),
    related=("restated.global-fixed-point",),
    notices=(
        'The text says one fixed point "in each compact set"; tested is one fixed point in all of space.',
        LIMITS,
    ),
)

FACTOR = sp.Min(beta * rho**2, beta * diam**2 / 4)

global_fixed_point = Inequality(
    id="restated.global-fixed-point",
    title="The update contracts all of space",
    source=OWN,
    provenance="derived",
    printed=r"|f(\xi)-f(\eta)|\le\min(\beta\rho^2,\tfrac\beta4\mathrm{diam}^2)\,|\xi-\eta|;"
    r"\quad\text{one fixed point}",
    arena=Patterns(beta_m2=NEAR_ONE, max_size=800, search=False),
    parts=(
        Part("local factor", Le(J_norm, FACTOR)),
        Part("factor between x and xi_mu", Le(map_gap, FACTOR * dist), scale=m),
        Part(
            "one limit from all starts",
            Le(limit_gap, SAME),
            given=(Hypothesis(Lt(FACTOR, 1), "beta diam^2 < 4 or beta rho^2 < 1"),),
        ),
    ),
    controls=(
        scaled("9/10", "local factor"),
        scaled("1/2", "factor between x and xi_mu"),
        Control("the limit is the memory", Le(dist_star, SAME), "one limit from all starts"),
    ),
    related=("ramsauer2021.lemma-a3",),
    notices=(
        "A ball that holds all memories has a radius of at least diam/2: the second term is the smaller one.",
        LIMITS,
    ),
)

# -- one update ---------------------------------------------------------------------------------------------

lemma_a4 = Inequality(
    id="ramsauer2021.lemma-a4",
    title="Error of one update from the margin of the best memory",
    source=Source(PAPER, "Lemma A4"),
    provenance="primary",
    printed=r"|x_i-f(\xi)|\le2\epsilon M,\qquad\epsilon=(N-1)e^{-\beta c}",
    arena=Patterns(min_memories=2),
    parts=(
        Part(
            "best memory",
            Le(err, 2 * m * (M - 1) * exp(-beta * Delta_x)),
            trivial=2 * m,
            given=(Hypothesis(Ge(Delta_x, 0), "mu has the largest margin at x, so c >= 0"),),
        ),
        Part(
            "any memory with its own margin",
            Le(err, 2 * m * (M - 1) * exp(-beta * Delta_x)),
            trivial=2 * m,
            headline=False,
        ),
    ),
    controls=(scaled("9/10"), replaced(M - 1, 1)),
    related=("restated.one-update-margin",),
    notices=(NO_RIVAL,),
)

EPS_X = (M - 1) * exp(-beta * Delta_x)

one_update_margin = Inequality(
    id="restated.one-update-margin",
    title="Error of one update from the margin of any memory",
    source=OWN,
    provenance="derived",
    printed=r"|x_i-f(\xi)|\le2M\,\epsilon/(1+\epsilon)",
    arena=Patterns(min_memories=2),
    parts=(Part("error", Le(err, 2 * m * EPS_X / (1 + EPS_X)), trivial=2 * m),),
    controls=(scaled("99/100"), replaced(M - 1, 1)),
    related=("ramsauer2021.lemma-a4",),
    notices=(NO_RIVAL,),
)

STATEMENTS: tuple[Statement, ...] = (
    def1,
    def3,
    lemma_a2,
    lemma_a2_concentrated,
    jacobian_concentrated_half,
    jacobian_covariance,
    lemma_a3,
    global_fixed_point,
    lemma_a4,
    one_update_margin,
    *SPHERES,
)
