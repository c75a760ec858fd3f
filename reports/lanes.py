"""Many counts in one number, so that a thousand rows of counts are added up at the speed of an addition. Pure.

Lane i is worth 2^(32·i): the sum of two such numbers has the sums of their lanes, and differences of sums that were
made this way are exact too. Numbers on their way may have negative lanes; what is written has none.
"""

from __future__ import annotations

import sys
from array import array
from typing import Final

BITS: Final = 32
BYTES: Final = BITS // 8


def lane(index: int, count: int = 1) -> int:
    return count << (BITS * index)


def write(lanes: int) -> bytes:
    """Little-endian, without the empty lanes at the end. Raises OverflowError where a lane is negative."""
    return lanes.to_bytes((lanes.bit_length() + 7) // 8, "little")


def read(raw: bytes | memoryview) -> int:
    return int.from_bytes(raw, "little")


def unpack(lanes: int, size: int) -> list[int]:
    """The counts of the first `size` lanes."""
    counts = array("I")
    if counts.itemsize != BYTES:  # where C's int is not 32 bits
        return [(lanes >> (BITS * index)) & ((1 << BITS) - 1) for index in range(size)]
    counts.frombytes(lanes.to_bytes(size * BYTES, "little"))
    if sys.byteorder == "big":
        counts.byteswap()
    return counts.tolist()
