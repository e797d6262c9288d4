"""Lipschitz constants of sparsemax, alpha-entmax and gamma-normmax: statements of this project.

Maps y = argmax <y, v> - Omega(y) over the simplex are studied at the point y where it is easier: the Jacobian in v
is the inverse of the Hessian of Omega on the tangent space of the face, and the scores that lead to y are known.
``y`` is the vector of the convex weights of the query, n = M.
"""

from __future__ import annotations

import numpy as np
import sympy as sp
from sympy import Eq, Ge, Le, Lt, Rational

from bounds.exact import Real, directional_derivative
from verify.arena import Param, Patterns
from verify.controls import scaled
from verify.instances import Array, Instances
from verify.papers.arxiv2510_23012.softmax import OWN, centred_form, matrix_norm, spread_mean
from verify.papers.hu2023.entmax_quantities import alpha, entmax_weights
from verify.statement import Control, Hypothesis, Identity, Part, Statement
from verify.vocabulary import (
    J_norm,
    M,
    beta,
    largest,
    measure,
    norm,
    norms,
    number,
    overlaps,
    quantity,
    smallest,
    target_overlaps,
    weights,
)

ONE = sp.Integer(1)

# -- sparsemax ------------------------------------------------------------------------------------------


def _scores(b: Instances) -> Array:
    """Scores (B, M); in floats relative to the largest, and cut where they are far from the support."""
    v = b.beta[:, None] * overlaps(b)
    return v if b.exact else np.maximum(v - np.max(v, axis=-1, keepdims=True), -3.0)


def _weights(b: Instances, v: Array) -> Array:
    return b.named("sparse").weights(v, np)


def _support(b: Instances) -> Array:
    """Indicator of the support, shape (B, M)."""
    p = weights(b, "sparse")
    return np.frompyfunc(lambda q: Real(int(q > 0)), 1, 1)(p) if b.exact else (p > 0).astype(float)


@quantity("S_size", "size of the support of sparsemax")
def S_size(b: Instances) -> Array:
    return np.sum(_support(b), axis=-1)


@quantity("S_margin", "smallest distance of a score from the threshold of sparsemax")
def S_margin(b: Instances) -> Array:
    v = _scores(b)
    p = _weights(b, v)
    rows, top = np.arange(b.size), np.argmax(p.astype(float), axis=-1)
    tau = v[rows, top] - p[rows, top]
    return smallest(np.abs(v - tau[:, None]))


def _direction(b: Instances) -> Array:
    """w = (1, 1/2, 1/3, ...), shape (M,)."""
    steps = range(1, b.memories.shape[-2] + 1)
    return np.array([Real(1) / k for k in steps] if b.exact else [1.0 / k for k in steps])


@quantity("sparsemax_slope", "slope of <sparsemax(v), w> along w = (1, 1/2, 1/3, ...)", real=True)
def sparsemax_slope(b: Instances) -> Array:
    v, w = _scores(b), _direction(b)
    if b.exact:
        _, slope = directional_derivative(lambda u: np.sum(_weights(b, u[None, :])[0] * w), v[0], w)
        return np.array([slope], dtype=object)
    # Sparsemax is linear where its support is constant: the longest step there has the smallest error.
    h = np.where(S_margin_of(b) > 0, S_margin_of(b) / 4, 1.0)[:, None]
    return np.sum((_weights(b, v + h * w) - _weights(b, v - h * w)) * w, axis=-1) / (2 * h[:, 0])


def S_margin_of(b: Instances) -> Array:
    """The margin of the support in floats, shape (B,)."""
    return measure(b, S_margin)


@quantity("projected_slope", "<w, (diag(s) - s s^T/|S|) w> for w = (1, 1/2, 1/3, ...)")
def projected_slope(b: Instances) -> Array:
    s, w = _support(b), _direction(b)
    return np.sum(s * w * w, axis=-1) - np.sum(s * w, axis=-1) ** 2 / np.sum(s, axis=-1)


def _sparse_jacobian(b: Instances) -> Array:
    """The Jacobian of sparsemax that the model declares, shape (B, M, M)."""
    w, k = b.named("sparse").response(b.beta[:, None] * overlaps(b), np)
    return k[..., None] * centred_form(w)


@quantity("sparsemax_J", "spectral norm of the Jacobian of sparsemax")
def sparsemax_J(b: Instances) -> Array:
    return matrix_norm(b, _sparse_jacobian(b))


@quantity("projection_defect", "sum of the absolute entries of J^2 - J")
def projection_defect(b: Instances) -> Array:
    jacobian = _sparse_jacobian(b)
    return np.sum(np.abs(np.matmul(jacobian, jacobian) - jacobian), axis=(-1, -2))


@quantity("pair_defect", "|xi_1 + xi_2|, 0 for an antipodal pair; 1 unless there are two memories")
def pair_defect(b: Instances) -> Array:
    if b.memories.shape[-2] != 2:
        return number(b, 1)
    total = np.sum(b.memories, axis=-2)
    return np.sum(np.abs(total), axis=-1)


@quantity("norm_first", "norm of the first memory")
def norm_first(b: Instances) -> Array:
    return norms(b)[:, 0]


SPARSEMAX = Identity(
    id="restated.sparsemax-jacobian",
    title="The Jacobian of sparsemax is an orthogonal projection",
    source=OWN,
    provenance="derived",
    printed=r"J=\mathrm{diag}(s)-\tfrac{ss^T}{|S|},\ J^2=J,\ \|J\|\in\{0,1\},\ \|J_T\|\le\beta\|\Xi_c\|_2^2;\quad"
    r"\pm a:\ 2\beta|a|^2",
    arena=Patterns(
        model="sparse",
        sizes=((1, 1), (1, 2), (2, 2), (10, 2), (2, 3), (2, 5), (3, 8), (8, 16), (20, 40)),
        search=False,
    ),
    hypotheses=(Hypothesis(Lt(0, S_margin), "the support is constant near v"),),
    parts=(
        Part("Jacobian", Eq(sparsemax_slope, projected_slope), scale=ONE),
        Part("projection", Eq(projection_defect, 0), scale=ONE),
        Part("norm 1", Eq(sparsemax_J, 1), given=(Hypothesis(Ge(S_size, 2)),)),
        Part("norm 0", Eq(sparsemax_J, 0), scale=ONE, given=(Hypothesis(Eq(S_size, 1)),)),
        Part("retrieval map", Le(J_norm, beta * spread_mean)),
        Part(
            "antipodal pair",
            Eq(J_norm, 2 * beta * norm_first**2),
            given=(Hypothesis(Eq(pair_defect, 0)), Hypothesis(Eq(S_size, 2))),
        ),
    ),
    controls=(
        scaled("99/100", "Jacobian"),
        Control("J^2 - J of size 1", Eq(projection_defect, 1), "projection"),
        Control("norm 1/2, as for softmax", Eq(sparsemax_J, Rational(1, 2)), "norm 1"),
        Control("norm 1 everywhere", Eq(sparsemax_J, 1), "norm 0"),
        scaled("1/2", "retrieval map"),
        scaled("1/2", "antipodal pair"),
    ),
    related=("hu2023.cor2.2.1-noise", "restated.entmax-lipschitz"),
    notices=("The Jacobian is compared along w = (1, 1/2, 1/3, ...).",),
)

# -- entmax -----------------------------------------------------------------------------------------------

alpha_steep = sp.Symbol("alpha_steep", positive=True)
e_mass = sp.Symbol("e_mass", positive=True)
l_small = sp.Symbol("l_small", positive=True)
b_mix = sp.Symbol("b_mix", nonnegative=True)


def simplex_point(b: Instances) -> Array:
    """y, the convex weights of the query scaled to sum 1, shape (B, n)."""
    return b.hull / np.sum(b.hull, axis=-1, keepdims=True)


def power(y: Array, exponent: Array) -> Array:
    """y^exponent where y is positive and 0 elsewhere; exponent broadcasts against y."""
    if y.dtype == object:
        return np.frompyfunc(lambda q, r: q**r if q > 0 else q * 0, 2, 1)(y, exponent)
    return np.where(y > 0, np.where(y > 0, y, 1.0) ** exponent, 0.0)


def entmax_eigenvalue(b: Instances, y: Array, order: Array) -> Array:
    """Largest eigenvalue of the Jacobian of entmax of the orders (B,) where its value is y (B, n)."""
    return matrix_norm(b, centred_form(power(y, 2 - order[:, None])))


def split_value(order: Array, count: Array) -> Array:
    """(1 + 1/l)/(1 + l^(1-p))^(2/p), p = 2/(3 - alpha), for l = count."""
    return (1 + 1 / count) / (1 + count ** ((1 - order) / (3 - order))) ** (3 - order)


def lipschitz(b: Instances, n: Array) -> Array:
    """max over 1 <= l <= n-1 of the value of an equal split, for lengths n (B,), shape (B,)."""
    order = b.scalars["alpha"]
    most = max(int(float(v)) for v in n) - 1
    if b.exact:
        counts = np.array([Real(k) for k in range(1, most + 1)], dtype=object)
        return np.array([largest(split_value(order[0], counts))], dtype=object)
    counts = np.arange(1.0, most + 1)
    values = np.maximum.accumulate(split_value(order[:, None], counts), axis=-1)
    return values[np.arange(b.size), n.astype(int) - 2]


@quantity("Lip", "max over l of the value of an equal split in dimension n = M")
def Lip(b: Instances) -> Array:
    return lipschitz(b, number(b, b.memories.shape[-2]))


@quantity("Lip_wide", "max over l of the value of an equal split in dimension n = l_small + 2")
def Lip_wide(b: Instances) -> Array:
    return lipschitz(b, b.scalars["l_small"] + 2)


@quantity("entmax_J", "spectral norm of the Jacobian of alpha-entmax at the point y of the simplex")
def entmax_J(b: Instances) -> Array:
    return entmax_eigenvalue(b, simplex_point(b), b.scalars["alpha"])


def split_point(b: Instances, count: int) -> Array:
    """y = (1, l^-p, ..., l^-p) scaled to sum 1, l = count small coordinates, shape (B, l + 1)."""
    order = b.scalars["alpha"]
    small = number(b, count) ** (-2 / (3 - order))
    y = np.stack([number(b, 1)] + [small] * count, axis=-1)
    return y / np.sum(y, axis=-1, keepdims=True)


@quantity("entmax_J_split", "spectral norm of the Jacobian of alpha-entmax at one large against n-1 equal")
def entmax_J_split(b: Instances) -> Array:
    return entmax_eigenvalue(b, split_point(b, b.memories.shape[-2] - 1), b.scalars["alpha"])


@quantity("split_last", "value of the equal split with l = n - 1")
def split_last(b: Instances) -> Array:
    return split_value(b.scalars["alpha"], number(b, b.memories.shape[-2] - 1))


@quantity("split_first", "value of the equal split with l = 1")
def split_first(b: Instances) -> Array:
    return split_value(b.scalars["alpha"], number(b, 1))


@quantity("mixed_split", "|w|_2^2/|w|_p^2 for w = (1, -b, -(1-b)/l, ..., -(1-b)/l), p = 2/(3 - alpha)")
def mixed_split(b: Instances) -> Array:
    order, count, share = b.scalars["alpha"], b.scalars["l_small"], b.scalars["b_mix"]
    p, rest = 2 / (3 - order), (1 - share) / count
    squares = 1 + share * share + count * rest * rest
    return squares / (1 + power(share, p) + count * power(rest, p)) ** (3 - order)


@quantity("entmax_moved", "|entmax(v) - entmax(v')|, v and v' the scores of the query and of the target")
def entmax_moved(b: Instances) -> Array:
    order = b.scalars["alpha"]
    away = entmax_weights(b, overlaps(b), order) - entmax_weights(b, target_overlaps(b), order)
    return norm(away)


@quantity("scores_moved", "|v - v'|, v and v' the scores of the query and of the target")
def scores_moved(b: Instances) -> Array:
    return b.beta * norm(overlaps(b) - target_overlaps(b))


@quantity("entmax_J_steep", "spectral norm of the Jacobian of alpha_steep-entmax at y = (1 - 2 e, e, e)")
def entmax_J_steep(b: Instances) -> Array:
    e = b.scalars["e_mass"]
    return entmax_eigenvalue(b, np.stack([1 - 2 * e, e, e], axis=-1), b.scalars["alpha_steep"])


ENTMAX = Identity(
    id="restated.entmax-lipschitz",
    title="The exact Lipschitz constant of alpha-entmax",
    source=OWN,
    provenance="derived (optimum over equal splits conjectured)",
    printed=r"1\le\alpha\le2:\ \mathrm{Lip}_n(\alpha)=\max_{1\le l\le n-1}\frac{1+1/l}{(1+l^{1-p})^{2/p}}\le1,\ "
    r"p=\tfrac2{3-\alpha};\quad l=1:\ 2^{\alpha-2};\quad\alpha>2,\ n\ge3:\ \infty",
    arena=Patterns(
        query="hull",
        min_memories=2,
        sizes=((1, 2), (2, 3), (3, 4), (3, 8), (5, 20)),
        params=(
            Param(alpha, 1.0, 2.0),
            Param(alpha_steep, 2.01, 4.0),
            Param(e_mass, 1e-9, 0.1, log=True),
            Param(l_small, 1, 2000, log=True, integer=True),
            Param(b_mix, 0.0, 1.0),
        ),
        search=False,
    ),
    parts=(
        Part("1-Lipschitz", Le(entmax_J, 1)),
        Part("at most the largest equal split", Le(entmax_J, Lip), trivial=ONE),
        Part("mixed splits in high dimension", Le(mixed_split, Lip_wide), trivial=ONE),
        Part("an equal split attains its value", Eq(entmax_J_split, split_last)),
        Part("l = 1", Eq(split_first, 2 ** (alpha - 2))),
        Part("differences", Le(entmax_moved, Lip * scores_moved), scale=1 + scores_moved),
        Part("alpha > 2: no constant", Ge(entmax_J_steep, e_mass ** (2 - alpha_steep) / 2)),
    ),
    controls=(
        scaled("9/10", "1-Lipschitz"),
        scaled("9/10", "at most the largest equal split"),
        Control("l = 1 only", Le(mixed_split, 2 ** (alpha - 2)), "mixed splits in high dimension"),
        scaled("99/100", "an equal split attains its value"),
        scaled("99/100", "l = 1"),
        scaled("1/2", "differences"),
        scaled("1/3", "alpha > 2: no constant"),
    ),
    related=("restated.sparsemax-jacobian", "arxiv2510.23012.softmax-half"),
    notices=(
        "The Jacobian is a function of y, so y runs over the simplex; n = M.",
        "The largest eigenvalue over y is the largest |w|_2^2/|w|_p^2 over w with sum 0: maximise over y first, which "
        "is Hoelder's inequality. At a maximum all but two coordinates of w are equal; mixed splits cover these.",
        "A constant e^(2-alpha)/2 for every e > 0 is none at all.",
    ),
)

# -- normmax ----------------------------------------------------------------------------------------------

gamma_flat = sp.Symbol("gamma_flat", positive=True)
gamma_steep = sp.Symbol("gamma_steep", positive=True)
t_vertex = sp.Symbol("t_vertex", positive=True)
pull = sp.Symbol("pull", positive=True)


def norm_scores(y: Array, order: Array) -> Array:
    """(y_i/|y|_gamma)^(gamma-1), scores which gamma-normmax sends to y (B, n); orders (B,)."""
    g = order[:, None]
    size = power(np.sum(power(y, g), axis=-1, keepdims=True), 1 / g)
    return power(y / size, g - 1)


def quotient(y: Array, other: Array, order: Array) -> Array:
    """|y - y'|/|v - v'| for scores v, v' that lead to y and y', both up to a constant; 0 for equal points."""
    v = norm_scores(y, order) - norm_scores(other, order)
    v = v - np.sum(v, axis=-1, keepdims=True) / v.shape[-1]
    away, moved = y - other, np.sqrt(np.sum(v * v, axis=-1))
    if y.dtype == object:
        return norm(away) / moved
    return np.where(moved > 0, norm(away) / np.where(moved > 0, moved, 1.0), 0.0)


def towards_vertex(b: Instances, t: Array) -> Array:
    """y = (1 - (n-1) t, t, ..., t), shape (B, n)."""
    n = b.memories.shape[-2]
    return np.stack([1 - (n - 1) * t] + [t] * (n - 1), axis=-1)


def vertex_pair(t: Array) -> Array:
    """y = (1 - t, t), shape (B, 2)."""
    return np.stack([1 - t, t], axis=-1)


def pulled(b: Instances) -> tuple[Array, Array]:
    """y, an inner point moved towards the first vertex by the share ``pull``, and the middle of y and it."""
    n = b.memories.shape[-2]
    y = (simplex_point(b) * 9 + 1) / (9 + n)
    share = b.scalars["pull"][:, None]
    vertex = np.stack([number(b, 1)] + [number(b, 0)] * (n - 1), axis=-1)
    near = (1 - share) * y + share * vertex
    return near, (near + vertex) / 2


def _two(b: Instances) -> Array:
    return number(b, 2)


@quantity("normmax_quotient", "|y - y'|/|v - v'| of 2-normmax, y' half way from y to a vertex")
def normmax_quotient(b: Instances) -> Array:
    return quotient(*pulled(b), _two(b))


@quantity("normmax_back", "|normmax(v) - y| for the scores v that should lead to y, gamma = 2")
def normmax_back(b: Instances) -> Array:
    y = pulled(b)[1]
    return norm(two_normmax(b, norm_scores(y, _two(b))) - y)


def two_normmax(b: Instances, v: Array) -> Array:
    """2-normmax of scores (B, n); balls by way of 3/2-entmax, whose weights at 2 v are (v - tau)_+^2."""
    if not b.exact:
        return b.named("normmax:gamma=2.0").weights(v, np)
    root = np.sqrt(b.named("entmax:alpha=1.5").weights(2 * v, np))
    return root / np.sum(root, axis=-1, keepdims=True)


@quantity("normmax_vertex", "|y - y'|/|v - v'| of 2-normmax at (1-(n-1)t, t, ..) and (1-2(n-1)t, 2t, ..)")
def normmax_vertex(b: Instances) -> Array:
    t = b.scalars["t_vertex"] / b.memories.shape[-2]
    return quotient(towards_vertex(b, t), towards_vertex(b, 2 * t), _two(b))


@quantity("normmax_steep", "|y - y'|/|v - v'| of gamma_steep-normmax at (1-t, t) and (1-2t, 2t)")
def normmax_steep(b: Instances) -> Array:
    t = b.scalars["t_vertex"]
    return quotient(vertex_pair(t), vertex_pair(2 * t), b.scalars["gamma_steep"])


@quantity(
    "normmax_flat", "|y - y'|/|v - v'| of gamma_flat-normmax at (1-t, t) and (1-s, s), s = (t + pull)/2"
)
def normmax_flat(b: Instances) -> Array:
    t = b.scalars["t_vertex"]
    return quotient(vertex_pair(t), vertex_pair((t + b.scalars["pull"]) / 2), b.scalars["gamma_flat"])


STEEP = (
    2 / (gamma_steep - 1) * (2 * t_vertex) ** (2 - gamma_steep) * (1 - 2 * t_vertex) ** (2 * gamma_steep - 1)
)
"""Twice the inverse of the largest second derivative of the norm between the two points."""

NORMMAX = Identity(
    id="restated.normmax-lipschitz",
    title="The Lipschitz constant of gamma-normmax",
    source=OWN,
    provenance="derived",
    printed=r"\gamma=2:\ \mathrm{Lip}=n\ (\text{a supremum, approached at a vertex});\quad\gamma>2:\ \infty;\quad"
    r"\gamma<2,\ n=2:\ <\infty",
    arena=Patterns(
        query="hull",
        min_memories=2,
        sizes=((1, 2), (2, 3), (3, 5), (3, 20)),
        params=(
            Param(gamma_flat, 1.05, 1.95),
            Param(gamma_steep, 2.05, 5.0),
            Param(t_vertex, 1e-4, 0.1, log=True),
            Param(pull, 0.0, 0.999),
        ),
        search=False,
    ),
    parts=(
        Part("gamma = 2: at most n", Le(normmax_quotient, M)),
        Part("gamma = 2: the scores lead back to the point", Le(normmax_back, Rational(1, 10**9))),
        Part("gamma = 2: n is approached", Ge(normmax_vertex, M * (1 - 6 * t_vertex))),
        Part("gamma > 2: no constant", Ge(normmax_steep, STEEP)),
        Part("gamma < 2, two scores: a constant", Le(normmax_flat, 2 / (gamma_flat - 1))),
    ),
    controls=(
        scaled("9/10", "gamma = 2: at most n"),
        Control(
            "elsewhere", Ge(normmax_back, Rational(1, 1000)), "gamma = 2: the scores lead back to the point"
        ),
        Control("above n", Ge(normmax_vertex, M * (1 + t_vertex)), "gamma = 2: n is approached"),
        scaled("1/4", "gamma > 2: no constant"),
        scaled("1/4", "gamma < 2, two scores: a constant"),
    ),
    related=("restated.entmax-lipschitz",),
    notices=(
        "Difference quotients between points y of the simplex and the scores (y_i/|y|)^(gamma-1) that lead to them.",
        "No constant: the quotient near a vertex exceeds c t^(2-gamma) for every small t > 0.",
        "A constant: 2/(gamma-1), from the second derivative of the norm along the edge.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (SPARSEMAX, ENTMAX, NORMMAX)
