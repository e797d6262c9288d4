"""Streams: the generator against published vectors, the key against an independent hash."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulations.streams import key, stream

FULL = 0xFFFFFFFFFFFFFFFF
PI = (0x243F6A8885A308D3, 0x13198A2E03707344, 0xA4093822299F31D0, 0x082EFA98EC4E6C89)
# Random123's known answers for philox4x64 with 10 rounds: (counter, key, output).
KNOWN = [
    ((0,) * 4, (0,) * 2, (0x16554D9ECA36314C, 0xDB20FE9D672D0FDC, 0xD7E772CEE186176B, 0x7E68B68AEC7BA23B)),
    (
        (FULL,) * 4,
        (FULL,) * 2,
        (0x87B092C3013FE90B, 0x438C3C67BE8D0224, 0x9CC7D7C69CD777B6, 0xA09CAEBF594F0BA0),
    ),
    (
        PI,
        (0x452821E638D01377, 0xBE5466CF34E90C6C),
        (0xA528F45403E61D95, 0x38C72DBD566E9788, 0xA5A1610E72FD18B5, 0x57BD43B5E52B7FE6),
    ),
]


def words(values):
    return sum(w << (64 * i) for i, w in enumerate(values))


@pytest.mark.parametrize(("counter", "philox_key", "output"), KNOWN)
def test_numpy_philox_is_the_published_generator(counter, philox_key, output):
    # NumPy increments the counter before each block.
    before = (words(counter) - 1) % (1 << 256)
    got = np.random.Philox(counter=before, key=words(philox_key)).random_raw(4)
    assert tuple(int(w) for w in got) == output


def test_key_is_the_head_of_the_hash_of_canonical_json():
    text = b'[7,["sphere",12,"\\u03be"]]'
    assert key(7, "sphere", 12, "ξ") == int.from_bytes(hashlib.sha256(text).digest()[:16], "big")
    # The same text through coreutils' sha256sum.
    assert key(7, "sphere", 12, "ξ") == 0x95BBC9CAB1E21A7E830169C83A0F103F


def test_stream_uses_its_key_and_repeats():
    expected = np.random.Generator(np.random.Philox(key=key(3, "a", 1))).random(5)
    np.testing.assert_array_equal(stream(3, "a", 1).random(5), expected)


names = st.lists(st.one_of(st.integers(), st.text()), max_size=4)


@settings(deadline=None, derandomize=True)
@given(st.tuples(st.integers(), names), st.tuples(st.integers(), names))
def test_names_that_differ_have_keys_that_differ(one, two):
    assert (key(one[0], *one[1]) == key(two[0], *two[1])) == (one == two)


def test_similar_spellings_are_different_streams():
    keys = {key(1, "a", "b"), key(1, "ab"), key(1, "a,b"), key(1, "1"), key(1, 1), key(1), key(11)}
    assert len(keys) == 7


@pytest.mark.parametrize("part", [1.0, True, None, ("a",), np.int64(3)])
def test_other_parts_are_refused(part):
    with pytest.raises(TypeError, match="str and int"):
        stream(1, part)
    with pytest.raises(TypeError):
        stream(part)


def test_a_text_is_no_seed():
    with pytest.raises(TypeError, match="seed"):
        stream("1")
