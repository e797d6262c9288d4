"""Average separation losses of U-Hop+ in three forms: definitions, and the pair form without normalisation."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from sympy import Abs, Eq, Ge, Gt, Le, Lt, Rational, Symbol, exp, log

from bounds.exact import Real, directional_derivative, enclose_max, exact_array
from simulations.feature_maps.losses import LOSSES, Loss
from simulations.streams import stream
from verify.arena import Points
from verify.instances import Array, Instances
from verify.statement import Control, Definition, Hypothesis, Inequality, Part, Source, Statement
from verify.vocabulary import quantity

tau = Symbol("tau", positive=True)
DIGITS = Rational(1, 10**30)
FORMS = ("pair", "ce", "mean")


# -- sets of features with integer coordinates --------------------------------------------------------------


def _drawn(name: str, count: int, dimension: int) -> Array:
    rows = stream(0, "khm2024.losses", name).integers(-5, 6, (count, dimension))
    rows[np.all(rows == 0, axis=1)] = 1
    return rows


SIMPLICES = {1: "pair", 2: "triangle", 3: "tetrahedron", 4: "five points"}
SETS: dict[int, Array] = {
    1: np.array([[1], [-1]]),
    2: np.array([[2, -1, -1], [-1, 2, -1], [-1, -1, 2]]),
    3: np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]),
    4: 5 * np.eye(5, dtype=int) - 1,
    5: np.concatenate([np.eye(3, dtype=int), -np.eye(3, dtype=int)]),
    6: np.array([[1, 0], [1, 0], [0, 1]]),
    7: np.array([[10, 1, 0], [10, -1, 0], [10, 0, 1], [-1, 10, 2]]),
    8: _drawn("plane", 5, 2),
    9: _drawn("unequal", 4, 6) * np.array([[1], [10], [100], [1000]]),
}
"""Integer features by number; 1 to 4 are simplices, 5 is the octahedron, 6 has coincident features."""


def scalar(b: Instances, name: str) -> Any:
    return b.scalars[name][0]


def integer(b: Instances, name: str) -> int:
    return int(scalar(b, name).fraction)


def one(value: Any) -> Array:
    return np.array([Real(value)], dtype=object)


def unit_rows(rows: Array) -> Array:
    """Rows of exact or ball numbers brought to length 1."""
    return rows / np.sqrt(np.sum(rows * rows, axis=-1, keepdims=True))


def _features(b: Instances) -> Array:
    return exact_array(SETS[integer(b, "code")])


def _direction(shape: tuple[int, ...]) -> Array:
    count = int(np.prod(shape))
    return exact_array((np.arange(count) % 7 - 2).reshape(shape))


def _turned(y: Array) -> Array:
    """The features in reverse order after a reflection with rational entries."""
    v = exact_array(np.arange(1, y.shape[1] + 1))
    return (y - 2 * np.outer(y @ v, v) / np.sum(v * v))[::-1]


class Form:
    """The quantities of one form of the loss."""

    def __init__(self, name: str) -> None:
        loss: Loss = LOSSES[name]

        def symbol(what: str, meaning: str, measure: Callable[[Array, Any], Any]) -> Any:
            def measured(b: Instances) -> Array:
                return one(measure(_features(b), scalar(b, "tau")))

            return quantity(f"train_{name}_{what}", meaning, real=True)(measured)

        def slope(y: Array, at: Any) -> Any:
            return directional_derivative(lambda x: loss(x, at)[0], y, _direction(y.shape))[1]

        def pull(y: Array, at: Any) -> Any:
            return np.sum(loss(y, at)[1] * _direction(y.shape))

        self.value = symbol("value", f"{name} form of the loss", lambda y, at: loss(y, at)[0])
        self.turned = symbol(
            "turned", "the same, reflected and renumbered", lambda y, at: loss(_turned(y), at)[0]
        )
        self.slope = symbol("slope", "its derivative along V, by dual numbers", slope)
        self.pull = symbol("pull", "<gradient, V>, the gradient as programmed", pull)
        self.scaled = symbol("scaled", "the loss of the features times 3", lambda y, at: loss(3 * y, at)[0])


LOSS = {name: Form(name) for name in FORMS}


@quantity("train_M", "number of features", integer=True, positive=True)
def count(b: Instances) -> Array:
    return one(len(SETS[integer(b, "code")]))


@quantity("train_simplex", "1 for a regular simplex, else 0")
def is_simplex(b: Instances) -> Array:
    return one(int(integer(b, "code") in SIMPLICES))


@quantity("train_s_max", "largest cosine of two features", real=True)
def s_max(b: Instances) -> Array:
    return one(largest_cosine(_features(b)))


def largest_cosine(y: Array) -> Any:
    """Largest cosine of two rows of exact or ball numbers."""
    y = unit_rows(y)
    return enclose_max((y @ y.T)[np.triu_indices(len(y), 1)])


GRID = Points(tuple({"code": code, "tau": t} for code in SETS for t in ("10", "1/4", "1/50", "1/500")))
SIMPLEX = Hypothesis(Eq(is_simplex, 1), "the features are a regular simplex")
COSINE = -1 / (count - 1)
PAIRS = count * (count - 1) / 2


def _definition(
    name: str, title: str, printed: str, simplex: Any, low: Any, high: Any, **more: Any
) -> Definition:
    form = LOSS[name]
    return Definition(
        id=f"hu2024.loss.{ {'pair': 'lse', 'ce': 'ce', 'mean': 'mean-lse'}[name] }",
        title=title,
        printed=printed,
        arena=GRID,
        parts=(
            Part("at least", Ge(form.value, low)),
            Part("at most", Le(form.value, high)),
            Part("value of the simplex", Le(Abs(form.value - simplex), DIGITS), given=(SIMPLEX,)),
            Part("rotation and order do not matter", Le(Abs(form.turned - form.value), DIGITS)),
            Part("the length of the features does not matter", Le(Abs(form.scaled - form.value), DIGITS)),
            Part("gradient", Le(Abs(form.slope - form.pull), DIGITS)),
        ),
        controls=(
            Control("half the gradient", Le(Abs(form.slope - form.pull / 2), DIGITS), "gradient"),
            Control(
                "the simplex at another temperature",
                Le(Abs(form.value - simplex.subs(tau, 2 * tau)), DIGITS),
                "value of the simplex",
            ),
            Control("an upper bound as a lower one", Ge(form.value, high + DIGITS), "at least"),
        ),
        related=("restated.d9.lse", "restated.d9.ce", "restated.b6.temperature"),
        **more,
    )


CE = _definition(
    "ce",
    "Average separation loss, cross-entropy form",
    r"\mathcal L_\tau(W)=\frac1M\sum_\mu\log\sum_\nu\exp((s_{\mu\nu}-1)/\tau)",
    simplex=log(1 + (count - 1) * exp((COSINE - 1) / tau)),
    low=2 / count * log(1 + exp((s_max - 1) / tau)),
    high=log(1 + (count - 1) * exp((s_max - 1) / tau)),
    source=Source("khm2024", "loss of U-Hop+, one of two forms of the authors' implementation"),
    provenance="secondary",
    notices=(
        "Evaluated exactly on integer features: the gradient as programmed against dual numbers in balls.",
    ),
)
LSE = _definition(
    "pair",
    "Average separation loss, pair log-sum-exp form",
    r"\mathcal L^{\rm pair}_\tau(W)=\frac1M\log\Big(\frac1{\binom M2}\sum_{\mu<\nu}\exp(s_{\mu\nu}/\tau)\Big),\quad\ell_\tau=\tau M\mathcal L^{\rm pair}_\tau",
    simplex=COSINE / (tau * count),
    low=(s_max - tau * log(PAIRS)) / (tau * count),
    high=s_max / (tau * count),
    source=Source("khm2024", "loss of U-Hop+, second form of the authors' implementation"),
    provenance="secondary",
)
MEAN = _definition(
    "mean",
    "Average separation loss, mean-of-log-sum-exp form",
    r"\mathcal L^{\rm mean}_\tau(W)=\frac1M\sum_\mu\tau\log\sum_{\nu\ne\mu}\exp(s_{\mu\nu}/\tau)",
    simplex=COSINE + tau * log(count - 1),
    low=(2 * s_max - (count - 2)) / count,
    high=s_max + tau * log(count - 1),
    source=Source("khm2024", "third reading of the average separation loss"),
    provenance="derived",
)


# -- without normalisation -----------------------------------------------------------------------------------------

POSITIVE, NEGATIVE = 1, -1
Certificate = tuple[int, Array]


def _circle(*halves: str) -> Array:
    """Unit vectors ((1 - h^2), 2 h)/(1 + h^2) at the half-angle tangents h."""
    h = exact_array(list(halves))
    return np.stack([(1 - h * h) / (1 + h * h), 2 * h / (1 + h * h)], axis=1)


def _pair_weights(count: int, *pairs: tuple[int, int]) -> Array:
    weights = np.zeros((count, count), dtype=object)
    for i, j in pairs:
        weights[i, j] = weights[j, i] = Real(1) / 2
    return weights


@cache
def memory_set(number: int) -> tuple[Array, Certificate]:
    """Distinct unit memories (M, d) with a certificate.

    (1, C): weights C >= 0 of the pairs for which sum C_mu_nu xi_mu xi_nu^T is positive definite, so that some
    kernel value is positive for every A >= 0 other than 0.  (-1, A): A >= 0 for which no kernel value is
    positive and one is negative, so that the loss keeps falling along the ray of A.
    """
    eye = exact_array(np.eye(3, dtype=int))
    sets: dict[int, tuple[Array, Certificate]] = {
        1: (exact_array([[1], [-1]]), (NEGATIVE, exact_array([[1]]))),
        2: (_circle("0", "1/5"), (NEGATIVE, _ray(_circle("0", "1/5")))),
        3: (eye, (NEGATIVE, 3 * eye - 1)),
        4: (_circle("0", "1/10", "1/5"), (NEGATIVE, _across(_circle("0", "1/10", "1/5")[1]))),
        5: (_circle("1/7", "-1/7", "3/4", "4/3"), (POSITIVE, _pair_weights(4, (0, 1), (2, 3)))),
        6: (_circle("0", "1", "1/7", "4/3", "1/2", "1/3"), (POSITIVE, _pair_weights(6, (0, 2), (1, 3)))),
        7: (exact_array([[1, 0], [0, 1], [-1, 0], [0, -1]]), (NEGATIVE, exact_array([[1, 0], [0, 1]]))),
    }
    return sets[number]


def _ray(memories: Array) -> Array:
    """uu^T with u the difference of two memories."""
    u = memories[0] - memories[1]
    return np.outer(u, u)


def _across(v: Array) -> Array:
    """uu^T with u across a vector of the plane."""
    u = np.stack([-v[1], v[0]])
    return np.outer(u, u)


def attained(number: int) -> Any:
    """Positive: the infimum is certainly attained, negative: it certainly is not.

    The smallest eigenvalue of sum C xi xi^T (d = 2), or the smallest kernel value along the ray.
    Raises ArithmeticError where the certificate is none.
    """
    memories, (kind, matrix) = memory_set(number)
    if kind == POSITIVE:
        b = memories.T @ matrix @ memories
        trace, det = b[0, 0] + b[1, 1], b[0, 0] * b[1, 1] - b[0, 1] * b[1, 0]
        return (trace - np.sqrt(trace * trace - 4 * det)) / 2
    kernel = (memories @ matrix @ memories.T)[np.triu_indices(len(memories), 1)]
    if any(k > 0 for k in kernel):
        raise ArithmeticError(f"memory set {number}: the ray raises a kernel value")
    return -enclose_max(-kernel)


@quantity(
    "train_attained", "certificate: positive if the infimum over W is attained, negative if not", real=True
)
def attained_certificate(b: Instances) -> Array:
    return one(attained(integer(b, "memories_")))


@quantity("train_memory_count", "number of memories")
def memory_count(b: Instances) -> Array:
    return one(len(memory_set(integer(b, "memories_"))[0]))


UNNORMALISED = Inequality(
    id="restated.a12.unnormalised",
    title="Pair form without normalisation",
    source=Source("khm2024", "related to hu2024.loss.lse, wu2024.loss.minimiser"),
    provenance="derived",
    printed=r"\inf_W\log\frac1K\sum_{\mu<\nu}\exp(\mathcal K(\xi_\mu,\xi_\nu)/\tau)\text{ is not attained}",
    arena=Points(tuple({"memories_": k} for k in range(1, 8))),
    parts=(
        Part("not attained", Lt(attained_certificate, 0)),
        Part(
            "reading: not attained for up to three memories",
            Lt(attained_certificate, 0),
            given=(Hypothesis(Le(memory_count, 3)),),
            headline=False,
        ),
    ),
    controls=(Control("always attained", Gt(attained_certificate, 0), "not attained"),),
    related=("hu2024.loss.lse", "wu2024.loss.minimiser"),
    notices=(
        "The loss is a convex function of A = W^T W >= 0.  If weights c >= 0 of the pairs make sum c (xi_mu xi_nu^T + "
        "xi_nu xi_mu^T)/2 positive definite, then every A other than 0 has a positive kernel value, the loss grows "
        "along every ray, and its infimum is attained: two tight pairs of memories at a right angle do this.",
        "For one matrix A >= 0 with no positive and one negative kernel value the loss falls strictly along W^T W + c A, "
        "from every W: not attained.  Up to three memories there is always such an A.",
        "The temperature plays no part in either certificate.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (CE, LSE, MEAN, UNNORMALISED)
