"""Pseudo-training effect of topology-aware embeddings (2024, arXiv 2401.13200).

A linear head W on an embedding e_v = sum_w pi_{v,w} x_w with cross-entropy loss: the gradient in W against
automatic differentiation, in balls.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sympy import Le, Rational, Symbol

from bounds.exact import Real, directional_derivative
from verify.arena import Points
from verify.controls import replaced
from verify.instances import Array, Instances
from verify.statement import Control, Identity, Part, Source, Statement
from verify.vocabulary import quantity

PAPER = {
    "key": "tem2024",
    "title": "Topology-aware Embedding Memory for Continual Learning on Expanding Networks",
    "authors": "X. Zhang, D. Song, Y. Chen, D. Tao",
    "year": 2024,
    "arxiv": "2401.13200",
    "venue": "KDD 2024",
}

DIGITS = Rational(1, 10**30)
GRAPHS = {
    0: ((1, 2), (0, 2), (0, 1)),
    1: ((1,), (0, 2), (1, 3), (2,)),
    2: ((1, 2, 3, 4), (0,), (0,), (0,), (0,)),
    3: ((),),
}
"""Neighbours of every node: a triangle, a path, a star, a single node."""


def _walk(graph: int, hops: int) -> Array:
    """pi: ``hops`` steps of the lazy walk on the graph, exact (nodes, nodes)."""
    neighbours = GRAPHS[graph]
    n = len(neighbours)
    once = np.array([[Real(0)] * n for _ in range(n)], dtype=object)
    for v, near in enumerate(neighbours):
        for w in (v, *near):
            once[v, w] = Real(1) / (len(near) + 1)
    whole = np.array([[Real(int(i == j)) for j in range(n)] for i in range(n)], dtype=object)
    for _ in range(hops):
        whole = whole @ once
    return whole


def _setting(b: Instances) -> dict[str, Any]:
    graph, hops, classes, width = (
        int(b.scalars[name][0].fraction) for name in ("graph", "hops", "classes", "width")
    )
    nodes = len(GRAPHS[graph])
    features = np.array(
        [[Real((3 * v + 5 * j) % 7 - 3) / 2 for j in range(width)] for v in range(nodes)], dtype=object
    )
    head = np.array(
        [[Real((2 * c + 3 * j) % 5 - 2) / 3 for j in range(width)] for c in range(classes)], dtype=object
    )
    node, label = nodes - 1, classes - 1
    pi = _walk(graph, hops)[node]
    return {"pi": pi, "x": features, "W": head, "e": pi @ features, "label": label}


def _residual(s: dict[str, Any]) -> Array:
    """p - y, shape (classes,)."""
    masses = np.exp(s["W"] @ s["e"])
    y = np.array([Real(int(k == s["label"])) for k in range(len(masses))], dtype=object)
    return masses / np.sum(masses) - y


def _direction(shape: tuple[int, ...]) -> Array:
    count = int(np.prod(shape))
    return np.array([Real(1) / (k + 1) for k in range(count)], dtype=object).reshape(shape)


@quantity("tem_slope", "slope of the loss along a direction in W, by differentiation", real=True)
def slope(b: Instances) -> Array:
    s = _setting(b)
    shape = s["W"].shape

    def loss(flat: Array) -> Any:
        logits = flat.reshape(shape) @ s["e"]
        return np.log(np.sum(np.exp(logits))) - logits[s["label"]]

    _, found = directional_derivative(loss, s["W"].reshape(-1), _direction(shape).reshape(-1))
    return np.array([found], dtype=object)


@quantity("tem_whole", "<(p - y) e_v^T, direction>", real=True)
def whole(b: Instances) -> Array:
    s = _setting(b)
    return np.array(
        [np.sum(_residual(s)[:, None] * s["e"][None, :] * _direction(s["W"].shape))], dtype=object
    )


@quantity("tem_parts", "<sum_w pi_{v,w} (p - y) x_w^T, direction>", real=True)
def parts(b: Instances) -> Array:
    s = _setting(b)
    terms = (
        weight * np.sum(_residual(s)[:, None] * row[None, :] * _direction(s["W"].shape))
        for weight, row in zip(s["pi"], s["x"], strict=True)
    )
    return np.array([sum(terms, Real(0))], dtype=object)


classes = Symbol("classes", positive=True)
SPLIT = "split over the nodes, not above"

IDENTITY = Identity(
    id="tem2024.gradient-identity",
    title="Training on an embedding trains on all nodes that it covers",
    source=Source("tem2024", "pseudo-training effect"),
    provenance="primary (abstract), recalled (content)",
    printed=r"\nabla L(e_v)=(p-y)e_v^T=\textstyle\sum_w\pi_{v,w}(p-y)x_w^T",
    arena=Points(
        tuple(
            {"graph": g, "hops": h, "classes": c, "width": w}
            for g in GRAPHS
            for h in (1, 2)
            for c in (2, 3)
            for w in (1, 4)
        )
    ),
    parts=(
        Part("gradient, not above", Le(slope, whole + DIGITS)),
        Part("gradient, not below", Le(whole, slope + DIGITS)),
        Part(SPLIT, Le(whole, parts + DIGITS)),
        Part("split over the nodes, not below", Le(parts, whole + DIGITS)),
    ),
    controls=(
        replaced(whole, 2 * whole, name="twice the gradient", part="gradient, not above"),
        Control("the other sign", Le(whole, DIGITS - slope), "gradient, not below"),
        replaced(parts, parts / classes, name="divided by the number of classes", part=SPLIT),
    ),
    notices=(
        "The gradient is the one in the weights W of the head, at the embedding e_v; the p of all terms is that of "
        "e_v.  To thirty digits along one direction that touches all entries.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (IDENTITY,)
