"""Spheres about well separated memories: Lemmas A5 to A7 and statements of this project beside them.

H. Ramsauer, B. Schaefl, J. Lehner et al., "Hopfield Networks is All You Need", ICLR 2021, arXiv 2008.02217.
"""

from __future__ import annotations

from sympy import Ge, Gt, Le, Lt, log

from verify.arena import Patterns
from verify.controls import scaled
from verify.papers.ramsauer2021.balls import Delta_near, limit_gap, near_dist
from verify.statement import Control, Hypothesis, Inequality, Part, Source, Statement
from verify.vocabulary import Delta_mu, J_norm, M, beta, dist, dist_star, err, gap_star, m

PAPER = "ramsauer2021"
OWN = Source(PAPER, "a related statement of this project")
RADIUS = 1 / (beta * M * m)
"""Radius of the spheres of Definition 3."""
SAME = m / 10**6
LIMITS = (
    "Limits count as one where they are closer than m/10^6; in exact reading Krawczyk's test encloses each."
)

LOGARITHM = log(2 * (M - 1) * M * beta * m**2)
SEPARATED = 2 / (beta * M) + LOGARITHM / beta
ASSUMPTION_305 = Gt(2 * (M - 1) * M * beta * m**2, 1)

lemma_a5_a7 = Inequality(
    id="ramsauer2021.lemma-a5-a7",
    title="The sphere of a well separated memory holds a fixed point",
    source=Source(PAPER, "Lemmas A5, A6, A7 under (A2)"),
    provenance="primary",
    printed=r"\Delta_i\ge\frac{2}{\beta N}+\frac1\beta\ln\big(2(N-1)N\beta M^2\big)\Rightarrow"
    r" f(S_i)\subseteq S_i,\ f\text{ contracts on }S_i,\ S_i\text{ contains a fixed point}",
    arena=Patterns(query="ball", radius=RADIUS, min_memories=2),
    hypotheses=(
        Hypothesis(Ge(Delta_mu, SEPARATED), "(A2)"),
        Hypothesis(Le(dist, RADIUS), "x lies in S_mu"),
        Hypothesis(ASSUMPTION_305, "(305)", in_text_only=True),
    ),
    parts=(
        Part("A5: T maps the sphere into itself", Le(err, RADIUS), trivial=2 * m),
        Part("A6: T contracts on the sphere", Lt(J_norm, 1)),
        Part("A7: the sphere holds a fixed point", Le(dist_star, RADIUS), trivial=2 * m),
    ),
    controls=(
        scaled("1/2", "A5: T maps the sphere into itself"),
        scaled("1/2", "A6: T contracts on the sphere"),
        scaled("1/4", "A7: the sphere holds a fixed point"),
    ),
    related=("ramsauer2021.def3", "restated.spheres-disjoint"),
    notices=(
        "A single memory makes the logarithm of (A2) log 0: the statement says nothing there.",
        "Without (305) every set of memories meets the condition at high temperature; the sphere then holds "
        "all memories and the conclusion is trivial.",
    ),
)

spheres_disjoint = Inequality(
    id="restated.spheres-disjoint",
    title="Spheres of well separated memories do not meet",
    source=OWN,
    provenance="derived",
    printed=r"B(x_i,1/(\beta NM))\cap B(x_j,1/(\beta NM))=\emptyset",
    arena=Patterns(query="pattern", min_memories=2),
    hypotheses=(
        Hypothesis(Ge(Delta_mu, SEPARATED), "(A2) for mu"),
        Hypothesis(Ge(Delta_near, SEPARATED), "(A2) for nu, the memory nearest to xi_mu"),
        Hypothesis(ASSUMPTION_305, "(305)"),
    ),
    parts=(Part("distance of the centres", Gt(near_dist, 2 * RADIUS)),),
    controls=(scaled("3/10"),),
    related=("ramsauer2021.lemma-a5-a7",),
    notices=("The pair is a memory and its nearest neighbour; with few memories every pair occurs as one.",),
)

LOG_BALL = log(4 * beta * m**2 * (M - 1))
RADIUS_BALL = 1 / (2 * beta * m)
BALL_CONDITION = 1 + LOG_BALL
DISJOINT = "balls of two such memories are disjoint"

ball_storage = Inequality(
    id="restated.ball-storage",
    title="Storage in the ball of radius 1/(2 beta m)",
    source=OWN,
    provenance="derived",
    printed=r"\beta\Delta_i\ge1+\ln(4\beta M^2(N-1))\Rightarrow f\text{ maps }B(x_i,\tfrac1{2\beta M})"
    r"\text{ into its interior and contracts there; balls are disjoint}",
    arena=Patterns(query="ball", radius=RADIUS_BALL, min_memories=2, max_size=800),
    hypotheses=(
        Hypothesis(Gt(4 * beta * m**2 * (M - 1), 1), "4 beta m^2 (M-1) > 1"),
        Hypothesis(Ge(beta * Delta_mu, BALL_CONDITION), "beta Delta_mu >= 1 + log(4 beta m^2 (M-1))"),
        Hypothesis(Le(dist, RADIUS_BALL), "x lies in the ball"),
    ),
    parts=(
        Part("T maps the ball into its interior", Lt(err, RADIUS_BALL), trivial=2 * m),
        Part("T contracts on the ball", Lt(J_norm, 1)),
        Part("the limit lies inside", Lt(dist_star, RADIUS_BALL), trivial=2 * m),
        Part("all points of the ball converge to it", Le(limit_gap, SAME)),
        Part(
            DISJOINT,
            Gt(near_dist, 2 * RADIUS_BALL),
            given=(Hypothesis(Ge(beta * Delta_near, BALL_CONDITION), "the same for the nearest memory"),),
        ),
    ),
    controls=(
        scaled("3/5", "T maps the ball into its interior"),
        scaled("1/2", "T contracts on the ball"),
        scaled("1/4", "the limit lies inside"),
        Control("every point is its own limit", Le(gap_star, SAME), "all points of the ball converge to it"),
        scaled("3/10", DISJOINT),
    ),
    related=("ramsauer2021.lemma-a5-a7", "np2024.well-separation"),
    notices=(LIMITS,),
)

SPHERES: tuple[Statement, ...] = (lemma_a5_a7, spheres_disjoint, ball_storage)
