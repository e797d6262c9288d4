"""What the well-separation conditions say about storage in balls of the full radius, of a share of it, of a free one.

J. Y.-C. Hu, D. Wu, H. Liu, NeurIPS 2024, arXiv 2410.23126, and statements of this project beside it.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import sympy as sp
from sympy import Ge, Gt, Le, Lt, log, sqrt

from bounds.exact import Real
from verify.arena import Param, Patterns, Points
from verify.controls import scaled
from verify.instances import Array, Instances
from verify.papers.khm2024.features import (
    DISTINCT,
    HEAT_A,
    HEAT_B,
    HEAT_R,
    NONZERO,
    RADIUS,
    SHARE,
    TIGHT,
    Delta_min,
    Delta_unit,
    R_unit,
    heat,
    unit,
)
from verify.papers.khm2024.kernel import OWN, PAPER
from verify.papers.khm2024.storage_balls import certify_closest, closest_pair, trap
from verify.statement import Control, Hypothesis, Inequality, Part, Source, Statement
from verify.vocabulary import (
    M,
    dist_star,
    err,
    fixed_point,
    limit_from,
    measure,
    norm,
    quantity,
    target_memory,
)

FAMILIES = (
    "sphere",
    "gaussian",
    "binary",
    "orthonormal",
    "antipodal",
    "simplex",
    "circle",
    "clusters",
    "code",
)
SIZES = ((1, 2), (2, 2), (2, 3), (2, 5), (3, 3), (3, 4), (3, 8), (5, 10), (8, 16))
BETAS = (
    0.1,
    0.25,
    0.35,
    0.5,
    0.7,
    1.0,
    1.25,
    1.5,
    2.0,
    3.0,
    4.0,
    5.0,
    8.0,
    10.0,
    16.0,
    32.0,
    64.0,
    100.0,
    300.0,
    1e3,
)


def arena(*extra: Param) -> Patterns:
    """Unit features and a query at a share of the radius; beta drawn, or near the threshold that ``extra`` names."""
    return Patterns(
        query="ball",
        norms="equal",
        min_memories=2,
        params=(TIGHT, SHARE, *extra),
        families=FAMILIES,
        sizes=SIZES,
        beta_m2=BETAS,
        search=False,
    )


share, r = SHARE.symbol, RADIUS.symbol
NEEDED = log(2 * (M - 1) / R_unit) / heat
SEP_A_ALL = Hypothesis(Ge(Delta_min, NEEDED + 2 * R_unit), "variant a for all memories")
SEP_A_ONE = Hypothesis(Ge(Delta_unit, NEEDED + 2 * R_unit), "variant a for the target")
SEP_B_ALL = Hypothesis(Ge(Delta_min, NEEDED), "variant b for all memories")
SEP_B_ONE = Hypothesis(Ge(Delta_unit, NEEDED), "variant b for the target")

# -- limits in feature space -----------------------------------------------------------------------------------


@quantity("dyn_star", "distance from the target feature to the limit of the iteration that starts there")
def star(b: Instances) -> Array:
    return measure(unit(b), dist_star)


def _limit_gap(u: Instances) -> Array:
    return norm(limit_from(u, u.query) - fixed_point(u))


@quantity("dyn_limit_gap", "distance of the limits from y and from y_mu, |y - y_mu| a share of R_Phi")
def limit_gap(b: Instances) -> Array:
    return _limit_gap(unit(b))


@quantity("dyn_limit_gap_r", "distance of the limits from y and from y_mu, |y - y_mu| a share of r")
def limit_gap_r(b: Instances) -> Array:
    return _limit_gap(unit(b, "r"))


@quantity("dyn_image", "|T(y) - y_mu|, |y - y_mu| a share of R_Phi")
def image(b: Instances) -> Array:
    return measure(unit(b), err)


@quantity("dyn_image_r", "|T(y) - y_mu|, |y - y_mu| a share of r")
def image_r(b: Instances) -> Array:
    return measure(unit(b, "r"), err)


@quantity("dyn_image_centre", "|T(y_mu) - y_mu|")
def image_centre(b: Instances) -> Array:
    u = unit(b)
    return measure(u.with_query(target_memory(u)), err)


@quantity("dyn_pair_gap", "distance of the limits from the two features of a closest pair")
def pair_gap(b: Instances) -> Array:
    u = unit(b)
    i, j = closest_pair(u.memories)
    if b.exact:
        certify_closest(u.memories, int(i[0]), int(j[0]))
    rows = np.arange(b.size)
    return norm(limit_from(u, u.memories[rows, i]) - limit_from(u, u.memories[rows, j]))


ONE_LIMIT = Part("all points have the limit of the memory", Le(limit_gap, R_unit / 1000))
OPEN_LIMIT = Part("open: the limit from the memory is in its ball", Lt(star, R_unit))

SEP_A_STORED = Inequality(
    id="hu2024.sep.a.stored",
    title="Variant a for all memories implies storage",
    source=Source(PAPER, "use of the well-separation condition, variant a"),
    provenance="recalled",
    printed=r"\Delta_\mu^\Phi\ge\tfrac1\beta\ln\tfrac{2(M-1)}{R_\Phi}+2R_\Phi\ \forall\mu\ \Rightarrow\ "
    r"\text{every }\xi_\mu\text{ is stored (radius }R_\Phi)",
    arena=arena(),
    hypotheses=(NONZERO, DISTINCT),
    parts=(
        Part(OPEN_LIMIT.name, OPEN_LIMIT.relation, given=(SEP_A_ALL,)),
        Part(ONE_LIMIT.name, ONE_LIMIT.relation, given=(SEP_A_ALL,)),
        Part(
            "certificate: the smallest separation is at most 2 R",
            Le(Delta_min, 2 * R_unit),
            scale=sp.Integer(1),
            headline=False,
        ),
    ),
    controls=(
        Control(
            "at most R",
            Le(Delta_min, R_unit),
            "certificate: the smallest separation is at most 2 R",
        ),
    ),
    related=("hu2024.sep.a", "hu2024.sep.a.stored-single", "restated.a5.free-radius"),
    notices=(
        "No set meets the hypothesis: the smallest separation of unit features is 2 R^2 <= 2 R, and the logarithm is at "
        "least ln 2 (hu2024.sep.a has the proof).",
    ),
)

SEP_A_SINGLE = Inequality(
    id="hu2024.sep.a.stored-single",
    title="Variant a for one memory implies storage of that memory",
    source=Source(PAPER, "use of the well-separation condition, variant a, read memory by memory"),
    provenance="recalled",
    printed=r"\Delta_\mu^\Phi\ge\tfrac1\beta\ln\tfrac{2(M-1)}{R_\Phi}+2R_\Phi\ \Rightarrow\ "
    r"\text{every }y\in S_\mu^\Phi\text{ converges to one fixed point in }S_\mu^\Phi",
    arena=arena(HEAT_A),
    hypotheses=(NONZERO, DISTINCT, SEP_A_ONE),
    parts=(
        Part("T maps the ball into itself", Le(image, R_unit), trivial=sp.Integer(2)),
        OPEN_LIMIT,
        ONE_LIMIT,
    ),
    controls=(
        Control("maps it into a ball of a thousandth of the radius", Le(image, R_unit / 1000)),
        Control("the limit is the memory", Le(star, R_unit / 10**6), OPEN_LIMIT.name),
        Control("T(y) is the limit", Le(image, R_unit / 1000), ONE_LIMIT.name),
    ),
    related=("hu2024.sep.a.stored", "restated.a5.free-radius"),
    notices=(
        "The share of the radius includes the boundary (closed ball). One of the other features is drawn up to another "
        "one, which makes R_Phi small: variant a can be met by a memory far from a tight pair only.",
    ),
)

SEP_B_STORED = Inequality(
    id="hu2024.sep.b.stored",
    title="Variant b for all memories implies storage",
    source=Source(PAPER, "use of the well-separation condition, variant b"),
    provenance="recalled",
    printed=r"\Delta_\mu^\Phi\ge\tfrac1\beta\ln\tfrac{2(M-1)}{R_\Phi}\ \forall\mu\ \Rightarrow\ "
    r"\text{every }\xi_\mu\text{ is stored (open and closed balls of radius }R_\Phi)",
    arena=dataclasses.replace(arena(HEAT_B), more=4),
    hypotheses=(NONZERO, DISTINCT, SEP_B_ALL),
    parts=(
        OPEN_LIMIT,
        Part(ONE_LIMIT.name, ONE_LIMIT.relation, given=(Hypothesis(Lt(share, 1), "open ball"),)),
        Part("open: no half-space cuts off a part of a ball", Le(trap, 0), scale=sp.Integer(1)),
        Part(
            "closed: a closest pair shares its limit, as its balls share the midpoint",
            Le(pair_gap, R_unit / 1000),
        ),
    ),
    controls=(
        Control("the limit is the memory", Le(star, R_unit / 10**6)),
        Control("T(y) is the limit", Le(image, R_unit / 10**6), ONE_LIMIT.name),
    ),
    related=("hu2024.sep.b", "hu2024.def2.2.stored", "restated.a4.rho-ball", "restated.a5.free-radius"),
    notices=(
        "Four ways to miss storage: no fixed point in the ball (small beta, the memories flow together); points of the "
        "open ball with another limit; the half-space of hu2024.def2.2.stored, which cuts a ball at every temperature "
        "as soon as M >= 3; and in the closed reading the midpoint of a closest pair, which would belong to both.",
    ),
)

# -- variants of the radius ------------------------------------------------------------------------------------

CENTRE = Inequality(
    id="restated.a5.centre",
    title="Image of the centre under variant b",
    source=Source(PAPER, OWN),
    provenance="derived",
    printed=r"\Delta_\mu^\Phi\ge\tfrac1\beta\ln\tfrac{2(M-1)}{R_\Phi}\ \Rightarrow\ \|\mathcal T(y_\mu)-y_\mu\|\le R_\Phi",
    arena=arena(HEAT_A),
    hypotheses=(NONZERO, DISTINCT, SEP_B_ONE),
    parts=(Part("image of the centre", Le(image_centre, R_unit), trivial=sp.Integer(2)),),
    controls=(scaled("1/2"),),
    related=("hu2024.sep.b", "hu2024.sep.b.stored"),
)

FREE = Inequality(
    id="restated.a5.free-radius",
    title="Well-separation with a free radius",
    source=Source(PAPER, OWN),
    provenance="derived",
    printed=r"\Delta_\mu\ge\tfrac1\beta\ln\tfrac{2(M-1)}r+2r\ \Rightarrow\ \mathcal T(B(y_\mu,r))\subseteq B(y_\mu,r),\ "
    r"\text{one limit}",
    arena=arena(RADIUS, HEAT_R),
    hypotheses=(
        NONZERO,
        Hypothesis(Ge(Delta_unit, log(2 * (M - 1) / r) / heat + 2 * r), "the condition with r"),
    ),
    parts=(
        Part("T maps the ball into itself", Le(image_r, r), trivial=sp.Integer(2)),
        Part("all points have the limit of the memory", Le(limit_gap_r, r / 1000)),
    ),
    controls=(
        Control("maps it into a ball of a tenth of the radius", Le(image_r, r / 10)),
        Control("T(y) is the limit", Le(image_r, r / 1000), "all points have the limit of the memory"),
    ),
    related=("hu2024.sep.a", "hu2024.sep.a.stored-single", "restated.ball-storage"),
)

# -- nine tenths of the radius ---------------------------------------------------------------------------------

number = sp.Symbol("dyn_M", positive=True)
inverse = sp.Symbol("dyn_beta", positive=True)
part_of = sp.Symbol("dyn_rho", positive=True)


def reduced_gain(count: int, inverse: Real, gap: Real) -> Real:
    """Change of a - c in one update of a y_mu + c sum of the others, for ``count`` orthonormal features.

    The update has a' = p, c' = (1 - p)/(M - 1) with p = 1/(1 + (M - 1) exp(-beta (a - c))).
    """
    p = 1 / (1 + (count - 1) * (-inverse * gap).exp())
    return p - (1 - p) / (count - 1) - gap


def _starts(b: Instances) -> tuple[int, Real, Real]:
    count = int(b.scalars["dyn_M"][0].fraction)
    return count, b.scalars["dyn_beta"][0], b.scalars["dyn_rho"][0]


@quantity(
    "dyn_inward_gain",
    "change of a - c in the first update from y_mu moved by rho R_Phi towards the mean",
    real=True,
)
def inward_gain(b: Instances) -> Array:
    """R_Phi = 1/sqrt(2); the direction from e_mu to the mean is (-e_mu + sum of the others/(M-1)) normalised."""
    count, inverse, rho = _starts(b)
    reach = rho / Real(2).sqrt() / (1 + Real(1) / (count - 1)).sqrt()
    gap = 1 - reach * (1 + Real(1) / (count - 1))
    return np.array([reduced_gain(count, inverse, gap)], dtype=object)


@quantity(
    "dyn_star_gain",
    "change of a - c in the first update from y_mu moved by 1/(2 beta) towards the mean",
    real=True,
)
def star_gain(b: Instances) -> Array:
    count, inverse, _ = _starts(b)
    reach = 1 / (2 * inverse) / (1 + Real(1) / (count - 1)).sqrt()
    gap = 1 - reach * (1 + Real(1) / (count - 1))
    return np.array([reduced_gain(count, inverse, gap)], dtype=object)


def _families() -> tuple[dict[str, object], ...]:
    return tuple(
        {"dyn_M": n, "dyn_beta": t, "dyn_rho": s}
        for n, t in (
            *(
                (2, "4"),
                (3, "5"),
                (8, "7"),
                (8, "12"),
                (16, "8"),
                (25, "38/5"),
                (35, "8"),
                (64, "9"),
                (128, "10"),
            ),
            *((128, "20"), (1024, "12"), (4096, "14"), (4096, "100"), (10**6, "20")),
        )
        for s in ("1/10", "1/2", "9/10")
    )


RHO_BALL = Inequality(
    id="restated.a4.rho-ball",
    title="Storage with a fraction of the radius",
    source=Source(PAPER, OWN),
    provenance="derived",
    printed=r"\beta\Delta_\mu\ge1+\ln(4\beta(M-1)),\ 0<\rho\le\tfrac9{10}\ \Rightarrow\ "
    r"\text{every }y\in B(y_\mu,\rho R_\Phi)\text{ converges to }x_\mu^*",
    arena=Points(_families()),
    hypotheses=(Hypothesis(Ge(inverse, 1 + log(4 * inverse * (number - 1))), "the threshold; Delta = 1"),),
    parts=(
        Part(
            "orthonormal features: the iteration returns from the side of the mean",
            Ge(inward_gain, 0),
            given=(
                Hypothesis(
                    Gt(sqrt(2) * inverse * part_of, 1), "the start is farther from y_mu than 1/(2 beta)"
                ),
                Hypothesis(Ge(star_gain, 0), "at 1/(2 beta) the iteration gains: x* lies beyond"),
            ),
        ),
        Part(
            "within 1/(2 beta) it returns",
            Ge(star_gain, 0),
            headline=False,
        ),
    ),
    controls=(Control("it loses ground from everywhere", Le(inward_gain, 0)),),
    related=("hu2024.def2.2.stored", "hu2024.sep.b.stored"),
    notices=(
        "Orthonormal features, M = D, Delta = 1, R_Phi = 1/sqrt(2), reduced by symmetry: on the plane of points "
        "a e_mu + c sum of the others the update depends on g = a - c alone and increases in it. The fixed point of the "
        "storage theorem has a larger g than a point that gains (second part); a start farther out that loses ground "
        "(g' < g) falls for ever and does not reach it.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (SEP_A_STORED, SEP_A_SINGLE, SEP_B_STORED)
RELATED: tuple[Statement, ...] = (RHO_BALL, CENTRE, FREE)
