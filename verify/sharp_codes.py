"""Which constructed codes are sharp: m cosines and design strength at least 2m - 1 (Cohn and Kumar 2007).

A list of names for the grids of statements; that the codes have these properties is measured there.
"""

from __future__ import annotations

from sympy import Symbol

from verify.code_profiles import number

SINGLE = (
    *(
        "icosahedron",
        "half-5-cube",
        "schlaefli",
        "gosset",
        "E8",
        "isotropic-3",
        "smith",
        "higman-sims",
        "mclaughlin",
    ),
    *("leech-891", "equiangular-552", "leech-4600", "leech"),
)
FAMILY = Symbol("family", nonnegative=True)
"""1 for members of the isotropic family, 0 for other codes."""


def _member(name: str, k: int = 0) -> dict[str, int]:
    return {"code": number(name), "k": k, "family": int(name == "isotropic")}


SHARP = (
    *(_member(name) for name in SINGLE),
    *(_member("simplex", k) for k in (2, 3, 4, 7, 24)),
    *(_member("cross-polytope", k) for k in (2, 3, 5, 8, 24)),
    *(_member("isotropic", q) for q in (2, 4, 5)),
)
"""Points for the sharp codes that Table 1 of Cohn and Kumar lists, small members of the families."""
WITH_POLYGONS = (*(_member("polygon", k) for k in range(3, 13)), *SHARP)
