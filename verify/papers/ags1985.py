"""Extensively many patterns in the Hebb rule at zero temperature: where retrieval ends, where it is the ground state.

D. J. Amit, H. Gutfreund and H. Sompolinsky, "Storing infinite numbers of patterns in a spin-glass model of neural
networks", Phys. Rev. Lett. 55, 1985, and Ann. Phys. 173, 1987; and the equation behind the number, beside them.

The numbers belong to the replica-symmetric theory and are certified from its equations (:mod:`bounds.binary_laws`);
simulations at finite N bracket them, no more: the transition is rounded, and replica symmetry is broken.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp
from flint import arb
from sympy import Abs, Eq, Ge, Gt, Le, Lt, Rational, exp, floor, pi, sqrt

from bounds.binary_laws import (
    critical_load,
    critical_overlap,
    decimals,
    equal_energy_load,
    glass_energy,
    retrieval_energy,
    retrieval_load,
)
from bounds.exact import Real
from simulations import events_binary as events
from verify.arena import Points
from verify.instances import Array, Instances
from verify.statement import Control, Identity, Part, Scaling, Source, Statement
from verify.vocabulary import M, quantity

PAPER: dict[str, Any] = {
    "key": "ags1985",
    "title": "Storing infinite numbers of patterns in a spin-glass model of neural networks",
    "authors": "D. J. Amit, H. Gutfreund, H. Sompolinsky",
    "year": 1985,
    "arxiv": "",
    "venue": "Phys. Rev. Lett. 55; Ann. Phys. 173 (1987)",
}
SOURCE = "Amit, Gutfreund, Sompolinsky, 1985/1987"
RELATED = "a related statement of this project"

N = sp.Symbol("N", integer=True, positive=True)
alpha = sp.Symbol("alpha", positive=True)
claimed = sp.Symbol("claimed", integer=True)
"""1 where the claim says that patterns are retrieved (are lowest), -1 where it says that they are not, 0 nothing."""
alpha_c = sp.Symbol("alpha_c", positive=True)
overlap_c = sp.Symbol("overlap_c", positive=True)
alpha_equal = sp.Symbol("alpha_equal", positive=True)

RETRIEVED = Rational(1, 10)
"""Declared: the largest failure probability below the critical load, at the sizes of the grid."""


def loads(*rows: tuple[int, str, int, str]) -> tuple[dict[str, Any], ...]:
    """Grid points from (N, alpha, claimed, profile) with M = floor(alpha N)."""
    return tuple({"N": n_, "alpha": a_, "claimed": s_, "profile": p_} for n_, a_, s_, p_ in rows)


def _constant(value: Real) -> Any:
    """A certified number as the rational nearest to it in 30 digits."""
    return Rational(decimals(value, 30))


DRIFT = {"N": N, "M": M, "share": Rational(1, 20)}

ALPHA_C = Scaling(
    id="ags1985.alpha-c",
    title="Critical load of the Hebb rule",
    source=Source("ags1985", SOURCE),
    provenance="recalled",
    printed=r"\alpha_c=0.138\ \text{(replica-symmetric)},\quad\text{overlap }0.967\ \text{(1.6 \% wrong bits) at }\alpha_c",
    event=events.drifts,
    points=loads(
        (200, "1/20", 1, "quick"),
        (400, "1/10", 1, "quick"),
        (200, "1/4", -1, "quick"),
        (1000, "3/25", 1, "standard"),
        (1000, "1/5", -1, "standard"),
        (2000, "1/8", 1, "full"),
        (2000, "17/100", -1, "full"),
    ),
    derive={
        "M": floor(alpha * N),
        "alpha_c": _constant(critical_load()),
        "overlap_c": _constant(critical_overlap()),
    },
    arguments=DRIFT,
    bound=1 - Rational(9, 10) * sp.Max(0, claimed),
    lower=sp.Max(0, -claimed) / 2,
    informative=Gt(claimed**2, 0),
    trials=400,
    parts=(
        Part("critical load to its three digits", Le(Abs(alpha_c - Rational("0.138")), Rational("0.0005"))),
        Part("overlap to its three digits", Le(Abs(overlap_c - Rational("0.967")), Rational("0.0005"))),
        Part(
            "wrong bits to the tenth of a per cent",
            Le(Abs((1 - overlap_c) / 2 - Rational("0.016")), Rational("0.0005")),
        ),
    ),
    controls=(
        Control("retrieval at every load", RETRIEVED, description="few failures at alpha = 1/4 as well"),
        Control("no retrieval at any load", Rational(1, 2), "lower", "failures at alpha = 1/10 as well"),
        Control(
            "another third digit",
            Le(Abs(alpha_c - Rational("0.139")), Rational("0.0005")),
            "critical load to its three digits",
        ),
        Control(
            "another overlap",
            Le(Abs(overlap_c - Rational("0.966")), Rational("0.0005")),
            "overlap to its three digits",
        ),
    ),
    related=("restated.ags-zero-temperature", "newman1988.lower-bound"),
    notices=(
        "The numbers are those of the replica-symmetric equations: 0.137906, overlap 0.967417, 1.629 % wrong bits.",
        "Simulation: asynchronous sweeps from a pattern end with more than 5 % of the bits unlike it. The "
        "transition is rounded at the sizes of the grid (at N = 500 about 0.3 of the patterns are lost at 0.16 and 0.6 "
        "at 0.18), so that loads well on either side are held against 1/10 and 1/2.",
    ),
)

SEARCH = {"N": N, "M": M}

GLOBAL_MINIMUM = Scaling(
    id="ags1985.global-minimum",
    title="Load below which retrieval states have the lowest energy",
    source=Source("ags1985", SOURCE),
    provenance="recalled",
    printed=r"\alpha<0.051:\ \text{the retrieval states have the lowest energy}",
    event=events.undercut,
    points=loads(
        (100, "3/100", 1, "quick"),
        (200, "3/100", 1, "quick"),
        (200, "9/200", 1, "quick"),
        (100, "3/20", 0, "quick"),
        (400, "9/200", 1, "standard"),
        (600, "1/20", 1, "full"),
    ),
    derive={"M": floor(alpha * N), "alpha_equal": _constant(equal_energy_load())},
    arguments=SEARCH,
    bound=1 - Rational(3, 4) * claimed,
    informative=Ge(claimed, 0),
    trials=256,
    parts=(
        Part(
            "replica-symmetric: retrieval energy below spin-glass energy up to 0.051",
            Lt(Rational("0.051"), alpha_equal),
        ),
        Part(
            "the two energies agree at 0.051, to its three digits",
            Le(Abs(alpha_equal - Rational("0.051")), Rational("0.0005")),
            headline=False,
        ),
    ),
    controls=(
        Control("also at three times the load", Rational(1, 4), description="few failures at alpha = 0.15"),
        Control(
            "up to 0.052",
            Lt(Rational("0.052"), alpha_equal),
            "replica-symmetric: retrieval energy below spin-glass energy up to 0.051",
        ),
    ),
    related=("ags1985.alpha-c", "restated.ags-zero-temperature"),
    notices=(
        "The replica-symmetric energies agree at alpha = 0.051854, which is 0.052 to three digits; the claim as printed "
        "(retrieval states lowest below 0.051) does not need equality there.",
        "Simulation: 32 random starts descend; declared is a failure probability of at most 1/4. In small "
        "systems the lowest energies fluctuate by more than the gap between the two kinds of states. What the "
        "search does not find is not excluded.",
    ),
)

# -- the equation behind the number ---------------------------------------------------------------------

y = sp.Symbol("y", positive=True)


def _of_y(b: Instances, function: Any) -> Array:
    """A function of y in balls (statements on points are decided in balls alone)."""
    return np.array([Real(function(v.ball)) for v in b.scalars["y"]], dtype=object)


@quantity("erf_y", "erf(y), the overlap of the retrieval state")
def erf_y(b: Instances) -> Array:
    return _of_y(b, arb.erf)


@quantity("load_y", "load alpha of which y solves the zero-temperature equation")
def load_y(b: Instances) -> Array:
    return _of_y(b, retrieval_load)


@quantity("largest_load", "largest load with a solution")
def largest_load(b: Instances) -> Array:
    return np.array([critical_load()] * b.size, dtype=object)


@quantity("energy_gap_y", "retrieval energy minus spin-glass energy per spin at the load of y", real=True)
def energy_gap_y(b: Instances) -> Array:
    return _of_y(b, lambda v: retrieval_energy(v) - glass_energy(retrieval_load(v)))


R_NOISE = erf_y**2 / (2 * load_y * y**2)
"""r from y = m/sqrt(2 alpha r) with m = erf(y)."""
SUSCEPTIBILITY = sqrt(2 / (pi * load_y * R_NOISE)) * exp(-(y**2))
"""C = beta (1 - q) in the limit of zero temperature."""


def _symbolic() -> dict[str, Any]:
    """The order-parameter equation, and the derivatives whose signs give the other parts for all y > 0."""
    m, gauss = sp.erf(y), exp(-(y**2))
    root = m / y - 2 / sqrt(pi) * gauss
    # sqrt(2 alpha) is this root, which is positive: alpha r = m^2/(2 y^2).
    c = sqrt(2 / pi) * sqrt(2) * y / m * gauss
    r = m**2 / (y**2 * root**2)
    k = y * (1 + 2 * y**2) * gauss - sqrt(pi) / 2 * m
    return {
        "r (1 - C)^2 = 1": r * (1 - c) ** 2 - 1,
        "erf(y) (1 - C) = y sqrt(2 alpha) grows from 0": sp.diff(y * root, y) - 4 * y**2 * gauss / sqrt(pi),
        "d sqrt(2 alpha)/dy has the sign of k(y)": sp.diff(root, y) * y**2 * sqrt(pi) / 2 - k,
        "k grows up to 1 and falls beyond": sp.diff(k, y) - 4 * y**2 * (1 - y**2) * gauss,
    }


ZERO_TEMPERATURE = Identity(
    id="restated.ags-zero-temperature",
    title="One equation for retrieval at zero temperature",
    source=Source("ags1985", RELATED),
    provenance="derived",
    printed=(
        r"\mathrm{erf}(y)=y\Big(\sqrt{2\alpha}+\tfrac2{\sqrt\pi}e^{-y^2}\Big),\quad\text{overlap }\mathrm{erf}(y);\quad"
        r"\alpha_c=\max\{\alpha:\ \text{a solution }y>0\text{ exists}\}"
    ),
    arena=Points(tuple({"y": y_} for y_ in (*(f"{k}/8" for k in range(1, 32)), "151121856/100000000"))),
    parts=(
        Part(
            "the order-parameter equations m = erf(y), r (1 - C)^2 = 1",
            Eq(R_NOISE * (1 - SUSCEPTIBILITY) ** 2, 1),
        ),
        Part("the susceptibility C is below one", Lt(SUSCEPTIBILITY, 1)),
        Part("no load beyond the critical one has a solution", Le(load_y, largest_load)),
        Part(
            "the critical load is 0.1379055665",
            Le(Abs(largest_load - Rational("0.1379055665")), Rational("1e-10")),
        ),
    ),
    symbolic=_symbolic,
    symbolic_range="all y > 0, the signs of the derivatives read off; the value of the critical load in balls",
    controls=(
        Control(
            "half the Gaussian term",
            Eq(R_NOISE * (1 - SUSCEPTIBILITY / 2) ** 2, 1),
            "the order-parameter equations m = erf(y), r (1 - C)^2 = 1",
        ),
        Control(
            "a smaller critical load",
            Le(load_y, Rational(999, 1000) * largest_load),
            "no load beyond the critical one has a solution",
        ),
    ),
    related=("ags1985.alpha-c",),
    notices=(
        "k(y) = y (1 + 2 y^2) exp(-y^2) - (sqrt(pi)/2) erf(y) is 0 at 0 and negative for large y: it rises up to 1, "
        "falls beyond and so changes sign once. The load has one maximum, enclosed to 35 digits.",
        "That the order-parameter equations describe the network is the replica-symmetric theory; it is taken as given.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (ALPHA_C, GLOBAL_MINIMUM, ZERO_TEMPERATURE)
