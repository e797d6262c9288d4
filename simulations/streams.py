"""Random streams named by what they are for, independent of who draws from them and when."""

import hashlib
import json

import numpy as np


def key(seed: int, *name: str | int) -> int:
    """Return the 128-bit Philox key of a stream: the head of a SHA-256 over canonical JSON.

    Raises:
        TypeError: a part of the name is neither str nor int (a bool, a float, an array). Such parts
            have no canonical spelling, so the same stream could get two names.
    """
    for part in (seed, *name):
        if type(part) not in (int, str):
            raise TypeError(f"a stream is named by str and int, not by {part!r} ({type(part).__name__})")
    if not isinstance(seed, int):
        raise TypeError(f"the seed is an int, not {seed!r}")
    text = json.dumps([seed, list(name)], ensure_ascii=True, separators=(",", ":"))
    return int.from_bytes(hashlib.sha256(text.encode("ascii")).digest()[:16], "big")


def stream(seed: int, *name: str | int) -> np.random.Generator:
    """Return the generator of the stream called ``name`` under the root ``seed``.

    Streams with different names have different Philox4x64-10 keys (Salmon, Moraes, Dror and Shaw 2011)
    and are independent for every practical purpose, so results depend neither on the order of the
    draws nor on the number of workers.

    Raises:
        TypeError: see ``key``.
    """
    return np.random.Generator(np.random.Philox(key=key(seed, *name)))
