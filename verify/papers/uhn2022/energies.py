"""Energies of universal Hopfield networks, in continuous time and along the iterated map.

B. Millidge et al., "Universal Hopfield Networks", ICML 2022, arXiv 2202.04557.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sympy import Eq, Le, Rational

from simulations.variants.similarities import SIMILARITIES
from simulations.variants.two_layer import LAGRANGIANS, PULLS, TwoLayer
from simulations.variants.universal import kernel_energy, universal_network
from verify.arena import Param, Patterns
from verify.instances import Array, Instances
from verify.papers.krotov2021 import SMOOTH_BETA, STATE, descent_parts, drive
from verify.papers.ramsauer2021.energy import along
from verify.statement import (
    Control,
    Inequality,
    Part,
    Source,
)
from verify.vocabulary import (
    m,
    norm_x,
    quantity,
)

# -- the energy in continuous time ------------------------------------------------------------------------

NETWORKS = {
    f"{similarity}_{hidden}": TwoLayer(hidden, "quadratic", similarity)
    for similarity in PULLS
    for hidden in ("lse", "relu")
}


def _rest_along_v(similarity: str) -> Any:
    """<v + v', v> with h at rest: equal to <T(x), v> at all v if rest points are fixed points of the map."""

    def measure(b: Instances) -> Array:
        near = SIMILARITIES[similarity](b.memories, b.query, np)
        f = LAGRANGIANS["lse"][1](b.beta[:, None] * near, np)
        return along(b, PULLS[similarity](b.memories, b.query, f, np))

    return quantity(
        f"ode_target_{similarity}", f"where v heads with h at rest ({similarity}), along v", real=True
    )(measure)


def _map_along_v(similarity: str) -> Any:
    network = universal_network(similarity, "softmax")
    return quantity(
        f"map_{similarity}", f"the retrieval map with similarity {similarity}, along v", real=True
    )(lambda b: along(b, network.update(b.memories, b.query, b.beta)))


_FALLS = {name: descent_parts(f"uhn_{name}", model) for name, model in NETWORKS.items()}
ENERGY_ODE = Inequality(
    id="uhn2022.energy-ode",
    title="The energy of the two-layer network with a general similarity does not rise",
    source=Source("uhn2022", "energy section"),
    provenance="primary (claim, abstract), recalled (form)",
    printed=r"E=[\langle v,g\rangle-L_v]+[\langle h,f\rangle-L_h]-\sum_\mu f_\mu\,\mathrm{sim}(\xi_\mu,v),\quad"
    r"\dot E\le0",
    arena=Patterns(
        sizes=((1, 2), (1, 4), (2, 2), (2, 20), (8, 4)),
        params=(*(p for p in STATE if p.symbol != drive), Param(drive, 0, 0)),
        beta_m2=SMOOTH_BETA,
        search=False,
    ),
    parts=(
        *(p for pair in _FALLS.values() for p in pair),
        *(
            Part(
                f"rest points are fixed points of the map ({s})",
                Eq(_rest_along_v(s), _map_along_v(s), evaluate=False),
                scale=1 + m + norm_x,
                headline=False,
            )
            for s in ("dot", "euclidean")
        ),
    ),
    controls=tuple(
        Control(
            f"{name} loses a tenth more", lambda r: Eq(r.lhs, Rational(11, 10) * r.rhs), f"uhn_{name}: rate"
        )
        for name in NETWORKS
    ),
    related=("krotov2021.lyapunov", "uhn2022.energy-iterated-map"),
    notices=(
        "States are drawn, not trajectories: E falls along all of them if its derivative is nowhere positive.",
        "States where a similarity or rectifier has a kink are left out, as the hypotheses say.",
        "With the squared distance the rest points solve 2 v = Xi p, not v = Xi p as the retrieval map has it.",
    ),
)


# -- the energy of the iterated map -----------------------------------------------------------------------


def _heights(similarity: str) -> tuple[Any, Any]:
    """The symbols of E(x) and E(T(x)) with E the kernel energy of a similarity."""
    network, energy = universal_network(similarity, "softmax"), kernel_energy(similarity)
    before = quantity(f"E_{similarity}", f"kernel energy ({similarity}) at x", real=True)(
        lambda b: energy(b.memories, b.query, b.beta)
    )
    after = quantity(
        f"E_next_{similarity}", f"kernel energy ({similarity}) after one retrieval step", real=True
    )(lambda b: energy(b.memories, network.update(b.memories, b.query, b.beta), b.beta))
    return before, after


_ITERATED = {s: _heights(s) for s in ("dot", "euclidean", "manhattan")}
ENERGY_MAP = Inequality(
    id="uhn2022.energy-iterated-map",
    title="The kernel energy does not rise in a retrieval step",
    source=Source("uhn2022", "energy section, read for the iterated retrieval map"),
    provenance="primary (claim, abstract), recalled (this reading)",
    printed=r"x\mapsto\Xi\,\mathrm{softmax}(\beta\,\mathrm{sim}(\Xi,x)),\quad"
    r"E(x)=-\beta^{-1}\log\sum_\mu e^{\beta\,\mathrm{sim}(\xi_\mu,x)}:\quad E(x_{t+1})\le E(x_t)",
    arena=Patterns(
        sizes=((1, 2), (2, 2), (2, 4), (5, 10), (5, 20)),
        beta_m2=(0.1, 0.2, 1.0, 5.0, 20.0, 100.0),
    ),
    parts=tuple(
        Part(
            similarity,
            Le(after, before),
            scale=(m + norm_x) ** 2 if similarity != "manhattan" else m + norm_x,
        )
        for similarity, (before, after) in _ITERATED.items()
    ),
    controls=tuple(
        Control(f"{similarity}: it never falls", lambda r: Le(r.rhs, r.lhs), similarity)
        for similarity in _ITERATED
    ),
    related=("uhn2022.energy-ode", "ramsauer2021.thm1"),
    notices=(
        "The constant (log M)/beta is added to the energy; for the inner product |x|^2/2 is part of it.",
        "Each similarity is a part of its own: the verdict is that of the weakest.",
    ),
)
