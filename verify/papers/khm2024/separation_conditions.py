"""The well-separation conditions of the kernelised model: can they hold?

J. Y.-C. Hu, D. Wu, H. Liu, NeurIPS 2024, arXiv 2410.23126, and the form inherited from Ramsauer et al. 2021.

For unit features |y_mu - y_nu|^2 = 2 (1 - <y_mu, y_nu>), so the smallest separation is 2 R^2 with R at most 1.
"""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import sympy as sp
from sympy import Eq, Ge, Lt, log

from bounds.exact import exact_array
from verify.arena import Box, Param, Points
from verify.instances import Array, Instances
from verify.papers.khm2024.kernel import PAPER
from verify.papers.khm2024.storage_balls import pair_squares
from verify.statement import Control, Hypothesis, Inequality, Part, Source, Statement
from verify.vocabulary import (
    largest,
    quantity,
    smallest,
)

# -- well-separation -------------------------------------------------------------------------------------------

radius = sp.Symbol("dyn_radius", positive=True)
count = sp.Symbol("dyn_count", positive=True)
heat = sp.Symbol("dyn_beta", positive=True)
GAP = 2 * heat * radius * (radius - 1) - log(2 * (count - 1) / radius)
"""beta times the slack of variant a at the closest pair, whose separation is 2 R^2."""

SEP_A = Inequality(
    id="hu2024.sep.a",
    title="Well-separation, variant a, for all memories",
    source=Source("khm2024", "inherited form (Ramsauer et al. 2020; Hu et al. 2023), unit norm, variant a"),
    provenance="recalled",
    printed=r"\Delta_\mu^\Phi\ge\tfrac1\beta\ln\tfrac{2(M-1)}R+2R\ \text{for all }\mu,\ R=R_\Phi:\ \text{can it hold?}",
    arena=Box(
        (
            Param(radius, 1e-9, 1.0, log=True),
            Param(count, 2.0, 1e6, log=True),
            Param(heat, 1e-6, 1e6, log=True),
        )
    ),
    parts=(
        Part(
            "the condition at the closest pair",
            Ge(2 * radius**2, 2 * radius + log(2 * (count - 1) / radius) / heat),
            given=(Hypothesis(Ge(GAP, 0), "variant a for all memories, at the closest pair"),),
        ),
        Part("certificate: beta times the slack is negative", Lt(GAP, 0), scale=1 + heat, headline=False),
    ),
    prove=True,
    controls=(
        Control(
            "without the term 2 R",
            Lt(2 * heat * radius**2 - log(2 * (count - 1) / radius), 0),
            "certificate: beta times the slack is negative",
        ),
    ),
    related=("hu2024.sep.a.single", "hu2024.sep.b", "hu2023.thm3.1-well-separation", "hu2024.sep.a.stored"),
    notices=(
        "Reduced to scalars, exactly: unit features have 0 < R <= 1 and the smallest separation 2 R^2, whatever their number "
        "and dimension. 2 R^2 <= 2 R and ln(2 (M - 1)/R) >= ln 2: the condition fails for every set and every beta. "
        "The second part proves it over the box.",
        "For unit norm alone: with norm m and 2 m R in place of 2 R the logarithm is negative where R > 2 (M - 1), and the "
        "condition can hold (an antipodal pair of norm 10 at beta = 1).",
    ),
)


def witness_set(name: int) -> list[list[Fraction]]:
    """Unit vectors with rational coordinates: 0 antipodal pair, 1 orthonormal triple, 2 a tight pair opposite one
    vector, 3 a tight pair and one vector at right angles to it (nearly), 4 the cross-polytope of R^4."""

    def on_circle(t: Fraction) -> list[Fraction]:
        return [(1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)]

    small = Fraction(1, 1000)
    if name == 0:
        return [[Fraction(1), Fraction(0)], [Fraction(-1), Fraction(0)]]
    if name == 1:
        return [[Fraction(int(i == j)) for j in range(3)] for i in range(3)]
    if name == 2:
        return [[Fraction(-1), Fraction(0)], on_circle(small), on_circle(-small)]
    if name == 3:
        return [[Fraction(0), Fraction(1)], on_circle(small), on_circle(-small)]
    return [[Fraction(s * int(i == j)) for j in range(4)] for i, s in itertools.product(range(4), (1, -1))]


def _placed(b: Instances) -> Array:
    return exact_array([witness_set(int(b.scalars["dyn_set"][0].fraction))])


def _gaps(b: Instances) -> Array:
    """Separations of all vectors of the witness set, shape (1, M)."""
    rows = _placed(b)[0]
    gram = np.matmul(rows, rows.T)
    keep = ~np.eye(len(rows), dtype=bool)
    return np.array([[1 - largest(g[k][None, :])[0] for g, k in zip(gram, keep, strict=True)]], dtype=object)


@quantity("dyn_set_unit", "largest | |y_mu|^2 - 1 | of the placed set")
def set_unit(b: Instances) -> Array:
    rows = _placed(b)
    return largest(np.abs(np.sum(rows * rows, axis=-1) - 1))


@quantity("dyn_set_R", "R_Phi of the placed set")
def set_R(b: Instances) -> Array:
    return np.sqrt(smallest(pair_squares(_placed(b)))) / 2


@quantity("dyn_set_M", "number of vectors of the placed set", positive=True)
def set_M(b: Instances) -> Array:
    return exact_array([len(_placed(b)[0])])


@quantity("dyn_set_first", "separation of the first vector of the placed set", real=True)
def set_first(b: Instances) -> Array:
    return _gaps(b)[:, 0]


@quantity("dyn_set_least", "smallest separation of the placed set", real=True)
def set_least(b: Instances) -> Array:
    return smallest(_gaps(b))


NEEDED = log(2 * (set_M - 1) / set_R) / heat
UNIT_SET = Part("the vectors have length 1", Eq(set_unit, 0))


def placed_points(names: tuple[int, ...], betas: tuple[str, ...]) -> Points:
    """Placed sets at inverse temperatures."""
    return Points(tuple({"dyn_set": n, "dyn_beta": t} for n in names for t in betas))


SINGLE = Inequality(
    id="hu2024.sep.a.single",
    title="Well-separation, variant a, for one memory",
    source=Source("khm2024", "as hu2024.sep.a, for a single memory"),
    provenance="recalled",
    printed=r"\exists Y,\beta,\mu:\ \Delta_\mu^\Phi\ge\tfrac1\beta\ln\tfrac{2(M-1)}{R_\Phi}+2R_\Phi",
    arena=placed_points((2, 3), ("20", "100", "1000")),
    parts=(Part("met by the first vector", Ge(set_first, NEEDED + 2 * set_R)), UNIT_SET),
    controls=(
        Control("met by every vector", Ge(set_least, NEEDED + 2 * set_R)),
        Control("length 2", Eq(set_unit, 3), "the vectors have length 1"),
    ),
    related=("hu2024.sep.a", "hu2024.sep.a.stored-single"),
    notices=(
        "An existence claim: the points are explicit sets, a tight pair and a vector far from it. Each is a witness.",
    ),
)

SEP_B = Inequality(
    id="hu2024.sep.b",
    title="Well-separation, variant b, for all memories",
    source=Source(PAPER, "well-separation (variant quoted in a third-party table)"),
    provenance="secondary",
    printed=r"\exists Y,\beta:\ \Delta_\mu^\Phi\ge\tfrac1\beta\ln\tfrac{2(M-1)}{R_\Phi}\ \text{for all }\mu",
    arena=placed_points((0, 1, 4), ("5", "20", "1000")),
    parts=(Part("met by every vector", Ge(set_least, NEEDED)), UNIT_SET),
    controls=(
        Control("with the term 2 R of variant a", Ge(set_least, NEEDED + 2 * set_R)),
        Control("length 2", Eq(set_unit, 3), "the vectors have length 1"),
    ),
    related=("hu2024.sep.a", "hu2024.sep.b.stored"),
    notices=(
        "An existence claim: the points are explicit sets (antipodal pair, orthonormal triple, cross-polytope of R^4).",
        "Every set of distinct unit features meets it from beta = ln(2 (M - 1)/R)/(2 R^2) on.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (SEP_A, SINGLE, SEP_B)
