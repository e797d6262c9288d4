"""Spherical codes: reached against known values, and speed against plain Riesz-energy descent in SciPy.

    python benchmarks/codes.py table --dimensions 3-8 --sizes 2-60 --seconds 60
    python benchmarks/codes.py table --constructions
    python benchmarks/codes.py table --rows 8,20 --seconds 20 --record simulations/codes/reached.csv
    python benchmarks/codes.py compare --rows 3,24 4,22 5,19 --starts 64

``table`` runs the optimiser (or builds the constructions) for the rows of ``simulations/codes/known.csv``
until the known value is reached or the time is over; a row that is not in that file may be named, and gets
the whole time. ``--record`` puts what was reached into a CSV file, with the date and this command beside
it; that file is what reports show where a run would take too long. ``compare`` gives milliseconds per start
and the share of starts that lead to the known value, for the batched search and for SciPy, in one process.
Times are processor times of one process: set OMP_NUM_THREADS=1 to compare like with like.
"""

from __future__ import annotations

import argparse
import csv
import json
import shlex
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from simulations.codes import Known, Progress, anneal, best_known, known, optimise
from simulations.codes.losses import riesz_energy, unit
from simulations.codes.polish import largest_cosine, polish
from simulations.codes.search import FIRST_SHARPNESS, LAST_SHARPNESS, exponents
from simulations.streams import stream


def rows_of(args: argparse.Namespace) -> list[Known]:
    """Select the rows asked for."""
    if args.rows:
        return [row_of(*(int(x) for x in row.split(","))) for row in args.rows]
    (n0, n1), (N0, N1) = span(args.dimensions), span(args.sizes)
    return [row for row in known().values() if n0 <= row.n <= n1 and N0 <= row.N <= N1]


def row_of(n: int, N: int) -> Known:
    """The row of the table, or one that nothing reaches."""
    return known().get((n, N)) or Known(n, N, -2.0, 0.0, "", "")


def span(text: str) -> tuple[int, int]:
    """Read "3-8" or "5"."""
    first, _, last = text.partition("-")
    return int(first), int(last or first)


def constructed(row: Known) -> dict[str, object] | None:
    """Build the row's code, if there is a construction."""
    start = time.process_time()
    code = best_known(row.n, row.N)
    if code is None:
        return None
    return outcome(row, code.max_cosine, start, how=code.name)


def searched(row: Known, seconds: float, seed: int) -> dict[str, object]:
    """Search until the row's value is reached or the processor time is over."""
    start, wall = time.process_time(), time.monotonic()
    last: list[Progress] = []

    def stop(progress: Progress) -> bool:
        last[:] = [progress]
        reached = progress.max_cosine <= row.max_cosine + row.tolerance
        return reached or time.process_time() - start > seconds

    code = optimise(row.n, row.N, seed=seed, budget=10**9, progress=stop)
    extra = {"starts": last[0].starts, "wall_s": round(time.monotonic() - wall, 1)}
    return outcome(row, code.max_cosine, start, how="search") | extra


def outcome(row: Known, s: float, start: float, how: str) -> dict[str, object]:
    """Compare a largest cosine with the row."""
    if not row.kind:
        spent = round(time.process_time() - start, 2)
        return {"n": row.n, "N": row.N, "how": how, "max_cosine": s, "cpu_s": spent}
    return {
        "n": row.n,
        "N": row.N,
        "kind": row.kind,
        "how": how,
        "max_cosine": s,
        "excess": s - row.max_cosine,
        "reached": s <= row.max_cosine + row.tolerance,
        "cpu_s": round(time.process_time() - start, 2),
    }


def table(args: argparse.Namespace) -> Iterator[dict[str, object]]:
    """Measure the selected rows."""
    for row in rows_of(args):
        if not args.constructions:
            yield searched(row, args.seconds, args.seed)
            continue
        built = constructed(row)
        if built is not None:
            yield built


COLUMNS = ("n", "N", "max_cosine", "how", "starts", "cpu_s", "date", "command")


def record(path: Path, line: dict[str, object]) -> None:
    """Put one measured row into the file, unless a better one or a construction is there already."""
    rows: dict[tuple[int, int], dict[str, object]] = {}
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            rows = {(int(r["n"]), int(r["N"])): dict(r) for r in csv.DictReader(file)}
    place = int(str(line["n"])), int(str(line["N"]))
    earlier = rows.get(place)
    if earlier is not None:
        gain = float(str(earlier["max_cosine"])) - float(str(line["max_cosine"]))
        if gain < -1e-12 or (gain < 1e-12 and earlier["how"] != "search" and line["how"] == "search"):
            return
    command = shlex.join(["python", *sys.argv])
    rows[place] = {"starts": "", **line, "date": f"{datetime.now(UTC):%Y-%m-%d}", "command": command}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows[place] for place in sorted(rows))


def compare(args: argparse.Namespace) -> Iterator[dict[str, object]]:
    """Measure milliseconds per start and success rates of both methods."""
    for row in rows_of(args):
        starts = stream(args.seed, "bench.codes", row.n, row.N).standard_normal((args.starts, row.N, row.n))
        for name, method in METHODS.items():
            begin = time.process_time()
            codes = method(unit(starts))
            spent = (time.process_time() - begin) / args.starts
            found = [largest_cosine(polish(code)) for code in codes]
            hits = sum(s <= row.max_cosine + row.tolerance for s in found)
            yield {
                "n": row.n,
                "N": row.N,
                "method": name,
                "ms_per_start": round(1e3 * spent, 2),
                "success": hits / args.starts,
                "per_cpu_second": round(hits / (spent * args.starts), 3),
                "best_excess": min(found) - row.max_cosine,
            }


def batched(loss: str, first: float) -> object:
    """Anneal all starts in batches that fit the cache."""

    def run(starts: np.ndarray) -> np.ndarray:
        size = max(2, (1 << 15) // starts.shape[1] ** 2)
        parts = [anneal(starts[i : i + size], loss, first) for i in range(0, len(starts), size)]
        return np.concatenate(parts)

    return run


def scipy_riesz(starts: np.ndarray) -> np.ndarray:
    """Minimise the same Riesz energies with the same exponents start by start with SciPy's L-BFGS-B."""
    shape = starts.shape[1:]
    out = []
    for start in starts:
        x = start.ravel()
        for k in exponents(1.0, LAST_SHARPNESS, 3.0):

            def energy(flat: np.ndarray, k: float = k) -> tuple[float, np.ndarray]:
                value, gradient = riesz_energy(flat.reshape(1, *shape), k)
                return float(value[0]), gradient.ravel()

            x = minimize(energy, x, jac=True, method="L-BFGS-B", options={"maxiter": 60}).x
        out.append(unit(x.reshape(shape)))
    return np.stack(out)


METHODS = {
    **{f"{loss}-{first:g}": batched(loss, first) for loss in ("soft", "riesz") for first in FIRST_SHARPNESS},
    "scipy-riesz": scipy_riesz,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=("table", "compare"))
    parser.add_argument("--dimensions", default="2-32", help="range such as 3-8")
    parser.add_argument("--sizes", default="2-240", help="range such as 2-60")
    parser.add_argument("--rows", nargs="*", metavar="n,N", help="these rows instead of a range")
    parser.add_argument("--seconds", type=float, default=60.0, help="processor time for a row (table)")
    parser.add_argument("--starts", type=int, default=64, help="starts of each method (compare)")
    parser.add_argument("--constructions", action="store_true", help="build instead of search (table)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--record", type=Path, metavar="FILE", help="CSV file that keeps the values (table)")
    args = parser.parse_args()
    for line in (table if args.what == "table" else compare)(args):
        print(json.dumps(line), flush=True)
        if args.record is not None and args.what == "table":
            record(args.record, line)


if __name__ == "__main__":
    sys.exit(main())
