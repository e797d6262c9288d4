"""Classical codes, kissing numbers and the algorithms around them.

J. H. Conway, N. J. A. Sloane, "Sphere Packings, Lattices and Groups", 3rd edition, Springer 1999.
"""

from __future__ import annotations

from verify.papers.splag_codes import families, graphs, kissing, programmes, searches, table, threedim
from verify.statement import Statement

PAPER = {
    "key": "splag",
    "title": "Sphere Packings, Lattices and Groups",
    "authors": "J. H. Conway, N. J. A. Sloane",
    "year": 1999,
    "arxiv": "",
    "venue": "Springer, 3rd edition",
}

_ORDER = (
    *(
        "srg-embedding",
        "derived",
        "ngon",
        "simplex",
        "crosspolytope",
        "icosahedron",
        "snubcube",
        "petersen10",
    ),
    *(
        "cell24",
        "cell600",
        "clebsch16",
        "schlaefli27",
        "e8second56",
        "e8",
        "golay",
        "leech",
        "4600",
        "891",
        "552",
    ),
    *(
        "275",
        "162",
        "112",
        "m22-77",
        "gewirtz56",
        "higman-sims100",
        "hoffman-singleton50",
        "nr288",
        "kerdock",
        "gq",
    ),
)
_FOUND = {s.id: s for s in (*graphs.STATEMENTS, *families.STATEMENTS, *table.STATEMENTS)}

STATEMENTS: tuple[Statement, ...] = (
    *threedim.STATEMENTS,
    *(_FOUND[f"code.{name}"] for name in _ORDER),
    *kissing.STATEMENTS,
    *programmes.STATEMENTS,
    *searches.STATEMENTS,
)
