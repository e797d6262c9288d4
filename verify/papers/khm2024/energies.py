"""Energies of the kernelised model in its two readings.

J. Y.-C. Hu, D. Wu, H. Liu, NeurIPS 2024, arXiv 2410.23126.
"""

from __future__ import annotations

import numpy as np
import sympy as sp
from scipy.special import logsumexp
from sympy import Eq, Le, Rational

from verify.arena import Patterns
from verify.controls import flipped
from verify.instances import Array, Instances
from verify.papers.khm2024.features import MAP, in_features
from verify.papers.khm2024.kernel import PAPER, SIZES, feature_length
from verify.statement import Control, Hypothesis, Inequality, Part, Source, Statement
from verify.vocabulary import (
    E_Tx,
    E_x,
    M,
    at_update,
    beta,
    measure,
    norm,
    overlaps,
    quantity,
    step,
)

# -- energies --------------------------------------------------------------------------------------------------


def _log_sum(z: Array) -> Array:
    if z.dtype == object:
        return np.log(np.sum(np.exp(z), axis=-1))
    return np.asarray(logsumexp(z, axis=-1))


def unscaled_energy(b: Instances) -> Array:
    """E_2 = K(x, x)/2 - log sum exp(beta K), shape (B,), for a batch in feature space."""
    return np.sum(b.query * b.query, axis=-1) / 2 - _log_sum(b.beta[:, None] * overlaps(b))


@quantity("dyn_E1", "energy of reading 1 at x, up to the constants of the dense model", real=True)
def E1(b: Instances) -> Array:
    return measure(in_features(b), E_x)


@quantity("dyn_E1_next", "energy of reading 1 at T(x), up to the same constants", real=True)
def E1_next(b: Instances) -> Array:
    return measure(in_features(b), E_Tx)


@quantity("dyn_E2", "energy of reading 2 at x", real=True)
def E2(b: Instances) -> Array:
    return unscaled_energy(in_features(b))


@quantity("dyn_E2_next", "energy of reading 2 at T(x)", real=True)
def E2_next(b: Instances) -> Array:
    return unscaled_energy(at_update(in_features(b)))


@quantity("dyn_step", "|Phi(x) - Phi(T(x))| for softmax weights")
def feature_step(b: Instances) -> Array:
    return measure(in_features(b), step)


@quantity("dyn_norm", "|Phi(x)|")
def feature_norm(b: Instances) -> Array:
    return norm(in_features(b).query)


ENERGY_SCALE = feature_length**2 + feature_norm**2 + (1 + sp.log(M)) / beta
ENERGIES = Patterns(query="free", params=(MAP,), sizes=(*SIZES, (16, 50)), search=False)

SCALED = Inequality(
    id="hu2024.energy.scaled",
    title="Descent of the energy with the factor 1/beta",
    source=Source(PAPER, "energy of the model, reading 1"),
    provenance="recalled",
    printed=r"E_1(x)=\tfrac12\mathcal K(x,x)-\tfrac1\beta\log\sum_\mu e^{\beta\mathcal K(\xi_\mu,x)}:\ "
    r"E_1(\mathcal T_\Phi(x))\le E_1(x)",
    arena=ENERGIES,
    parts=(Part("descent", Le(E1_next, E1), scale=ENERGY_SCALE),),
    controls=(
        flipped(),
        Control("falls by the squared step", Le(E1_next + Rational(11, 10) * feature_step**2, E1)),
    ),
    related=("hu2024.energy.unscaled", "restated.b4.descent", "wu2024.thm2.1"),
    notices=("Constants of the energy do not matter to descent; those of the dense model are kept.",),
)

UNSCALED = Inequality(
    id="hu2024.energy.unscaled",
    title="Descent of the energy without the factor 1/beta",
    source=Source(PAPER, "energy of the model, reading 2 (the authors' published implementation)"),
    provenance="secondary",
    printed=r"E_2(x)=\tfrac12\mathcal K(x,x)-\log\sum_\mu e^{\beta\mathcal K(\xi_\mu,x)}:\ "
    r"E_2(\mathcal T_\Phi(x))\le E_2(x)",
    arena=ENERGIES,
    parts=(
        Part("descent", Le(E2_next, E2), scale=ENERGY_SCALE),
        Part(
            "reading: beta = 1",
            Le(E2_next, E2),
            scale=ENERGY_SCALE,
            given=(Hypothesis(Eq(beta, 1)),),
            headline=False,
        ),
    ),
    controls=(flipped(),),
    related=("hu2024.energy.scaled", "hu2023.lemma2.1-energy"),
    notices=(
        "The gradient of E_2 is A (x - beta T(x)): at other temperatures than 1 fixed points are not stationary.",
    ),
)


STATEMENTS: tuple[Statement, ...] = (SCALED, UNSCALED)
