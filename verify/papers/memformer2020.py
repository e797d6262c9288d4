"""Biased memory normalisation without new input (Wu et al. 2020, arXiv 2010.06891).

The slot moves in the plane of M and v, so that M = (cos t, sin t) and v = (|v|, 0) are no restriction.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from sympy import Eq, Gt, Le, Lt, Rational, Symbol

from bounds.exact import Real, precision
from verify.arena import Points
from verify.controls import replaced
from verify.instances import Array, Instances
from verify.statement import Control, Hypothesis, Inequality, Part, Source, Statement
from verify.vocabulary import quantity

PAPER = {
    "key": "memformer2020",
    "title": "Memformer: A Memory-Augmented Transformer for Sequence Modeling",
    "authors": "Q. Wu, Z. Lan, K. Qian, J. Gu, A. Geramifard, Z. Yu",
    "year": 2020,
    "arxiv": "2010.06891",
    "venue": "arXiv",
}

STEPS = 400


def _start(b: Instances) -> tuple[Any, Any, Any]:
    """cos t, sin t and |v|."""
    cosine, sine, bias = (b.scalars[name][0] for name in ("cosine", "sine", "bias"))
    return cosine, sine, bias


def step(cosine: Any, sine: Any, bias: Any) -> tuple[Any, Any]:
    """(M + v)/|M + v| for M = (cosine, sine) and v = (bias, 0), exact or in balls of 512 bits."""
    with precision(512):
        along = cosine + bias
        length = np.sqrt(along * along + sine * sine)
        return along / length, sine / length


def _one(value: Any) -> Array:
    return np.array([value], dtype=object)


@quantity("bmn_cosine", "cosine of the angle between M' and v", real=True)
def next_cosine(b: Instances) -> Array:
    return _one(step(*_start(b))[0])


@quantity("bmn_tangent_defect", "sin t' (cos t + |v|) - sin t cos t'", real=True)
def tangent_defect(b: Instances) -> Array:
    cosine, sine, bias = _start(b)
    after = step(cosine, sine, bias)
    with precision(512):
        return _one(after[1] * (cosine + bias) - sine * after[0])


@quantity("bmn_distance2", "|M_t - v/|v||^2 after 400 steps")
def distance2(b: Instances) -> Array:
    cosine, sine, bias = _start(b)
    for _ in range(STEPS):
        cosine, sine = step(cosine, sine, bias)
        if cosine.is_exact:
            if sine.is_exact and sine == 0:
                # On the axis the next step is the last: M' = v/|v|, or M' = M for |v| < 1.
                cosine, sine = step(cosine, sine, bias)
                break
            # Rational points of the circle would grow without end.
            with precision(512):
                cosine, sine = Real(cosine.ball), Real(sine.ball)
    with precision(512):
        return _one((cosine - 1) * (cosine - 1) + sine * sine)


cosine, bias = Symbol("cosine", real=True), Symbol("bias", positive=True)


def _circle(t: Fraction) -> tuple[Fraction, Fraction]:
    """The point of the unit circle with tan(angle/2) = t."""
    return (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)


STARTS = (
    *((Fraction(c), Fraction(s)) for c, s in ((1, 0), (0, 1), (-1, 0), ("-3/5", "4/5"), ("-4/5", "3/5"))),
    *(_circle(Fraction(t)) for t in ("1/10", "1/2", 2, 10, 1000, 10**6)),
)
BIASES = ("1/10", "1/2", "9/10", 1, "11/10", 3)
POINTS = Points(tuple({"cosine": str(c), "sine": str(s), "bias": v} for v in BIASES for c, s in STARTS))
INSIDE = (Hypothesis(Gt(cosine, -1), "M is not opposite to v"),)
LIMIT, ANGLE = "M_t -> v/|v|", "the angle decreases"

BMN = Inequality(
    id="memformer2020.bmn",
    title="A slot without input is drawn to the bias",
    source=Source("memformer2020", "biased memory normalisation without new input"),
    provenance="recalled",
    printed=r"M\leftarrow\tfrac{M+v}{\|M+v\|}:\quad M_t\to\tfrac{v}{\|v\|},\quad "
    r"\tan\theta'=\frac{\sin\theta}{\cos\theta+\|v\|},\quad\theta\text{ decreasing}",
    arena=POINTS,
    parts=(
        Part(LIMIT, Le(distance2, Rational(1, 10**12))),
        Part(ANGLE, Lt(cosine, next_cosine), given=(Hypothesis(Lt(cosine, 1), "M is not there yet"),)),
        Part("recursion of the angle", Le(tangent_defect**2, Rational(1, 10**60))),
        Part(
            f"{LIMIT}, unless M is opposite to v",
            Le(distance2, Rational(1, 10**12)),
            given=INSIDE,
            headline=False,
        ),
        Part(
            f"{ANGLE}, unless M is opposite to v",
            Lt(cosine, next_cosine),
            given=(*INSIDE, Hypothesis(Lt(cosine, 1), "M is not there yet")),
            headline=False,
        ),
    ),
    controls=(
        Control("the angle grows", Lt(next_cosine, cosine), f"{ANGLE}, unless M is opposite to v"),
        replaced(
            distance2, distance2 + 1, name="a limit elsewhere", part=f"{LIMIT}, unless M is opposite to v"
        ),
        Control("other recursion", Eq(tangent_defect, 1), "recursion of the angle"),
    ),
    notices=(
        "The limit is judged by the distance after 400 steps, at most 1e-6.  Starts include M = -v/|v|: for "
        "|v| < 1 it stays there, for |v| = 1 the update is 0/0.",
        "The recursion is tested without the division: where cos t + |v| <= 0 the quotient has the wrong branch "
        "of the arctangent or no value.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (BMN,)
