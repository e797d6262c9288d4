"""Energies and descent of Hopfield-Fenchel-Young networks.

SSHN = Santos et al. 2024, arXiv 2402.13725 (Def. 3, Prop. 1); HFY = Santos et al. 2024, arXiv 2411.08590 (post-
transformations).  In the HFY form the scores are X q without a temperature; there X = beta Xi^T.
"""

from __future__ import annotations

import numpy as np
import sympy as sp
from scipy.special import xlogy
from sympy import Ge, Gt, Le, Rational

from verify.arena import Param, Patterns
from verify.instances import Array, Instances
from verify.papers.hfy2024.maps import (
    KINDS,
    at,
    conjugate_change,
    conjugate_gap,
    map_update,
    scores,
    uniform_negentropy,
    worst,
)
from verify.papers.hu2023.entmax_quantities import alpha
from verify.statement import Control, Hypothesis, Inequality, Part, Source, Statement
from verify.vocabulary import beta, d, largest, m, norm, norm_x, quantity, smallest

PAPER = "hfy2024"
OWN = Source(PAPER, "a related statement of this project")
ORDER = Param(alpha, 1.0, 3.0)
r = sp.Symbol("r", positive=True)
share = sp.Symbol("share", nonnegative=True)
stretch = sp.Symbol("stretch", real=True)
SIZES = ((1, 1), (1, 2), (2, 3), (3, 4), (4, 10), (6, 16), (10, 20))
RADIUS = Param(r, 0.1, 10.0, log=True)
SHARE = Param(share, 0.0, 1.0)
THREE_MAPS = (
    "The maps are alpha-entmax with alpha in the range of the instances (softmax and sparsemax included) and "
    "normmax of orders 2 and 5; a part is measured at the worst of the three."
)
SLACK = Rational(1, 10**10)
ROUNDING = (
    "Equality is common (fixed points, vertices); energies count as equal within 10^-10 of their scale, because "
    "two enclosed transcendental numbers that agree cannot be told apart."
)
ZEROS = (
    "z != 0 is read as |z| > 10^-10 beta m (the layer norm: |P z|): whether a sum of exponentials vanishes "
    "cannot be decided from enclosures."
)

# -- the energy of SSHN --------------------------------------------------------------------------------------


def _stretched(b: Instances) -> Instances:
    """The batch at stretch * x."""
    if "stretched" not in b.cache:
        b.cache["stretched"] = at(b, b.scalars["stretch"][:, None] * b.query)
    found: Instances = b.cache["stretched"]
    return found


def sshn_energy(b: Instances, kind: str) -> Array:
    """-Omega*(beta Xi^T x)/beta + |x|^2/2, shape (B,)."""
    top = largest(scores(b)) / b.beta
    return np.sum(b.query * b.query, axis=-1) / 2 - top - conjugate_gap(b, kind) / b.beta


def _full_energy(b: Instances, kind: str) -> Array:
    """E of Def. 3, in its second form with the constant -Omega(u)/beta + M^2/2."""
    m2 = largest(np.sum(b.memories * b.memories, axis=-1))
    return sshn_energy(b, kind) - uniform_negentropy(b, kind) / b.beta + m2 / 2


def _loss_energy(b: Instances, kind: str) -> Array:
    """E of Def. 3, in its first form with the loss L(beta Xi^T x, u)."""
    v = scores(b)
    top = largest(v)
    loss = uniform_negentropy(b, kind) + conjugate_gap(b, kind) + top - np.sum(v, axis=-1) / v.shape[-1]
    mean = np.sum(b.memories, axis=-2) / b.memories.shape[-2]
    away = b.query - mean
    m2 = largest(np.sum(b.memories * b.memories, axis=-1))
    return -loss / b.beta + np.sum(away * away, axis=-1) / 2 + (m2 - np.sum(mean * mean, axis=-1)) / 2


@quantity("energy_low", "minus the smallest energy of Def. 3 over the maps, at stretch * x", real=True)
def energy_low(b: Instances) -> Array:
    return worst(lambda c, kind: -_full_energy(_stretched(c), kind))(b)


@quantity("energy_high", "largest energy of Def. 3 over the maps", real=True)
def energy_high(b: Instances) -> Array:
    return worst(_full_energy)(b)


@quantity("energy_over", "largest E + Omega(u)/beta over the maps", real=True)
def energy_over(b: Instances) -> Array:
    return worst(lambda c, kind: _full_energy(c, kind) + uniform_negentropy(c, kind) / c.beta)(b)


@quantity("energy_forms", "largest difference of the two forms of the energy over the maps")
def energy_forms(b: Instances) -> Array:
    far = _stretched(b)
    return worst(lambda c, kind: np.abs(_full_energy(c, kind) - _loss_energy(c, kind)))(far)


UNIT = m**2 + 1 / beta
BOUNDS = Inequality(
    id="hfy2024.prop1-energy-bounds",
    title="The energy lies between 0 and min(2 M^2, -Omega(u)/beta + M^2/2)",
    source=Source(PAPER, "SSHN Def. 3 and Prop. 1"),
    provenance="recalled",
    printed=r"E(q)=-\beta^{-1}L_\Omega(\beta Xq;u)+\tfrac12\|q-\mu_X\|^2+\tfrac12(M^2-\|\mu_X\|^2),"
    r"\ 0\le E(q)\le\min\{2M^2,-\beta^{-1}\Omega(u)+\tfrac12M^2\}",
    arena=Patterns(query="hull", params=(ORDER, Param(stretch, -4.0, 4.0)), sizes=(*SIZES[:3], *SIZES[4:])),
    parts=(
        Part("the two forms agree", Le(energy_forms, 10 * SLACK * UNIT), scale=UNIT),
        Part("E >= 0, any query", Le(energy_low, SLACK * UNIT), scale=UNIT),
        Part("E <= 2 M^2 on the hull", Le(energy_high, 2 * m**2), scale=UNIT),
        Part("E <= -Omega(u)/beta + M^2/2 on the hull", Le(energy_over, m**2 / 2), scale=UNIT),
    ),
    controls=(
        Control("E >= M^2/10", Le(energy_low, -(m**2) / 10), "E >= 0, any query"),
        Control("E <= M^2 on the hull", Le(energy_high, m**2), "E <= 2 M^2 on the hull"),
        Control("without M^2/2", Le(energy_over, 0), "E <= -Omega(u)/beta + M^2/2 on the hull"),
    ),
    related=("hfy2024.cccp-update",),
    notices=(THREE_MAPS, "The lower bound is measured at multiples of hull points, outside the hull too."),
)

# -- descent --------------------------------------------------------------------------------------------------


def sshn_rise(b: Instances, kind: str) -> Array:
    """E(q+) - E(q), E = -Omega*(beta X q)/beta + |q|^2/2."""
    after = at(b, map_update(b, kind))
    squares = np.sum(after.query * after.query - b.query * b.query, axis=-1) / 2
    return squares - conjugate_change(b, after, kind) / b.beta


def _field(b: Instances, kind: str) -> Array:
    """z = X^T yhat(X q) with X = beta Xi^T, shape (B, d)."""
    return b.beta[:, None] * map_update(b, kind)


def _divided(v: Array, length: Array) -> Array:
    """v over its length; rows of length 0 stay (they belong to no instance of the statement)."""
    if v.dtype == object:
        return v / length[:, None]
    return v / np.where(length > 0, length, 1.0)[:, None]


def _centred_part(v: Array) -> Array:
    """P v: the vector minus the mean of its entries."""
    return v - (np.sum(v, axis=-1) / v.shape[-1])[:, None]


def to_ball(b: Instances, z: Array) -> Array:
    """grad Psi* of the ball indicator: r z/|z|."""
    return b.scalars["r"][:, None] * _divided(z, norm(z))


def to_layer(b: Instances, z: Array) -> Array:
    """grad Psi* of the layer-norm set with delta = 1/4 and eta = r: delta + eta sqrt(d) P z/|P z|."""
    middle = _centred_part(z)
    root = np.sqrt(b.beta * 0 + z.shape[-1])
    return (b.scalars["r"] * root)[:, None] * _divided(middle, norm(middle)) + (b.beta[:, None] * 0 + 1) / 4


def binary_entropy(q: Array) -> Array:
    """Psi(q) = sum (1+q)/2 log(1+q) + (1-q)/2 log(1-q), shape (B,)."""
    if q.dtype == object:
        return np.sum(((1 + q) * np.log(1 + q) + (1 - q) * np.log(1 - q)) / 2, axis=-1)
    return np.sum(xlogy(1 + q, 1 + q) + xlogy(1 - q, 1 - q), axis=-1) / 2


def _in_ball(b: Instances, part: Array = None) -> Instances:
    inside = b.scalars["share"] if part is None else part
    return at(b, inside[:, None] * to_ball(b, b.query))


def _in_layer(b: Instances) -> Instances:
    middle = (b.beta[:, None] * 0 + 1) / 4
    return at(b, middle + b.scalars["share"][:, None] * (to_layer(b, b.query) - middle))


def _ball_rise(b: Instances, kind: str) -> Array:
    start = _in_ball(b)
    return -conjugate_change(start, at(b, to_ball(b, _field(start, kind))), kind)


def _layer_rise(b: Instances, kind: str) -> Array:
    start = _in_layer(b)
    return -conjugate_change(start, at(b, to_layer(b, _field(start, kind))), kind)


def _tanh_rise(b: Instances, kind: str) -> Array:
    start = at(b, np.tanh(b.query))
    after = at(b, np.tanh(_field(start, kind)))
    return binary_entropy(after.query) - binary_entropy(start.query) - conjugate_change(start, after, kind)


@quantity("rise_sshn", "largest E(q+) - E(q) over the maps, Psi = |q|^2/2 and 1/beta", real=True)
def rise_sshn(b: Instances) -> Array:
    return worst(sshn_rise)(b)


@quantity("rise_ball", "largest E(q+) - E(q) over the maps, Psi the ball indicator", real=True)
def rise_ball(b: Instances) -> Array:
    return worst(_ball_rise)(b)


@quantity("rise_layer", "largest E(q+) - E(q) over the maps, Psi the layer-norm set", real=True)
def rise_layer(b: Instances) -> Array:
    return worst(_layer_rise)(b)


@quantity("rise_tanh", "largest E(q+) - E(q) over the maps, Psi the binary entropy", real=True)
def rise_tanh(b: Instances) -> Array:
    return worst(_tanh_rise)(b)


def _least(b: Instances, start: Instances, size: object) -> Array:
    return smallest(np.stack([size(_field(start, kind)) for kind in KINDS], axis=-1))  # type: ignore[operator]


@quantity("field_ball", "smallest |z| over the maps, start in the ball")
def field_ball(b: Instances) -> Array:
    return _least(b, _in_ball(b), norm)


@quantity("field_layer", "smallest |P z| over the maps, start in the layer-norm set")
def field_layer(b: Instances) -> Array:
    return _least(b, _in_layer(b), lambda z: norm(_centred_part(z)))


@quantity("spread_x", "|P x|: 0 for a query with equal entries")
def spread_x(b: Instances) -> Array:
    return norm(_centred_part(b.query))


CHANGE = 1 + beta * m * (m + norm_x + 4 * r * sp.sqrt(d))
SHORT = SLACK * beta * m
IN_BALL = (
    Hypothesis(Gt(norm_x, 0), "the start has a direction"),
    Hypothesis(Gt(field_ball, SHORT), "z != 0"),
)
IN_LAYER = (
    Hypothesis(Gt(spread_x, 0), "the start is not constant"),
    Hypothesis(Gt(field_layer, SHORT), "z is not constant"),
)
QUADRATIC = m**2 + norm_x**2
DESCENT = Patterns(query="free", params=(ORDER, RADIUS, SHARE), sizes=SIZES, search=False)

CCCP = Inequality(
    id="hfy2024.cccp-update",
    title="The update does not increase the energy, also with a post-transformation",
    source=Source(PAPER, "SSHN Prop. 1, HFY general form"),
    provenance="recalled, secondary (form -Omega*(Xq)+Psi(q))",
    printed=r"q^+=\nabla\Psi^*\big(X^T\hat y_\Omega(Xq)\big)\text{ for }E(q)=-\Omega^*(Xq)+\Psi(q)+\mathrm{const}:"
    r"\ E(q^+)\le E(q)",
    arena=DESCENT,
    parts=(
        Part("SSHN: Psi = |q|^2/2", Le(rise_sshn, SLACK * QUADRATIC), scale=QUADRATIC),
        Part("HFY: Psi the ball indicator", Le(rise_ball, SLACK * CHANGE), scale=CHANGE, given=IN_BALL),
        Part("HFY: Psi the layer-norm set", Le(rise_layer, SLACK * CHANGE), scale=CHANGE, given=IN_LAYER),
        Part("HFY: Psi the binary entropy", Le(rise_tanh, SLACK * CHANGE), scale=CHANGE),
    ),
    controls=(
        Control("a fall of m^2/10 at every step", Le(rise_sshn, -QUADRATIC / 10), "SSHN: Psi = |q|^2/2"),
        Control("the energy rises", Ge(rise_tanh, 0), "HFY: Psi the binary entropy"),
    ),
    related=("restated.hfy-descent", "hfy2024.post-transformations"),
    notices=(
        THREE_MAPS,
        ROUNDING,
        ZEROS,
        "In the HFY form X is beta Xi^T, without a temperature of its own.",
    ),
)


@quantity("drop_deficit", "largest |step|^2/2 - (E(q) - E(q+)) over the maps", real=True)
def drop_deficit(b: Instances) -> Array:
    def one(c: Instances, kind: str) -> Array:
        step = map_update(c, kind) - c.query
        return sshn_rise(c, kind) + np.sum(step * step, axis=-1) / 2

    return worst(one)(b)


@quantity("drop_deficit_double", "the same with |step|^2", real=True)
def drop_deficit_double(b: Instances) -> Array:
    def one(c: Instances, kind: str) -> Array:
        step = map_update(c, kind) - c.query
        return sshn_rise(c, kind) + np.sum(step * step, axis=-1)

    return worst(one)(b)


UPDATES = 8


@quantity("short_square", f"largest over the maps of the smallest |step|^2 among {UPDATES} updates from T(x)")
def short_square(b: Instances) -> Array:
    def one(c: Instances, kind: str) -> Array:
        state, squares = at(c, map_update(c, kind)), []
        for _ in range(UPDATES):
            after = at(c, map_update(state, kind))
            step = after.query - state.query
            squares.append(np.sum(step * step, axis=-1))
            state = after
        return smallest(np.stack(squares, axis=-1))

    return worst(one)(b)


def _ball_deficit(b: Instances, kind: str) -> Array:
    one = b.beta * 0 + 1
    start = _in_ball(b, one)
    z = _field(start, kind)
    after = at(b, to_ball(b, z))
    step = after.query - start.query
    needed = norm(z) / (2 * b.scalars["r"]) * np.sum(step * step, axis=-1)
    return needed - conjugate_change(start, after, kind)


@quantity("ball_deficit", "largest (|z|/(2r)) |step|^2 - (E(q) - E(q+)) over the maps, |q| = r", real=True)
def ball_deficit(b: Instances) -> Array:
    return worst(_ball_deficit)(b)


@quantity("field_sphere", "smallest |z| over the maps, start on the sphere of radius r")
def field_sphere(b: Instances) -> Array:
    return _least(b, _in_ball(b, b.beta * 0 + 1), norm)


HFY_DESCENT = Inequality(
    id="restated.hfy-descent",
    title="Quadratic descent of the Hopfield-Fenchel-Young energies",
    source=OWN,
    provenance="derived",
    printed=r"\text{(i) }E(q_t)-E(q_{t+1})\ge\tfrac12\|q_{t+1}-q_t\|^2,\ \min_{t<T}\|q_{t+1}-q_t\|^2\le4M^2/T;"
    r"\text{ (ii) }E(q_t)-E(q_{t+1})\ge\tfrac{\|z\|}{2r}\|q_{t+1}-q_t\|^2",
    arena=DESCENT,
    parts=(
        Part("(i) drop", Le(drop_deficit, SLACK * QUADRATIC), scale=QUADRATIC),
        Part(f"(i) shortest of {UPDATES} steps", Le(short_square, 4 * m**2 / UPDATES), trivial=4 * m**2),
        Part(
            "(ii) drop on the sphere",
            Le(ball_deficit, SLACK * CHANGE),
            scale=CHANGE,
            given=(Hypothesis(Gt(norm_x, 0)), Hypothesis(Gt(field_sphere, SHORT), "z != 0")),
        ),
    ),
    controls=(
        Control("twice the drop", Le(drop_deficit_double, SLACK * QUADRATIC), "(i) drop"),
        Control(
            "shortest step a hundredth", Le(short_square, m**2 / 1000), f"(i) shortest of {UPDATES} steps"
        ),
        Control("a strict surplus", Le(ball_deficit, -CHANGE / 1000), "(ii) drop on the sphere"),
    ),
    related=("hfy2024.cccp-update",),
    notices=(THREE_MAPS, ROUNDING, ZEROS, "The start of the second part is T(x), a point of the hull."),
)


STATEMENTS: tuple[Statement, ...] = (
    BOUNDS,
    CCCP,
    HFY_DESCENT,
)
