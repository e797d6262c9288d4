"""Post-transformations grad Psi* and the classical updates as special cases.

HFY = Santos et al. 2024, arXiv 2411.08590.  z is X^T yhat(X q) with X = beta Xi^T and yhat alpha-entmax; the competitors
come from the target memory.
"""

from __future__ import annotations

import numpy as np
from sympy import Ge, Gt, Integer, Le

from verify.arena import Param, Patterns
from verify.instances import Array, Instances
from verify.papers.hfy2024.energies import (
    CHANGE,
    RADIUS,
    ROUNDING,
    SHARE,
    SHORT,
    SLACK,
    ZEROS,
    binary_entropy,
    rise_ball,
    rise_layer,
    rise_tanh,
    to_ball,
    to_layer,
)
from verify.papers.hfy2024.energies import IN_BALL as START_IN_BALL
from verify.papers.hfy2024.energies import IN_LAYER as START_IN_LAYER
from verify.papers.hfy2024.maps import ENTMAX, map_update
from verify.papers.hu2023.entmax_quantities import alpha
from verify.statement import Control, Hypothesis, Identity, Part, Source, Statement
from verify.vocabulary import beta, m, norm, quantity, target_memory


def _field(b: Instances) -> Array:
    return b.beta[:, None] * map_update(b, ENTMAX)


def _inner(u: Array, v: Array) -> Array:
    return np.sum(u * v, axis=-1)


def _off_mean(v: Array) -> Array:
    return v - (np.sum(v, axis=-1) / v.shape[-1])[:, None]


@quantity("z_length", "|z|")
def z_length(b: Instances) -> Array:
    return norm(_field(b))


@quantity("z_spread", "|P z|")
def z_spread(b: Instances) -> Array:
    return norm(_off_mean(_field(b)))


@quantity("target_length", "|xi_mu|")
def target_length(b: Instances) -> Array:
    return norm(target_memory(b))


@quantity("target_spread", "|P xi_mu|")
def target_spread(b: Instances) -> Array:
    return norm(_off_mean(target_memory(b)))


@quantity("lead_ball", "<z, r z/|z|> - <z, c> for a point c of the ball", real=True)
def lead_ball(b: Instances) -> Array:
    z = _field(b)
    return _inner(z, to_ball(b, z) - b.scalars["share"][:, None] * to_ball(b, target_memory(b)))


@quantity("lead_layer", "the same for the layer-norm set", real=True)
def lead_layer(b: Instances) -> Array:
    z = _field(b)
    middle = (b.beta[:, None] * 0 + 1) / 4
    other = middle + b.scalars["share"][:, None] * (to_layer(b, target_memory(b)) - middle)
    return _inner(z, to_layer(b, z) - other)


@quantity(
    "layer_defect", "distance of delta + eta sqrt(d) P z/|P z| from the layer-norm set's sphere and mean"
)
def layer_defect(b: Instances) -> Array:
    q = to_layer(b, _field(b)) - (b.beta[:, None] * 0 + 1) / 4
    sphere = np.sum(q * q, axis=-1) / q.shape[-1] / b.scalars["r"] ** 2 - 1
    return np.abs(sphere) + np.abs(np.sum(q, axis=-1) / q.shape[-1])


@quantity(
    "lead_tanh",
    "<z, q> - Psi(q) at tanh z minus its value at another point, Psi the binary entropy",
    real=True,
)
def lead_tanh(b: Instances) -> Array:
    z, other = _field(b), np.tanh(target_memory(b))
    best = np.tanh(z)
    return _inner(z, best - other) - binary_entropy(best) + binary_entropy(other)


@quantity("lead_half_tanh", "the same at tanh(z/2)", real=True)
def lead_half_tanh(b: Instances) -> Array:
    z, best = _field(b), np.tanh(_field(b))
    half = np.tanh(z / 2)
    return _inner(z, half - best) - binary_entropy(half) + binary_entropy(best)


def sign(v: Array) -> Array:
    """-1, 0 or 1."""
    one = v * 0 + 1
    return np.where(v > 0, one, np.where(v < 0, -one, v * 0))


def _spins(b: Instances) -> Array:
    """The signs of the query, +1 where it is 0."""
    one = b.query * 0 + 1
    return np.where(b.query < 0, -one, one)


def _scores(b: Instances, q: Array) -> Array:
    return b.beta[:, None] * np.sum(b.memories * q[:, None, :], axis=-1)


def _back(b: Instances, w: Array) -> Array:
    return np.sum(w[..., None] * b.memories, axis=-2)


@quantity("lead_sign", "<z, sgn z> - <z, c> for a point c of the cube, z = X^T X q", real=True)
def lead_sign(b: Instances) -> Array:
    z = _back(b, _scores(b, _spins(b)))
    return _inner(z, sign(z) - np.tanh(target_memory(b)))


@quantity("rise_hebb", "rise of -|Xq|^2/2 in the synchronous update sgn(X^T X q)", real=True)
def rise_hebb(b: Instances) -> Array:
    before = _scores(b, _spins(b))
    after = _scores(b, sign(_back(b, before)))
    return (_inner(before, before) - _inner(after, after)) / 2


@quantity("size_hebb", "|Xq|^2/2 before the update, and 1")
def size_hebb(b: Instances) -> Array:
    before = _scores(b, _spins(b))
    return _inner(before, before) / 2 + 1


@quantity(
    "rise_no_diagonal",
    "rise of -q^T W q/2, W = X^T X without its diagonal, in the synchronous update",
    real=True,
)
def rise_no_diagonal(b: Instances) -> Array:
    diagonal = b.beta[:, None] * np.sum(b.memories * b.memories, axis=-2)

    def field(q: Array) -> Array:
        return _back(b, _scores(b, q)) - diagonal * q

    q = _spins(b)
    z = field(q)
    # A spin with field 0 stays.
    after = np.where(z == 0, q, sign(z))
    return (_inner(q, z) - _inner(after, field(after))) / 2


@quantity("rise_quartic", "rise of -sum (X q)_i^4/4 in the update sgn(X^T F'(X q))", real=True)
def rise_quartic(b: Instances) -> Array:
    before = _scores(b, _spins(b))
    after = _scores(b, sign(_back(b, before**3)))
    return (np.sum(before**4, axis=-1) - np.sum(after**4, axis=-1)) / 4


@quantity("size_quartic", "sum (X q)_i^4/4 before the update, and 1")
def size_quartic(b: Instances) -> Array:
    return np.sum(_scores(b, _spins(b)) ** 4, axis=-1) / 4 + 1


@quantity("rise_exponential", "rise of -sum exp((X q)_i) in the update sgn(X^T F'(X q)), relative", real=True)
def rise_exponential(b: Instances) -> Array:
    before = np.exp(_scores(b, _spins(b)))
    after = np.exp(_scores(b, sign(_back(b, before))))
    total = np.sum(before, axis=-1)
    return (total - np.sum(after, axis=-1)) / total


Z = Hypothesis(Gt(z_length, SHORT), "z != 0")
Z_SPREAD = Hypothesis(Gt(z_spread, SHORT), "z is not constant")
UNIT = CHANGE
POSTS = Identity(
    id="hfy2024.post-transformations",
    title="Post-transformations in closed form, and the classical models",
    source=Source("hfy2024", "HFY, post-transformations"),
    provenance="recalled",
    printed=r"\nabla\Psi^*(z)=rz/\|z\|,\ \delta+\eta\sqrt D\,Pz/\|Pz\|,\ \tanh z;\ q^+=\mathrm{sign}(X^TXq),\ "
    r"\mathrm{sign}(X^TF'(Xq));\ \text{each update decreases its energy}",
    arena=Patterns(
        query="free",
        params=(Param(alpha, 1.0, 3.0), RADIUS, SHARE),
        beta_m2=(1e-3, 0.1, 0.5, 1.0, 1.5, 2.0, 4.0, 8.0, 16.0),
        sizes=((1, 1), (2, 1), (2, 2), (2, 3), (3, 2), (4, 5), (8, 3), (10, 20)),
        search=False,
    ),
    parts=(
        Part(
            "ball: r z/|z|",
            Ge(lead_ball, -SLACK * UNIT),
            scale=UNIT,
            given=(Z, Hypothesis(Gt(target_length, 0))),
        ),
        Part(
            "layer norm: delta + eta sqrt(D) P z/|P z|",
            Ge(lead_layer, -SLACK * UNIT),
            scale=UNIT,
            given=(Z_SPREAD, Hypothesis(Gt(target_spread, 0))),
        ),
        Part("its mean is delta and its norm eta sqrt(D)", Le(layer_defect, SLACK), given=(Z_SPREAD,)),
        Part("binary entropy: tanh", Ge(lead_tanh, -SLACK * UNIT), scale=UNIT),
        Part("cube: sign", Ge(lead_sign, -SLACK * size_hebb), scale=size_hebb),
        Part("energy: ball", Le(rise_ball, SLACK * UNIT), scale=UNIT, given=START_IN_BALL),
        Part("energy: layer norm", Le(rise_layer, SLACK * UNIT), scale=UNIT, given=START_IN_LAYER),
        Part("energy: binary entropy", Le(rise_tanh, SLACK * UNIT), scale=UNIT),
        Part("energy: classical, synchronous, full Gram", Le(rise_hebb, 0), scale=size_hebb),
        Part("energy: dense associative memory, F = t^4/4", Le(rise_quartic, 0), scale=size_quartic),
        Part("energy: dense associative memory, F = exp", Le(rise_exponential, SLACK), scale=Integer(1)),
        Part(
            "reading: classical, synchronous, without the diagonal",
            Le(rise_no_diagonal, 0),
            scale=1 + beta * m**2,
            headline=False,
        ),
    ),
    controls=(
        Control("tanh(z/2) does as well", Ge(lead_half_tanh, -SLACK * UNIT), "binary entropy: tanh"),
        Control(
            "the classical energy never falls", Ge(rise_hebb, 0), "energy: classical, synchronous, full Gram"
        ),
        Control("no lead in the ball", Le(lead_ball, 0), "ball: r z/|z|"),
    ),
    related=("hfy2024.cccp-update",),
    notices=(
        "A closed form is tested against other points of the set, made from the target memory.",
        "Binary entropy: Psi(q) = sum (1+q)/2 log(1+q) + (1-q)/2 log(1-q). delta = 1/4, eta = r.",
        "sgn 0 = 0 in the classical updates (any value in [-1, 1] maximises there); the memories are real vectors.",
        ROUNDING,
        ZEROS,
    ),
)

STATEMENTS: tuple[Statement, ...] = (POSTS,)
