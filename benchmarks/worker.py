"""A process that times retrieval steps of one library on one device, one order per line of standard input.

    python benchmarks/worker.py numpy|torch cpu|cuda THREADS

An order is a JSON list [case, contender]; the answer is {"seconds": s, "slow": whether that was the first and
only run} or {"error": reason}. Of its own accord it does nothing, so that the thread pools of several
libraries are never awake together.
"""

from __future__ import annotations

import functools
import json
import resource
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from simulations.streams import stream
from simulations.variants import FAMILIES, update, variant

# Seconds: a first call that takes longer is the measurement, and one beyond the limit is given up.
PATIENCE, LIMIT = 3.0, 10
# Bytes that NumPy may take: some variants build arrays of size queries x M x d.
MEMORY = 12 << 30


@functools.lru_cache(maxsize=2)
def data(library: str, device: str, sets: int, m: int, d: int, n: int, kind: str) -> tuple[Any, Any]:
    """Return memories (m, d) or (sets, 1, m, d), queries (n, d) or (sets, n, d): Gaussian or of length 1."""
    rng = stream(0, "benchmark")
    shapes = ((m, d), (n, d)) if sets == 1 else ((sets, 1, m, d), (sets, n, d))
    arrays = [rng.standard_normal(shape) for shape in shapes]
    if kind == "unit":
        arrays = [a / np.linalg.norm(a, axis=-1, keepdims=True) for a in arrays]
    if library == "torch":
        import torch

        arrays = [torch.from_numpy(a).to(device) for a in arrays]
    return arrays[0], arrays[1]


def square_product(library: str, device: str) -> Callable[[], Any]:
    """A product of two 1,500 x 1,500 matrices: the machine's GEMM peak."""
    memories, _ = data(library, device, 1, 1500, 1500, 1, "raw")
    return lambda: memories @ memories


def attention(name: str) -> Callable[[Any, Any, float], Any]:
    """Return a retrieval step as a user of torch and of the package entmax writes it.

    Raises:
        ModuleNotFoundError: the package is not installed.
    """
    import torch

    if name == "torch sdpa":
        sdpa = torch.nn.functional.scaled_dot_product_attention
        return lambda x, q, beta: sdpa(q[None, None], x[None, None], x[None, None], scale=beta)
    if name == "torch topk 8":
        return _torch_topk
    if name == "torch softmax":
        separation = functools.partial(torch.softmax, dim=-1)
    else:
        import entmax

        function, _, k = name.removeprefix("entmax.").partition(" k=")
        separation = functools.partial(getattr(entmax, function), dim=-1, k=int(k) if k else None)

    def step(x: Any, q: Any, beta: float) -> Any:
        one = x if x.ndim == 2 else x[:, 0]
        return separation(beta * (q @ one.mT)) @ one

    return step


def _torch_topk(x: Any, q: Any, beta: float) -> Any:
    top = (beta * (q @ x.mT)).topk(8, dim=-1)
    return (top.values.softmax(dim=-1)[..., None] * x[top.indices]).sum(dim=-2)


def order(library: str, device: str, case: list[Any], contender: str) -> Callable[[], Any]:
    if contender == "GEMM":
        return square_product(library, device)
    *shape, beta = case
    memories, query = data(library, device, *shape)
    if contender.startswith(("torch ", "entmax.")):
        step = attention(contender)
        return lambda: step(memories, query, beta)
    model = variant(contender)
    if not hasattr(model, "weights"):
        return lambda: model.update(memories, query, beta)
    return lambda: update(model, memories, query, beta)


def timed(library: str, device: str, task: Callable[[], Any]) -> float:
    if library == "torch":
        import torch

        if device == "cuda":
            torch.cuda.synchronize()
    start = time.perf_counter()
    task()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def _give_up(*_: Any) -> None:
    raise TimeoutError(f"more than {LIMIT} s")


def main(library: str, device: str, threads: str) -> None:
    signal.signal(signal.SIGALRM, _give_up)
    if library == "numpy":
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    if library == "torch":
        import torch

        torch.set_num_threads(int(threads))
        torch.backends.cuda.matmul.allow_tf32 = False
    print(json.dumps({"families": sorted(FAMILIES)}), flush=True)
    warm: dict[str, float] = {}
    for line in sys.stdin:
        try:
            task = order(library, device, *json.loads(line))
            if line not in warm:
                signal.alarm(LIMIT)
                warm[line] = timed(library, device, task)
                signal.alarm(0)
            slow = warm[line] > PATIENCE
            seconds = warm[line] if slow else timed(library, device, task)
            print(json.dumps({"seconds": seconds, "slow": slow}), flush=True)
        except Exception as error:  # whatever a library objects to is the row's text
            signal.alarm(0)
            print(json.dumps({"error": f"{type(error).__name__}: {error}"[:90]}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
