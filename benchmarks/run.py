"""Retrieved queries per second of every variant, beside the GEMM peak and what a user would otherwise use.

    python benchmarks/run.py [--rounds 5] [--threads 2] [--betas 1,10,100] [--only dense,sparse]

Each library runs in a process of its own that sleeps while another one is timed (two awake thread pools
slow each other down), and the contenders take turns round by round.  A ratio is taken within a round, so a
load that comes and goes hits both sides.  Medians; the spread is the interquartile range.

A step costs 4 M d operations a query: two products, of queries with memories and of weights with memories.
"Peak" is the rate of a product of two 1,500 x 1,500 matrices in the same process and round.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from rich.console import Console
from rich.table import Table

PEERS = {
    "dense": ("torch softmax", "torch sdpa"),
    "sparse": ("entmax.sparsemax", "entmax.sparsemax k=64"),
    "entmax:alpha=1.5": ("entmax.entmax15", "entmax.entmax15 k=64"),
    "topk:k=8,reading=B": ("torch topk 8",),
    "topk:k=8,reading=A": (),
}
PEAK_FLOPS = 2 * 1500**3
# sets, M, d, queries a set
SIZES = ((1, 1_000, 64, 1_000), (1, 10_000, 64, 1_000), (100, 500, 20, 100))

Order = tuple[str, str]  # process, contender


class Process:
    """A worker; ``families`` are the variants that it knows."""

    def __init__(self, library: str, device: str, threads: int) -> None:
        here = Path(__file__).resolve().parent
        skip = {
            "OPENBLAS_CORETYPE",
            "OPENBLAS_L2_SIZE",
        }  # set on some machines; they slow a current NumPy down
        env = {k: v for k, v in os.environ.items() if k not in skip}
        env |= {f"{pool}_NUM_THREADS": str(threads) for pool in ("OMP", "OPENBLAS", "MKL")}
        env |= {
            "OMP_WAIT_POLICY": "PASSIVE",
            "PYTHONPATH": os.pathsep.join((str(here.parent), *sys.path[1:])),
        }
        self.device = device
        self._pipe = subprocess.Popen(
            [sys.executable, str(here / "worker.py"), library, device, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=env,
        )
        self.families: list[str] = self._answer()["families"]

    def _answer(self) -> dict[str, Any]:
        line = self._pipe.stdout.readline() if self._pipe.stdout else ""
        return json.loads(line) if line else {"error": f"the process ended with {self._pipe.wait()}"}

    def time(self, case: list[Any], contender: str) -> dict[str, Any]:
        assert self._pipe.stdin
        self._pipe.stdin.write(json.dumps([case, contender]) + "\n")
        self._pipe.stdin.flush()
        return self._answer()

    def close(self) -> None:
        if self._pipe.stdin:
            self._pipe.stdin.close()
        self._pipe.wait()


def measure(
    processes: dict[str, Process], case: list[Any], orders: list[Order], rounds: int
) -> dict[Order, list[float] | str]:
    """Return the seconds of each contender, round by round, or why there are none."""
    seconds: dict[Order, list[float] | str] = {order: [] for order in orders}
    slow: set[Order] = set()
    for turn in range(rounds):
        for i in range(len(orders)):
            order = orders[(i + turn) % len(orders)]
            found = seconds[order]
            if isinstance(found, str):
                continue
            if order in slow:
                found.append(found[0])
                continue
            answer = processes[order[0]].time(case, order[1])
            if "error" in answer:
                seconds[order] = answer["error"]
            else:
                found.append(answer["seconds"])
                slow |= {order} if answer["slow"] else set()
    return seconds


def spread(values: list[float]) -> float:
    """Return the interquartile range relative to the median."""
    if len(values) < 2:
        return 0.0
    low, _, high = quantiles(values, n=4, method="inclusive")
    return (high - low) / median(values)


def ratio(ours: list[float], peer: list[float] | str) -> str:
    if isinstance(peer, str):
        return peer
    ratios = [b / a for a, b in zip(ours, peer, strict=True)]
    return f"{median(ratios):.2f}x ±{spread(ratios):.0%}"


def row(name: str, place: str, case: list[Any], times: dict[Order, list[float] | str]) -> list[str]:
    """Return the cells: name, queries per second, spread, share of the peak, time/dense, ratios."""
    ours, peak, dense = (times.get((place, key), "") for key in (name, "GEMM", "dense"))
    if isinstance(ours, str):
        return [name, ours, "", "", "", ""]
    sets, m, d, n = case[:4]
    flops = 4 * m * d * sets * n
    share, of_dense = "", ""
    if not isinstance(peak, str):
        share = f"{median(flops / a / (PEAK_FLOPS / b) for a, b in zip(ours, peak, strict=True)):.0%}"
    if not isinstance(dense, str):
        of_dense = f"{median(a / b for a, b in zip(ours, dense, strict=True)):.2f}"
    device = "torch cuda" if "cuda" in place else "torch cpu"
    ratios = [
        f"{peer}: {ratio(ours, times[device, peer])}"
        for peer in PEERS.get(name, ())
        if (device, peer) in times
    ]
    rate = f"{sets * n / median(ours):,.0f}"
    return [name, rate, f"{spread(ours):.0%}", share, of_dense, "\n".join(ratios)]


def report(
    console: Console, processes: dict[str, Process], case: list[Any], names: list[str], rounds: int
) -> None:
    orders: list[Order] = []
    places = [place for place in processes if place in ("numpy cpu", "torch cuda")]
    for place in places:
        orders += [(place, "GEMM"), *((place, name) for name in names)]
    for place in processes:
        if place.startswith("torch"):
            orders += [(place, peer) for name in names for peer in PEERS.get(name, ()) if fits(peer, case)]
    times = measure(processes, case, orders, rounds)
    sets, m, d, n, kind, beta = case
    for place in places:
        peak = times[place, "GEMM"]
        gflops = f"{PEAK_FLOPS / median(peak) / 1e9:.0f} GFLOP/s" if not isinstance(peak, str) else peak
        shape = f"{sets} x M = {m:,}, d = {d}, {n:,} queries each"
        title = f"{place}: {shape}, {kind}, beta = {beta:g}; peak {gflops}"
        table = Table(title=title, title_justify="left")
        for column in ("variant", "queries/s", "IQR", "of peak", "time/dense", "time of others / ours"):
            table.add_column(
                column, justify="left" if column in ("variant", "time of others / ours") else "right"
            )
        for name in names:
            table.add_row(*row(name, place, case, times))
        console.print(table)


def fits(peer: str, case: list[Any]) -> bool:
    """Tell whether a peer's code is written for several memory sets."""
    return case[0] == 1 or peer not in ("torch sdpa", "torch topk 8")


def start(threads: int) -> dict[str, Process]:
    processes = {"numpy cpu": Process("numpy", "cpu", threads)}
    if find_spec("torch"):
        processes["torch cpu"] = Process("torch", "cpu", threads)
        import torch

        if torch.cuda.is_available():
            processes["torch cuda"] = Process("torch", "cuda", threads)
    return processes


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--betas", default="1,10,100")
    parser.add_argument("--only", default="", help="variants, separated by semicolons")
    options = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 130)
    processes = start(options.threads)
    known = processes["numpy cpu"].families
    core = [name for name in PEERS if name.partition(":")[0] in known]
    names = core + [name for name in known if name not in core]
    if options.only:
        names = options.only.split(";")
        core = [name for name in core if name in names]
    for package in ("torch", "entmax", "hflayers"):
        if find_spec(package) is None:
            note = "not on PyPI; no row" if package == "hflayers" else "not installed; no ratios to it"
            console.print(f"{package}: {note}")
    for size in SIZES:
        report(console, processes, [*size, "unit", 10.0], names, options.rounds)
    for kind in ("unit", "raw"):
        for beta in map(float, options.betas.split(",")):
            if (kind, beta) != ("unit", 10.0):
                report(console, processes, [*SIZES[1], kind, beta], core, options.rounds)
    for process in processes.values():
        process.close()


if __name__ == "__main__":
    main()
