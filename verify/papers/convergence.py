"""Exact solutions, conjugates and energy gaps: statements of this project on all models with weights.

Scores are theta = beta Xi^T x of memory sets, points of the simplex the convex weights of the query, n = M.
Regularisers: Shannon sum y ln y, Gini (|y|^2 - 1)/2, Tsallis (sum y^alpha - 1)/(alpha (alpha - 1)), norm |y|_gamma - 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp
from scipy.special import xlogy
from sympy import Eq, Ge, Le, Lt, Rational

from simulations.variants.entmax import entmax
from verify.arena import Param, Patterns, Points
from verify.controls import scaled
from verify.instances import Array, Instances
from verify.papers.arxiv2510_23012.sparse_maps import norm_first, pair_defect, power, simplex_point
from verify.papers.hu2023.dynamics import z_scale
from verify.papers.hu2023.entmax_quantities import alpha, entmax_weights
from verify.papers.ramsauer2021.energy import T_along_v, along
from verify.statement import Control, Hypothesis, Identity, Inequality, Part, Source, Statement
from verify.vocabulary import (
    E_x,
    M,
    beta,
    d,
    diam,
    largest,
    m,
    measure,
    norm,
    norm_x,
    number,
    overlaps,
    quantity,
    target_memory,
    update,
    weights,
)

PAPER = {
    "key": "convergence",
    "title": "Exact solutions, conjugates and energy gaps of retrieval maps",
    "authors": "The hopcheck developers",
    "year": 2026,
    "arxiv": "",
    "venue": "",
}

OWN = Source("convergence", "a statement of this project")
ONE = sp.Integer(1)
gamma_order = sp.Symbol("gamma_order", positive=True)

# -- exact solutions ----------------------------------------------------------------------------------------


def _first_overlap(b: Instances) -> Array:
    """beta <a, x> for a the first memory, shape (B,)."""
    return b.beta * overlaps(b)[:, 0]


def _along_first(b: Instances, factor: Array) -> Array:
    """<factor a, v>, shape (B,)."""
    return factor * along(b, b.memories[:, 0])


@quantity("pair_tanh", "<a, v> tanh(beta <a, x>), a the first memory", real=True)
def pair_tanh(b: Instances) -> Array:
    return _along_first(b, np.tanh(_first_overlap(b)))


@quantity("pair_clip", "<a, v> clip(2 beta <a, x>, -1, 1), a the first memory", real=True)
def pair_clip(b: Instances) -> Array:
    c = 2 * _first_overlap(b)
    return _along_first(b, (abs(c + 1) - abs(c - 1)) / 2 if b.exact else np.clip(c, -1.0, 1.0))


@quantity("T_sparse_along_v", "<T(x), v> of the sparse map", real=True)
def T_sparse_along_v(b: Instances) -> Array:
    return along(b, update(b, "sparse"))


@quantity("T_length", "|T(x)|")
def T_length(b: Instances) -> Array:
    return norm(update(b))


def _small_start(b: Instances) -> tuple[Array, Array]:
    """kappa = beta |a|^2 and t = sqrt((kappa - 1)/kappa^3), 0 for kappa <= 1; each (B,)."""
    kappa = b.beta * np.sum(b.memories[:, 0] ** 2, axis=-1)
    above = kappa - 1 if b.exact else np.maximum(kappa - 1, 0.0)
    return kappa, np.sqrt(above / kappa**3)


@quantity("pair_start", "t = sqrt((kappa - 1)/kappa^3) for kappa = beta |a|^2 above 1")
def pair_start(b: Instances) -> Array:
    return _small_start(b)[1]


@quantity("pair_image", "<T(t a), a>/|a|^2 for that t, T the dense map")
def pair_image(b: Instances) -> Array:
    a, t = b.memories[:, 0], _small_start(b)[1]
    return np.sum(update(b.with_query(t[:, None] * a)) * a, axis=-1) / np.sum(a * a, axis=-1)


PAIR = Identity(
    id="restated.pair-exact",
    title="The antipodal pair: tanh, clip, and the bifurcation at beta |a|^2 = 1",
    source=OWN,
    provenance="derived",
    printed=r"T(x)=a\tanh(\beta\langle a,x\rangle),\ \text{bifurcation at }\beta\|a\|^2=1\ (\beta\,\mathrm{diam}^2=4);"
    r"\quad\text{sparse, }d=1:\ T(q)=a\,\mathrm{clip}(2\beta aq,-1,1)",
    arena=Patterns(
        families=("antipodal",),
        sizes=((1, 2), (2, 2), (10, 2)),
        beta_m2=(1e-6, 1e-2, 0.5, 0.9, 0.99, 0.999, 1.0, 1.001, 1.01, 1.1, 2.0, 10.0, 100.0),
        search=False,
    ),
    hypotheses=(Hypothesis(Eq(pair_defect, 0), "the memories are a and -a"),),
    parts=(
        Part("dense", Eq(T_along_v, pair_tanh), scale=m),
        Part("sparse, d = 1", Eq(T_sparse_along_v, pair_clip), scale=m, given=(Hypothesis(Eq(d, 1)),)),
        Part(
            "up to beta |a|^2 = 1 the origin is the only fixed point",
            Lt(T_length, norm_x),
            given=(Hypothesis(Le(beta * norm_first**2, 1)), Hypothesis(Lt(0, norm_x))),
        ),
        Part(
            "above it there is another one",
            Lt(pair_start, pair_image),
            given=(Hypothesis(Lt(1, beta * norm_first**2)),),
        ),
        Part("in terms of the diameter", Eq(beta * diam**2, 4 * beta * norm_first**2)),
    ),
    controls=(
        scaled("99/100", "dense"),
        scaled("99/100", "sparse, d = 1"),
        scaled("9/10", "up to beta |a|^2 = 1 the origin is the only fixed point"),
        scaled("9/10", "above it there is another one"),
        scaled("1/2", "in terms of the diameter"),
    ),
    related=("ramsauer2021.lemma-a3", "hu2023.def-stored"),
    notices=(
        "Vectors are compared along v = (1, 1/2, 1/3, ...).",
        "T moves t a, t = sqrt((kappa-1)/kappa^3), away from the origin and a towards it: a fixed point between.",
    ),
)


@quantity("orthonormal_weight", "weight of the target at M orthonormal memories and x = xi_mu")
def orthonormal_weight(b: Instances) -> Array:
    return _unit_weights(b)[:, 0]


@quantity("unit_error", "|T(xi_mu) - xi_mu| for M orthonormal memories")
def unit_error(b: Instances) -> Array:
    rest = _unit_weights(b)[:, 1:]
    return np.sqrt(np.sum(rest, axis=-1) ** 2 + np.sum(rest * rest, axis=-1))


def _unit_weights(b: Instances) -> Array:
    """Weights at the scores (beta, 0, ..., 0): the coordinates of T(xi_mu) in the memories; shape (1, M)."""
    if "unit weights" not in b.cache:
        count = int(float(b.scalars["M"][0]))
        v = np.stack([b.beta] + [0 * b.beta] * (count - 1), axis=-1)
        b.cache["unit weights"] = b.named("dense").weights(v, np)
    return b.cache["unit weights"]


EXACTLY = Rational(1, 10**30)


def _two_sided(name: str, symbol: Any, formula: Any) -> tuple[Part, Part]:
    """A measured number against a formula, thirty digits either way."""
    return (
        Part(f"{name}, from above", Le(symbol, (1 + EXACTLY) * formula)),
        Part(f"{name}, from below", Ge(symbol, (1 - EXACTLY) * formula)),
    )


def _weight_formula(rest: Any) -> Any:
    return sp.exp(beta) / (sp.exp(beta) + rest)


ERROR_FORMULA = sp.sqrt(M * (M - 1)) / (sp.exp(beta) + M - 1)
ORTHONORMAL = Identity(
    id="restated.orthonormal-exact",
    title="Weight and error at a pattern of an orthonormal set",
    source=OWN,
    provenance="derived",
    printed=r"p_\mu=\frac{e^\beta}{e^\beta+M-1},\quad|T(\xi_\mu)-\xi_\mu|=\frac{\sqrt{M(M-1)}}{e^\beta+M-1}",
    arena=Points(
        tuple(
            {"M": count, "beta": value}
            for count in (2, 5, 50, 1000)
            for value in ("1/10", "1", "4", "10", "100", "1000")
        )
    ),
    parts=(
        *_two_sided("weight", orthonormal_weight, _weight_formula(M - 1)),
        *_two_sided("error", unit_error, ERROR_FORMULA),
    ),
    controls=(
        Control("M - 2 for M - 1", Ge(orthonormal_weight, _weight_formula(M - 2)), "weight, from below"),
        Control("M for M - 1", Le(orthonormal_weight, _weight_formula(M)), "weight, from above"),
        scaled("99/100", "error, from above"),
        scaled("99/100", "error, from below"),
    ),
    related=("ramsauer2021.thm5",),
    notices=("Compared to thirty digits at every point, in ball arithmetic.",),
)

# -- conjugates -----------------------------------------------------------------------------------------------


def scores(b: Instances) -> Array:
    """theta = beta Xi^T x, shape (B, n)."""
    return b.beta[:, None] * overlaps(b)


def order(b: Instances, name: str) -> Array:
    """The order alpha or gamma of the instances, shape (B,)."""
    return b.scalars["alpha" if name == "Tsallis" else "gamma_order"]


def regulariser(b: Instances, name: str, y: Array) -> Array:
    """Omega(y) for points y (B, n) of the simplex, shape (B,)."""
    if name == "Shannon":
        if y.dtype == object:
            terms = np.frompyfunc(lambda q: q * q.log() if q > 0 else q * 0, 1, 1)(y)
            return np.sum(terms, axis=-1)
        return np.sum(xlogy(y, y), axis=-1)
    if name == "Gini":
        return (np.sum(y * y, axis=-1) - 1) / 2
    p = order(b, name)
    total = np.sum(power(y, p[:, None]), axis=-1)
    return (total - 1) / (p * (p - 1)) if name == "Tsallis" else power(total, 1 / p) - 1


def norm_masses(b: Instances, theta: Array) -> Array:
    """[theta_i - tau]_+^(gamma/(gamma-1)) with sum 1: entmax of order 2 - 1/gamma at gamma theta/(gamma-1)."""
    g = order(b, "norm")
    return entmax(theta * (g / (g - 1))[:, None], 2 - 1 / g, np)


def maximiser(b: Instances, name: str) -> Array:
    """The weights that belong to a regulariser at the scores, shape (B, n)."""
    if name == "Shannon":
        return weights(b, "dense")
    if name == "Gini":
        return weights(b, "sparse")
    if name == "Tsallis":
        return entmax_weights(b, overlaps(b), order(b, name))
    root = power(norm_masses(b, scores(b)), (1 / order(b, name))[:, None])
    return root / np.sum(root, axis=-1, keepdims=True)


def _top(values: Array) -> Array:
    """Position of the largest entry (of the largest midpoint), shape (B,)."""
    return np.argmax(values.astype(float), axis=-1)


def conjugate(b: Instances, name: str) -> Array:
    """Omega*(theta) by the printed formula, shape (B,)."""
    theta, rows = scores(b), np.arange(b.size)
    if name == "Shannon":
        if b.exact:
            return np.log(np.sum(np.exp(theta), axis=-1))
        top = np.max(theta, axis=-1)
        return top + np.log(np.sum(np.exp(theta - top[:, None]), axis=-1))
    y = norm_masses(b, theta) if name == "norm" else maximiser(b, name)
    at = _top(y)
    first, largest_y = theta[rows, at], y[rows, at]
    if name == "Gini":
        tau = first - largest_y
        inside = (y > 0) if not b.exact else np.frompyfunc(lambda q: int(q > 0), 1, 1)(y)
        return np.sum(inside * (theta * theta - (tau * tau)[:, None]), axis=-1) / 2 + number(b, 1) / 2
    p = order(b, name)
    if name == "norm":
        return first - power(largest_y, (p - 1) / p) + 1
    tau = first - power(largest_y, p - 1) / (p - 1)
    return np.sum(power(y, p[:, None]), axis=-1) / p + tau + 1 / (p * (p - 1))


def value(b: Instances, name: str, y: Array) -> Array:
    """<y, theta> - Omega(y), shape (B,)."""
    return np.sum(y * scores(b), axis=-1) - regulariser(b, name, y)


NAMES = ("Shannon", "Gini", "Tsallis", "norm")


def _quantities(name: str) -> dict[str, Any]:
    low = name.lower()
    return {
        "formula": quantity(f"conj_{low}", f"formula of the conjugate, {name}", real=True)(
            lambda b: conjugate(b, name)
        ),
        "best": quantity(
            f"conj_{low}_best", f"<y, theta> - Omega(y) at the model's weights, {name}", real=True
        )(lambda b: value(b, name, maximiser(b, name))),
        "any": quantity(
            f"conj_{low}_any", f"<y, theta> - Omega(y) at a point y of the simplex, {name}", real=True
        )(lambda b: value(b, name, simplex_point(b))),
        "gap": quantity(f"conj_{low}_gap", f"Omega*(theta) - max theta, {name}", real=True)(
            lambda b: conjugate_gap(b, name)
        ),
    }


def conjugate_gap(b: Instances, name: str) -> Array:
    """Omega*(theta) - max theta, shape (B,); as <y, theta - max theta> - Omega(y) at the maximiser y."""
    y, theta = maximiser(b, name), scores(b)
    below = theta - largest(theta)[:, None]
    if name == "Shannon":
        return np.log(np.sum(np.exp(below), axis=-1))
    return np.sum(y * below, axis=-1) - regulariser(b, name, y)


Q = {name: _quantities(name) for name in NAMES}


def _sums(b: Instances, v: Array) -> Array:
    return np.sum(v, axis=-1)


def _centred(v: Array) -> Array:
    return v - np.sum(v, axis=-1, keepdims=True) / v.shape[-1]


@quantity("dot_mu", "<xi_mu, z>, z the query", real=True)
def dot_mu(b: Instances) -> Array:
    return _sums(b, target_memory(b) * b.query)


@quantity("norm_mu", "|xi_mu|")
def norm_mu(b: Instances) -> Array:
    return norm(target_memory(b))


@quantity("ones_z", "<1, z>, z the query", real=True)
def ones_z(b: Instances) -> Array:
    return _sums(b, b.query)


@quantity("centred_z", "|P z|, z the query")
def centred_z(b: Instances) -> Array:
    return norm(_centred(b.query))


@quantity("centred_mu", "|P xi_mu|")
def centred_mu(b: Instances) -> Array:
    return norm(_centred(target_memory(b)))


@quantity("centred_dot", "<P xi_mu, P z>", real=True)
def centred_dot(b: Instances) -> Array:
    return _sums(b, _centred(target_memory(b)) * b.query)


radius_q = sp.Symbol("radius_q", positive=True)
eta_q = sp.Symbol("eta_q", positive=True)
delta_q = sp.Symbol("delta_q", real=True)
ORDERS = (Param(alpha, 1.25, 3.0), Param(gamma_order, 1.2, 5.0))
UNIT = {name: z_scale**2 if name == "Gini" else z_scale for name in NAMES}
LAYER = delta_q * ones_z + eta_q * sp.sqrt(d) * centred_z

CONJUGATES = Identity(
    id="restated.fenchel-conjugates",
    title="Closed forms of the conjugates",
    source=OWN,
    provenance="derived",
    printed=r"\sum y\ln y\to\ln\sum e^\theta;\ \tfrac12(\|y\|^2-1)\to\tfrac12+\tfrac12\sum_S(\theta_i^2-\tau^2);\ "
    r"\text{Tsallis}\to\tfrac{\|y\|_\alpha^\alpha}\alpha+\tau+\tfrac1{\alpha(\alpha-1)};\ \|y\|_\gamma-1\to\tau+1;\ "
    r"\tfrac12\|q\|^2\to\tfrac12\|z\|^2;\ r\|z\|;\ \langle\delta\mathbf1,z\rangle+\eta\sqrt D\|Pz\|",
    arena=Patterns(
        query="hull",
        sizes=((1, 1), (1, 2), (2, 2), (2, 3), (3, 5), (5, 20)),
        params=(*ORDERS, Param(radius_q, 0.1, 3.0), Param(eta_q, 0.1, 2.0), Param(delta_q, -2.0, 2.0)),
        beta_m2=(1e-2, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 100.0),
        search=False,
    ),
    parts=(
        *(Part(f"{n}: attained", Eq(Q[n]["best"], Q[n]["formula"]), scale=UNIT[n]) for n in NAMES),
        *(Part(f"{n}: the maximum", Le(Q[n]["any"], Q[n]["formula"]), scale=UNIT[n]) for n in NAMES),
        Part("quadratic", Le(dot_mu - norm_mu**2 / 2, norm_x**2 / 2), scale=m**2),
        Part("ball", Le(radius_q * dot_mu, radius_q * norm_x * norm_mu), scale=m**2),
        Part(
            "layer norm",
            Le(
                delta_q * ones_z * centred_mu + eta_q * sp.sqrt(d) * centred_dot,
                LAYER * centred_mu,
            ),
            scale=m**2,
        ),
    ),
    controls=(
        *(
            Control(
                "a hundredth less", Eq(Q[n]["best"], Q[n]["formula"] - Rational(1, 100)), f"{n}: attained"
            )
            for n in NAMES
        ),
        *(
            Control(
                "a hundredth less", Le(Q[n]["any"], Q[n]["formula"] - Rational(1, 100)), f"{n}: the maximum"
            )
            for n in NAMES
        ),
        scaled("9/10", "quadratic"),
        scaled("9/10", "ball"),
        Control(
            "half the spread",
            Le(
                delta_q * ones_z * centred_mu + eta_q * sp.sqrt(d) * centred_dot,
                (LAYER - eta_q * sp.sqrt(d) * centred_z / 2) * centred_mu,
            ),
            "layer norm",
        ),
    ),
    related=("hfy2024.def-negentropy", "hu2023.psi-star-closed-form", "restated.conjugate-gap"),
    notices=(
        "theta are the scores of a memory set; y is tried at the model's weights, where the maximum is attained, and "
        "at other points of the simplex, where it is not exceeded.",
        "The last three are maxima over R^D: they are tried at q on the ray of a memory, which attains them where "
        "it is parallel to z (to P z).  The layer-norm set is delta 1 + eta sqrt(D) u for unit vectors u = P u.",
        "The threshold of the norm regulariser is found as that of entmax of order 2 - 1/gamma.",
    ),
)

BOUNDS = {
    "Shannon": sp.log(M),
    "Gini": (1 - 1 / M) / 2,
    "Tsallis": (1 - M ** (1 - alpha)) / (alpha * (alpha - 1)),
    "norm": 1 - M ** (1 / gamma_order - 1),
}
"""-Omega(u) at the uniform point u of the simplex."""

CONJUGATE_GAP = Inequality(
    id="restated.conjugate-gap",
    title="The conjugate lies above the largest score by at most -Omega(u)",
    source=OWN,
    provenance="derived",
    printed=r"0\le\Omega^*(\theta)-\max_i\theta_i\le-\Omega(u):\ \ln n,\ \tfrac12(1-\tfrac1n),\ "
    r"\tfrac{1-n^{1-\alpha}}{\alpha(\alpha-1)},\ 1-n^{1/\gamma-1}",
    arena=Patterns(
        families=("sphere", "gaussian", "duplicates", "clusters", "antipodal"),
        params=ORDERS,
        sizes=((1, 1), (1, 2), (2, 2), (2, 3), (3, 5), (3, 20), (3, 1000)),
        search=False,
    ),
    parts=(
        *(Part(f"{n}: lower", Ge(Q[n]["gap"], 0, evaluate=False), scale=ONE) for n in NAMES),
        *(Part(f"{n}: upper", Le(Q[n]["gap"], BOUNDS[n]), scale=ONE) for n in NAMES),
    ),
    controls=(
        *(Control("a hundredth above 0", Ge(Q[n]["gap"], Rational(1, 100)), f"{n}: lower") for n in NAMES),
        *(scaled("9/10", f"{n}: upper") for n in NAMES),
    ),
    related=("hfy2024.def-negentropy", "restated.fenchel-conjugates", "restated.energy-gap"),
    notices=("Both bounds are attained: at one score far above the others, and at equal scores.",),
)

# -- energies ---------------------------------------------------------------------------------------------------


def hard_gap(b: Instances, energy: Array) -> Array:
    """|x|^2/2 - max_i <xi_i, x> - energy, shape (B,)."""
    return np.sum(b.query * b.query, axis=-1) / 2 - largest(overlaps(b)) - energy


def _own_energy(b: Instances, name: str) -> Array:
    return b.named(name).energy(b.memories, b.query, b.beta)


@quantity("E_gap_dense", "hard energy minus the dense energy without its constants", real=True)
def E_gap_dense(b: Instances) -> Array:
    constants = np.log(number(b, b.memories.shape[-2])) / b.beta + measure(b, m) ** 2 / 2
    return hard_gap(b, measure(b, E_x) - constants)


@quantity("E_gap_sparse", "hard energy minus the sparse energy", real=True)
def E_gap_sparse(b: Instances) -> Array:
    return hard_gap(b, _own_energy(b, "sparse"))


@quantity("E_gap_entmax", "hard energy minus the energy of 3/2-entmax", real=True)
def E_gap_entmax(b: Instances) -> Array:
    return hard_gap(b, _own_energy(b, "entmax:alpha=1.5"))


def norm_energy(b: Instances) -> Array:
    """Energy of 2-normmax at the query, shape (B,)."""
    if not b.exact:
        return _own_energy(b, "normmax:gamma=2.0")
    # Omega* = tau + 1, and (theta - tau)_+^2 are the weights of 3/2-entmax at twice the scores.
    theta = scores(b)
    y = b.named("entmax:alpha=1.5").weights(2 * theta, np)
    at = _top(y)
    star = theta[0, at] - np.sqrt(y[0, at]) + 1
    return np.sum(b.query * b.query, axis=-1) / 2 - star / b.beta


@quantity("E_gap_norm", "hard energy minus the energy of 2-normmax", real=True)
def E_gap_norm(b: Instances) -> Array:
    return hard_gap(b, norm_energy(b))


GAPS = {
    "dense": (E_gap_dense, sp.log(M) / beta),
    "sparse": (E_gap_sparse, (1 - 1 / M) / (2 * beta)),
    "3/2-entmax": (E_gap_entmax, Rational(4, 3) * (1 - 1 / sp.sqrt(M)) / beta),
    "2-normmax": (E_gap_norm, (1 - 1 / sp.sqrt(M)) / beta),
}
SIZE = m**2 + norm_x**2 + 1 / beta

ENERGY_GAP = Inequality(
    id="restated.energy-gap",
    title="The energy lies below the hard energy by at most -Omega(u)/beta",
    source=OWN,
    provenance="derived",
    printed=r"0\le\big(\tfrac12\|q\|^2-\max_i\langle x_i,q\rangle\big)-E_\Omega(q)\le-\Omega(u)/\beta",
    arena=Patterns(sizes=((1, 1), (1, 2), (2, 2), (2, 3), (3, 4), (3, 8), (8, 16), (16, 50)), search=False),
    parts=(
        *(Part(f"{n}: lower", Ge(gap, 0, evaluate=False), scale=SIZE) for n, (gap, _) in GAPS.items()),
        *(Part(f"{n}: upper", Le(gap, bound), scale=SIZE) for n, (gap, bound) in GAPS.items()),
        Part("2-normmax: below 1/beta whatever n", Lt(E_gap_norm, 1 / beta), scale=SIZE),
    ),
    controls=(
        *(
            Control("a hundredth above 0", Ge(gap, 1 / (100 * beta)), f"{n}: lower")
            for n, (gap, _) in GAPS.items()
        ),
        *(scaled("9/10", f"{n}: upper") for n in GAPS),
        scaled("1/2", "2-normmax: below 1/beta whatever n"),
    ),
    related=("hfy2024.prop1-energy-bounds", "restated.conjugate-gap"),
    notices=("The dense energy is taken without its constants log(M)/beta + m^2/2.",),
)

STATEMENTS: tuple[Statement, ...] = (PAIR, ORTHONORMAL, CONJUGATES, CONJUGATE_GAP, ENERGY_GAP)
