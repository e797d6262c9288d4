"""Placed patterns: how many patterns can be stored if somebody chooses where they lie on the sphere.

H. Ramsauer, B. Schaefl, J. Lehner et al., "Hopfield Networks is All You Need", ICLR 2021, arXiv 2008.02217:
Theorems A3 and A4, a step of their proofs, and a statement of this project beside them.

What can be certified: a code that is stored (a witness of existence), and a packing bound (caps of half the
smallest angle do not overlap, so a code of angle alpha has at most 1/A_d(alpha/2) points). Where neither applies
the claim stays open.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import sympy as sp
from sympy import Ge, Gt, Le, Lt, Rational, acos, exp, floor, log, pi, sqrt

from bounds.exact import Real, Undecided
from bounds.functions import CapArea
from simulations.basins import certified_basin
from simulations.ensembles import ENSEMBLES
from simulations.storage import distinct_limits, half_min_distance, stored
from simulations.streams import stream
from simulations.variants.dense import DENSE
from verify.arena import Patterns, Points
from verify.controls import scaled
from verify.instances import Array, Instances
from verify.papers.ramsauer2021.random_capacity import K
from verify.statement import Control, Hypothesis, Inequality, Part, Source, Statement
from verify.vocabulary import J_norm, M, R, beta, d, dist, err, largest, m, quantity

RELATED = "a related statement of this project"


# -- witnesses of existence -------------------------------------------------------------------------------

LARGEST_CODE = 64
TRIES = 4
STEPS = 400
SHARES = (0.3, 0.25, 0.2, 0.15)
"""Radii about the points, as shares of half the smallest distance, that are tried in a certificate."""


@cache
def examine_codes(dimension: int, count: int, norm: float) -> tuple[bool, str]:
    """Whether some spread code of ``count`` points on the sphere is stored for beta = 1, and what was seen.

    Stored: certified, or as many limits as points, each nearer to its point than half the smallest distance, and
    no sampled start in the ball of that radius that ends elsewhere.
    """
    drawn = ENSEMBLES["code"](
        stream(0, "placed", dimension, count), TRIES, count, dimension, m=norm, steps=STEPS
    )
    half = np.asarray(half_min_distance(drawn))
    best = np.zeros((TRIES, count), dtype=bool)
    for share in SHARES:
        best |= certified_basin(DENSE, drawn, 1.0, share * half)[0]
    limits = distinct_limits(DENSE, drawn, 1.0)
    moved = np.linalg.norm(limits.state - drawn, axis=-1).max(axis=1)
    chosen = int(np.argmin(moved / half))
    radius = min(1.05 * moved[chosen], 0.999 * half[chosen])
    sampled = stored(DENSE, drawn[chosen], 1.0, radius, 16, stream(0, "placed starts", dimension, count))
    text = (
        f"{count} points in dimension {dimension}: at best {int(best.sum(axis=1).max())} certified, "
        f"{int(limits.count[chosen])} distinct limits, largest displacement {moved[chosen] / norm:.3g} m "
        f"(half the smallest distance is {half[chosen] / norm:.3g} m), with that radius "
        f"{int(np.sum(sampled == 0))} found not stored by sampling"
    )
    seen = limits.count[chosen] == count and radius < half[chosen] and not np.any(sampled == 0)
    return bool(np.any(best.all(axis=1)) or seen), text


rate = sp.Symbol("rate", positive=True)
COUNT = rate ** (d - 1)
"""The claimed number of patterns, 2^(2(d-1)) or 2^(3(d-1))."""


@quantity(
    "placed_stored", "number of patterns of one spread code that are all stored, as far as sampling can tell"
)
def placed_stored(b: Instances) -> Array:
    dimension, base, k = (float(b.scalars[name][0]) for name in ("d", "rate", "K"))
    count = round(base ** (dimension - 1))
    found, text = examine_codes(int(dimension), count, k * math.sqrt(dimension - 1))
    if not found:
        raise Undecided(f"no stored code found; {text}")
    return np.array([Real(count)], dtype=object)


BETA_M2 = K**2 * (d - 1)
NEEDED = (2 / COUNT + log(2 * (COUNT - 1) * COUNT * BETA_M2)) / BETA_M2
"""1 - cos of the angle at which patterns of equal norm meet hypothesis (A2), beta = 1."""
PACKING = Le(COUNT, 1 / CapArea(d, acos(1 - NEEDED) / 2))

OVERLAP = (sqrt(1 + 4 * K**4) - 1) / (2 * K**2)
"""The cosine at which exp(beta m^2 t) has most weight on the sphere, in high dimension."""
OWN_WEIGHT = exp(BETA_M2 * (1 - OVERLAP)) / (COUNT * CapArea(d, acos(OVERLAP)))
"""Upper bound on the smallest p_mu(xi_mu), for any placement: exp(<x, y>) is a positive definite kernel, so the
average over mu of sum_nu exp(<xi_mu, xi_nu>) is at least N E exp(m^2 t) >= N A_d(theta) exp(m^2 cos theta)."""

PLACED_PARTS = (
    Part(
        "all patterns of a spread code are stored",
        Ge(placed_stored, COUNT),
        given=(Hypothesis(Le(COUNT, LARGEST_CODE), "codes that are examined"),),
        sampled=LARGEST_CODE,
    ),
    Part("the code can meet hypothesis (A2)", PACKING, headline=False),
    Part("every pattern can keep half of its own weight", Ge(OWN_WEIGHT, Rational(1, 2)), headline=False),
)
PLACED_CONTROLS = (
    Control(
        "(A2) for all patterns", PACKING, description="all patterns meet (A2), against the packing bound"
    ),
)
PLACED_NOTICES = (
    "An existence claim for all d.  Codes of 64 points are examined (d = 4 for Theorem A3, d = 3 for Theorem A4); in "
    "high dimension neither a code nor an upper bound on what Def. 1 (radius free) allows is at hand, and the "
    "verdict says nothing there.",
    "Def. 1 leaves the radius free. With hypothesis (A2) in its place, or the sphere of Def. 3 reached through it, "
    "the packing bound decides (second part).",
    "The third part is an upper bound on the weight that some pattern gives to itself, whatever the placement.",
)

THM_A3 = Inequality(
    id="ramsauer2021.thm-a3-placed",
    title="Storing 2^(2(d-1)) placed patterns",
    source=Source("ramsauer2021", "Thm A3"),
    provenance="primary",
    printed=r"\beta=1,\ M=2\sqrt{d-1},\ d\ge4\ \text{or}\ M=1.7\sqrt{d-1},\ d\ge50:\quad N=2^{2(d-1)}",
    arena=Points(
        (
            *({"d": k, "K": 2, "rate": 4} for k in (4, 5, 8, 50)),
            *({"d": k, "K": "17/10", "rate": 4} for k in (50, 100)),
        )
    ),
    parts=PLACED_PARTS,
    controls=PLACED_CONTROLS,
    related=("ramsauer2021.placement-step", "restated.spherical-code-storage"),
    notices=PLACED_NOTICES,
)

THM_A4 = Inequality(
    id="ramsauer2021.thm-a4-placed",
    title="Storing 2^(3(d-1)) placed patterns",
    source=Source("ramsauer2021", "Thm A4"),
    provenance="primary",
    printed=r"\beta=1,\ M=5\sqrt{d-1},\ d\ge3\ \text{or}\ M=4\sqrt{d-1},\ d\ge13:\quad N=2^{3(d-1)}",
    arena=Points(
        (
            *({"d": k, "K": 5, "rate": 8} for k in (3, 4, 5, 13)),
            *({"d": k, "K": 4, "rate": 8} for k in (13, 50)),
        )
    ),
    parts=PLACED_PARTS,
    controls=PLACED_CONTROLS,
    related=("ramsauer2021.placement-step", "restated.spherical-code-storage"),
    notices=PLACED_NOTICES,
)

degrees = sp.Symbol("degrees", positive=True)
ANGLE = pi * degrees / 180
PLACEABLE = floor((2 * pi / ANGLE) ** (d - 1))

PLACEMENT_STEP = Inequality(
    id="ramsauer2021.placement-step",
    title="How many points fit on a sphere with a given smallest angle",
    source=Source("ramsauer2021", "step in the proofs of Thms A3, A4"),
    provenance="primary",
    printed=r"N=(2\pi/\alpha_{min})^{d-1}\text{ points on }S^{d-1}\text{ with pairwise angle at least }\alpha_{min}",
    arena=Points(tuple({"d": k, "degrees": q} for k in (3, 4, 5, 8) for q in (90, 75, 60, 45, 30, 20, 10))),
    parts=(
        Part("below the packing bound", Le((360 / degrees) ** (d - 1), 1 / CapArea(d, ANGLE / 2))),
        Part(
            "at 90 degrees at most 2 d points",
            Le(PLACEABLE, 2 * d),
            given=(Hypothesis(sp.Eq(degrees, 90), "where the largest code is known"),),
            headline=False,
        ),
        *(
            Part(
                f"at 60 degrees in dimension {k} at most {number} points (kissing number)",
                Le((360 / degrees) ** (d - 1), number),
                given=(Hypothesis(sp.Eq(degrees, 60), ""), Hypothesis(sp.Eq(d, k), "")),
                headline=False,
            )
            for k, number in ((3, 12), (4, 24), (8, 240))
        ),
    ),
    controls=(scaled("1/2"),),
    related=("ramsauer2021.thm-a3-placed", "ramsauer2021.thm-a4-placed"),
    notices=("For d = 2 a regular polygon has floor(2 pi/alpha) corners; the step holds there.",),
)


# -- codes with enough separation -------------------------------------------------------------------------


@quantity("cos_alpha", "largest cosine of the angle between two memories", real=True)
def cos_alpha(b: Instances) -> Array:
    memories = np.broadcast_to(b.memories, (b.size, *b.memories.shape[1:]))
    i, j = np.triu_indices(memories.shape[1], 1)
    overlap = np.sum(memories[:, i] * memories[:, j], axis=-1)
    squares = np.sum(memories * memories, axis=-1)
    return largest(overlap) / largest(squares)


SMALL_BALL = 1 / (2 * beta * m)

CODE_STORAGE = Inequality(
    id="restated.spherical-code-storage",
    title="Storage of a spherical code",
    source=Source("ramsauer2021", RELATED),
    provenance="derived",
    printed=(
        r"4\beta M^2(N-1)>1,\ M^2(1-\cos\theta)\ge\tfrac{1+\ln(4\beta M^2(N-1))}{\beta}\ \Rightarrow\ "
        r"\text{all }N\text{ patterns stored in the disjoint balls }B(x_i,\tfrac1{2\beta M})"
    ),
    arena=Patterns(
        norms="equal",
        query="ball",
        radius=SMALL_BALL,
        min_memories=2,
        sizes=((1, 2), (2, 2), (2, 3), (2, 4), (3, 4), (3, 8), (4, 12), (5, 20), (8, 40)),
        beta_m2=(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 12.0, 20.0, 32.0, 50.0, 100.0, 200.0, 400.0),
    ),
    hypotheses=(
        Hypothesis(Gt(4 * beta * m**2 * (M - 1), 1), "the logarithm is positive"),
        Hypothesis(
            Ge(m**2 * (1 - cos_alpha), (1 + log(4 * beta * m**2 * (M - 1))) / beta), "a large smallest angle"
        ),
        Hypothesis(Le(dist, SMALL_BALL), "x in the ball"),
    ),
    parts=(
        Part("maps into the ball", Le(err, SMALL_BALL)),
        Part("contracts", Lt(J_norm, 1, evaluate=False)),
        Part("disjoint balls", Lt(SMALL_BALL, R)),
    ),
    controls=(
        scaled("1/3", part="maps into the ball"),
        scaled("1/3", part="contracts"),
        scaled("1/6", part="disjoint balls"),
    ),
    related=("ramsauer2021.thm-a3-placed", "ramsauer2021.thm-a4-placed"),
    notices=(
        "That codes with M >= 1/A_d(theta) points exist (a maximal code covers the sphere by caps of radius theta) "
        "is not measured here.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (THM_A3, THM_A4, PLACEMENT_STEP, CODE_STORAGE)
