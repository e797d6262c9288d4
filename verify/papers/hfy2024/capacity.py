"""How many memories are retrieved exactly, placed and at random.

SSHN = Santos et al. 2024, arXiv 2402.13725, Prop. 4.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy import Ge, Gt, Le, Lt, Rational, cos, floor, pi, sin, sqrt

from bounds.functions import CapArea
from simulations.events_exact_ball import not_all_exact_in_ball
from verify.arena import Patterns, Points
from verify.controls import scaled
from verify.papers.hfy2024.fixed_points import EVERY, order_of, step_error
from verify.papers.hfy2024.maps import ENTMAX, MARGIN
from verify.papers.hfy2024.margins import ORDER, OWN, PAPER
from verify.papers.hu2023.capacity import Delta_min
from verify.statement import Control, Hypothesis, Inequality, Part, Probability, Source, Statement
from verify.vocabulary import beta, d, dist, err_dense, m, norm_spread

GROWTH = 2 / sqrt(3)
known = sp.Symbol("known", positive=True)
KISSING = {
    2: 6,
    3: 12,
    4: 24,
    5: 40,
    8: 240,
    16: 4320,
    24: 196560,
    48: 52416000,
    128: 218044170240,
}
"""Sizes of known codes with smallest angle 60 degrees (kissing configurations), by dimension."""

PLACED = Inequality(
    id="hfy2024.prop4-capacity-placed",
    title="Capacity for equidistant patterns",
    source=Source(PAPER, "SSHN Prop. 4 (a)"),
    provenance="recalled",
    printed=r"N=O\big((2/\sqrt3)^D\big)\text{ equidistant patterns, exactly retrieved in one step under }\epsilon",
    arena=Points(tuple({d: dim, known: count} for dim, count in KISSING.items())),
    parts=(
        *(
            Part(
                f"{constant} (2/sqrt 3)^D equidistant points exist on the sphere in R^D",
                Le(constant * GROWTH**d, d + 1),
            )
            for constant in (sp.Integer(1), Rational(1, 10), Rational(1, 1000))
        ),
        Part(
            "reading: (2/sqrt 3)^D points at pairwise angles of at least 60 degrees",
            Le(GROWTH**d, known),
            headline=False,
        ),
    ),
    controls=(Control("twice as many", Le(2 * GROWTH**d, d + 1)),),
    related=("restated.sixty-degree-retrieval",),
    notices=(
        "O() is read as 'at least a constant times', with the constants 1, 1/10 and 1/1000.",
        "At most D + 1 points of a sphere in R^D are equidistant: the number grows linearly in D.",
        "The reading uses the sizes of known kissing configurations; restated.sixty-degree-retrieval has the retrieval.",
    ),
)

CAP = Part(
    "codes of at least (2/sqrt 3)^(D-1) points: one over the cap area",
    Le(CapArea(d, pi / 3), (sqrt(3) / 2) ** (d - 1)),
)
SIXTY = Inequality(
    id="restated.sixty-degree-retrieval",
    title="Retrieval of memories at pairwise angles of at least 60 degrees",
    source=OWN,
    provenance="derived",
    printed=r"\angle\ge60^\circ,\ M^2>2m/\beta,\ \epsilon\le\tfrac M4-\tfrac m{2\beta M}\ \Rightarrow\ q_1=x_i\text{ for all }\|q_0-x_i\|\le\epsilon",
    arena=Patterns(
        query="ball",
        radius=m / 4,
        norms="equal",
        min_memories=2,
        params=(ORDER,),
        families=("code", "simplex", "orthonormal", "antipodal", "circle", "sphere"),
        sizes=((2, 2), (2, 3), (3, 12), (4, 16), (8, 16), (24, 40)),
    ),
    hypotheses=(
        Hypothesis(sp.Eq(norm_spread, 0), "equal norms"),
        Hypothesis(Ge(2 * Delta_min, m**2), "all angles are at least 60 degrees"),
    ),
    parts=(
        *(
            Part(
                kind,
                Le(step_error[kind], 0),
                scale=m,
                given=(
                    *order_of(kind),
                    Hypothesis(Gt(m**2, 2 * MARGIN[kind] / beta)),
                    Hypothesis(Le(dist, m / 4 - MARGIN[kind] / (2 * beta * m)), "|x - xi_mu| <= eps"),
                ),
            )
            for kind in EVERY[:2]
        ),
        CAP,
    ),
    controls=(
        Control("the dense map too", Le(err_dense, 0), ENTMAX),
        Control("three times as many points", Lt(3 * CapArea(d, pi / 3), (sqrt(3) / 2) ** (d - 1)), CAP.name),
    ),
    related=("hfy2024.prop4-capacity-placed", "hfy2024.prop3-ball"),
    notices=(
        "Greedy choice gives a code of at least 1/A_D(60 degrees) points (Chabauty, Shannon, Wyner); measured is that "
        "this is at least (2/sqrt 3)^(D-1) in the dimensions of the grid.",
    ),
)

p, N, b, zeta, degrees, theta, eps = sp.symbols("p N beta_m2 zeta degrees theta eps", positive=True)
slack = sp.Symbol("eps", real=True)
EXACT = {"d": d, "M": N, "m": sp.Integer(1), "beta": b, "margin": sp.Integer(1), "eps": slack}


def grid(name: str, ways: tuple[tuple[Any, ...], ...]) -> tuple[dict[str, Any], ...]:
    """Grid points d, p for each angle with its temperatures: the first one leaves a radius eps of almost 0."""
    return tuple(
        {"d": dim, name: value, "beta_m2": temperature, "p": prob}
        for value, temperatures, dims in ways
        for temperature in temperatures
        for dim in dims
        for prob in ("1/100", "1/10", "1/2")
    )


RANDOM = Probability(
    id="hfy2024.prop4-capacity-random",
    title="Capacity for patterns uniform on the sphere",
    source=Source(PAPER, "SSHN Prop. 4 (b)"),
    provenance="recalled",
    printed=r"N=O\big(\sqrt p\,\zeta^{\frac{D-1}2}\big)\text{ with probability }1-p,\ \epsilon\le\tfrac M2(1-\cos\tfrac1\zeta)-\tfrac m{2\beta M}",
    event=not_all_exact_in_ball,
    arguments=EXACT,
    points=grid(
        "zeta",
        (
            ("6/5", ("31/10", "10"), (3, 10, 20, 40)),
            ("3/2", ("47/10", "10"), (5, 10, 20)),
            ("2", ("82/10", "20"), (3, 5, 10)),
            ("3", ("182/10",), (3, 5)),
            ("3", ("10",), (5,)),
        ),
    ),
    hypotheses=(Hypothesis(Ge(slack, 0), "there is a radius"),),
    derive={
        "eps": (1 - cos(1 / zeta)) / 2 - 1 / (2 * b),
        "N": floor(sqrt(p) * zeta ** ((d - 1) / 2)),
    },
    bound=p,
    informative=Ge(N, 2),
    simulate_if=Le(N, 100),
    trials=3000,
    controls=(scaled("1/50"),),
    related=("restated.capacity-any-angle", "hfy2024.prop3-ball"),
    notices=(
        "Tested with the constant 1 in O(); beta_m2 is beta M^2 over the margin, and eps the largest radius allowed.",
    ),
)

UNION = Part("the union bound over all pairs", Le(N * (N - 1) / 2 * CapArea(d, theta), p))
ANY_ANGLE = Probability(
    id="restated.capacity-any-angle",
    title="Capacity for random patterns at any angle",
    source=OWN,
    provenance="derived",
    printed=r"N=\sqrt{2\pi p\cos\theta}\,(1/\sin\theta)^{\frac{D-1}2},\ \epsilon\le\tfrac M2(1-\cos\theta)-\tfrac m{2\beta M}",
    event=not_all_exact_in_ball,
    arguments=EXACT,
    points=grid(
        "degrees",
        (
            (30, ("75/10", "20"), (3, 5)),
            (40, ("43/10",), (3, 5, 10)),
            (50, ("281/100", "10"), (3, 5, 10, 20)),
            (60, ("201/100",), (3, 10, 20, 40)),
            (75, ("136/100",), (20, 40)),
            (85, ("110/100",), (40,)),
        ),
    ),
    hypotheses=(Hypothesis(Ge(slack, 0), "there is a radius"),),
    derive={
        "theta": pi * degrees / 180,
        "eps": (1 - cos(theta)) / 2 - 1 / (2 * b),
        "N": floor(sqrt(2 * pi * p * cos(theta)) * (1 / sin(theta)) ** ((d - 1) / 2)),
    },
    bound=p,
    informative=Ge(N, 2),
    simulate_if=Le(N, 60),
    trials=3000,
    parts=(UNION,),
    controls=(scaled("1/10"), scaled("1/4", part=UNION.name)),
    related=("hfy2024.prop4-capacity-random", "restated.minimal-angle-union"),
)

STATEMENTS: tuple[Statement, ...] = (PLACED, SIXTY, RANDOM, ANY_ANGLE)
