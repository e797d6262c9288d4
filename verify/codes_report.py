"""What a report says on spherical codes as a whole: bounds held against codes, pictures, known values.

Computed once in a run that has statements on spherical codes, in some seconds; the store of the run keeps it.
Codes that take longer to find come from ``simulations/codes/reached.csv``, with the command that made it.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from bounds import packing
from simulations import codes
from simulations.streams import stream

TOPICS = (
    *(
        "alg",
        "ballinger2009",
        "boroczky1978",
        "bv2008",
        "bv2009",
        "caifanjiang2013",
        "cap",
        "cdll2024",
        "cjms2023",
    ),
    *(
        "ck2007",
        "claim2026",
        "code",
        "conc",
        "conv",
        "csw",
        "def",
        "dgs1977",
        "dlm2024",
        "fejestoth1943",
        "gklp2021",
    ),
    *("jjp2018", "kissing", "kl1978", "lev", "rand", "rankin1955", "threedim"),
)
"""First parts of the ids of statements on spherical codes."""
KISSING = "1/2"
DIMENSIONS = (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 20, 24)
SIZES = {
    3: (*range(4, 25), 26, 28, 30, 32, 36, 40, 44, 48, 55, 65, 80),
    4: (*range(5, 25), 28, 32, 40, 48, 60, 80, 120),
    8: (9, 10, 12, 14, 16, 17, 18, 20, 24, 28, 32, 40, 48, 56, 72, 100, 140, 200, 240),
}
"""Numbers of points of the plots of the optimal angle, by dimension."""
SEARCHED = {3: range(7, 15), 4: range(9, 14)}
"""Codes that every run looks for itself, by dimension."""
PICTURES = ((3, 7), (3, 12), (3, 24))
STARTS = 16
CANDIDATES, REPEATS = 4000, 3
FAST = ("levenshtein", "fejes-toth")
"""Bounds of the plots of the angle; the others take seconds for each number of points and gain little."""


def wanted(ids: Iterable[str]) -> bool:
    """Whether statements on spherical codes are among these ids."""
    return any(i.partition("@")[0].removeprefix("restated.").partition(".")[0] in TOPICS for i in ids)


def tables_hash() -> str:
    """Tells one state of the two tables of codes from another."""
    return hashlib.sha256(repr((codes.known(), codes.reached())).encode()).hexdigest()


def section(seed: int) -> dict[str, Any]:
    """The field ``codes`` of the run record."""
    found = Reached(seed)
    return {
        "curves": [capacity(seed, found), *(angles(n, found) for n in SIZES)],
        "packings": [picture(found.here(n, size)) for n, size in PICTURES],
        "known": [row(k, found) for k in codes.known().values()],
        "recorded": commands(),
    }


class Reached:
    """The best codes at hand: built or found in this run, else recorded."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._here: dict[tuple[int, int], Any] = {}
        for n, sizes in SEARCHED.items():
            for size in sizes:
                self.here(n, size)

    def here(self, n: int, size: int) -> Any:
        """A code of this run: by construction if there is one, else from a short search."""
        if (n, size) not in self._here:
            built = codes.best_known(n, size)
            self._here[n, size] = built or codes.optimise(n, size, seed=self.seed, budget=STARTS)
        return self._here[n, size]

    def best(self, n: int, size: int) -> tuple[float, str, str] | None:
        """Largest cosine, how it was reached, and the date if recorded; None if nothing is at hand."""
        kept, own = codes.reached().get((n, size)), self._here.get((n, size))
        if own is not None and (kept is None or own.max_cosine <= kept.max_cosine + 1e-12):
            return float(own.max_cosine), f"{own.name}, this run", ""
        return None if kept is None else (kept.max_cosine, kept.how, kept.date)

    def size_at(self, n: int, s: float) -> int | None:
        """The largest code at hand in R^n, or in a subspace, with a max cosine <= s."""
        places = {(row.n, row.N) for row in codes.reached().values()} | set(self._here)
        fitting = [size for m, size in places if m <= n and (b := self.best(m, size)) and b[0] <= s + 1e-12]
        return max(fitting, default=None)


# -- how many points ------------------------------------------------------------------------------------


def capacity(seed: int, found: Reached) -> dict[str, Any]:
    """A(n, 1/2) against n: upper and lower bounds, codes at hand, random sequential addition."""
    values: dict[str, dict[int, float]] = {}
    for n in DIMENSIONS:
        for bound in packing.best_bounds(n, KISSING).bounds:
            if bound.side in LABELS and bound.name in LABELS[bound.side]:
                values.setdefault(LABELS[bound.side][bound.name], {})[n] = float(bound.value)
    values[RATE] = {n: 2.0 ** (0.4009442 * n) for n in DIMENSIONS}
    series = [
        curve(name, role_of(name), values[name])
        for name in (*upper_names(), *lower_names())
        if name in values
    ]
    at_hand = {n: float(size) for n in DIMENSIONS if (size := found.size_at(n, 0.5)) is not None}
    return {
        "title": "How many points at least 60 degrees apart",
        "x_label": "dimension n",
        "y_label": "A(n, 1/2)",
        "x_log": False,
        "y_log": True,
        "series": [*series, curve("codes at hand", "simulation", at_hand), random_codes(seed)],
    }


RATE = "upper bound, asymptotic: Kabatiansky-Levenshtein"
"""2^(0.4009 n), the rate at 60 degrees."""
LABELS = {
    "upper": {
        "linear-programming": "upper bound: linear programming",
        "levenshtein": "upper bound: Levenshtein",
        "simplex": "upper bound: simplex (Boroczky)",
        "fejes-toth": "upper bound: Fejes Toth (n = 3)",
        "caps": "upper bound: cap areas",
    },
    "lower": {
        "covering": "lower bound: covering by caps",
        "random": "lower bound: random codes",
        "elementary": "lower bound: elementary codes",
    },
    "asymptotic": {
        "chabauty-shannon-wyner": "lower bound, asymptotic: Chabauty-Shannon-Wyner",
        "jenssen-joos-perkins": "lower bound, asymptotic: Jenssen-Joos-Perkins",
    },
}


def upper_names() -> tuple[str, ...]:
    """Names of the curves of upper bounds, in the order of the legend."""
    return (*LABELS["upper"].values(), RATE)


def lower_names() -> tuple[str, ...]:
    """Names of the curves of lower bounds, in the order of the legend."""
    return (*LABELS["lower"].values(), *LABELS["asymptotic"].values())


def role_of(name: str) -> str:
    """Asymptotic bounds are references: at a given dimension they bound nothing."""
    return "reference" if "asymptotic" in name else "bound"


def curve(name: str, role: str, values: Mapping[int, float]) -> dict[str, Any]:
    """A series of a plot from values by abscissa."""
    return {"name": name, "role": role, "x": [float(x) for x in values], "y": list(values.values())}


def random_codes(seed: int) -> dict[str, Any]:
    """Sizes that random sequential addition reaches: mean, smallest and largest of some repetitions."""
    sizes = {
        n: [
            len(codes.random_addition(stream(seed, "report.addition", n, k), n, 0.5, CANDIDATES))
            for k in range(REPEATS)
        ]
        for n in DIMENSIONS
    }
    drawn = curve(
        "simulation: points added at random", "simulation", {n: float(np.mean(v)) for n, v in sizes.items()}
    )
    ends = {"lo": [float(min(v)) for v in sizes.values()], "hi": [float(max(v)) for v in sizes.values()]}
    return drawn | ends


# -- how far apart --------------------------------------------------------------------------------------


def degrees(cosine: float) -> float:
    """The angle of a cosine in degrees."""
    return math.degrees(math.acos(max(-1.0, min(1.0, cosine))))


def angles(n: int, found: Reached) -> dict[str, Any]:
    """The optimal angle of N points in R^n against N, between certified bounds and the codes at hand."""
    upper: dict[int, float] = {}
    lower: dict[int, float] = {}
    at_hand: dict[int, float] = {}
    for size in SIZES[n]:
        interval = packing.best_angle_bounds(n, size, methods=FAST)
        upper[size], lower[size] = degrees(float(interval.lower)), degrees(float(interval.upper))
        if (best := found.best(n, size)) is not None:
            at_hand[size] = degrees(best[0])
    return {
        "title": f"The largest minimal angle of N points in R^{n}",
        "x_label": "number of points N",
        "y_label": "angle in degrees",
        "x_log": False,
        "y_log": False,
        "series": [
            curve("no code has more (certified)", "bound", upper),
            curve("codes at hand (certified)", "simulation", at_hand),
            curve("a code with this exists (certified, by covering)", "bound", lower),
        ],
    }


# -- pictures and the table -----------------------------------------------------------------------------


def picture(code: Any) -> dict[str, Any]:
    """A code of R^3 as a picture: points, and the pairs that touch."""
    return {
        "name": f"{code.N} points: {code.name}",
        "points": [tuple(float(x) for x in p) for p in code.points],
        "max_cosine": float(code.max_cosine),
        "contacts": [tuple(int(i) for i in pair) for pair in codes.contacts(code, 1e-7)],
    }


def row(known: Any, found: Reached) -> dict[str, Any]:
    """One known value beside what was reached."""
    best = found.best(known.n, known.N)
    cosine, how, recorded = best if best is not None else (None, "not tried", "")
    return {
        "dimension": known.n,
        "size": known.N,
        "known": known.max_cosine,
        "tolerance": known.tolerance,
        "kind": known.kind,
        "source": known.source,
        "reached": cosine,
        "how": how,
        "recorded": recorded,
    }


def commands() -> list[str]:
    """The commands behind the recorded values, with their dates."""
    return sorted({f"{row.date}: {row.command}" for row in codes.reached().values()})
