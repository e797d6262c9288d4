"""Dense associative memory with noisy couplings (arXiv 2503.00241, abstract)."""

from __future__ import annotations

from sympy import Rational, Symbol

from simulations import events_abstracts
from verify.statement import Control, ScalingLaw, Source, Statement

PAPER = {
    "key": "arxiv2503.00241",
    "title": "Dense associative memory with synaptic noise, arXiv 2503.00241 (topic, abstract only)",
    "authors": "",
    "year": 2025,
    "arxiv": "2503.00241",
    "venue": "arXiv",
}

size = Symbol("size", integer=True, positive=True)
load = Symbol("load", integer=True, nonnegative=True)

NOISE = ScalingLaw(
    id="arxiv2503.00241.synaptic-noise",
    title="Capacity with noisy couplings",
    source=Source("arxiv2503.00241", "abstract"),
    provenance="secondary",
    printed=r"K_{max}\sim\alpha_n(\mathrm{noise})\,N^{n-1}",
    event=events_abstracts.noisy_bits_unstable,
    sizes=(30, 60, 120),
    nominal=size**2,
    factors=tuple(Rational(k, 100) for k in (5, 6, 7, 8, 9, 10, 11, 12, 14)),
    arguments={"N": size, "K": load, "degree": 3, "noise": 1},
    slope=(Rational(17, 10), Rational(23, 10)),
    trials=400,
    controls=(
        Control("linear in N", (Rational(1, 2), Rational(3, 2))),
        Control("cubic in N", (Rational(5, 2), Rational(7, 2))),
    ),
    notices=(
        "Known from the abstract alone.  Operational reading: n = 3, noise of the size of the fluctuations of the "
        "couplings themselves; the capacity is the load at which one bit in twenty of a pattern turns in one step.",
        "Noise of a fixed size, independent of the load, would give another law.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (NOISE,)
