"""Counting distinct things in little memory.

Bitmaps by linear counting (Whang, Vander-Zanden, Taylor 1990) for the few things that a client
found: 512 bits, some 5 % off up to 1,000, full at about 3,200. HyperLogLog (Flajolet et al. 2007)
for the many that a scanner missed: 256 registers, a standard error of 6.5 %. The least hashes
(KMV; Bar-Yossef et al. 2002) where small numbers must be exact: the 64 least of 32 bits, exact
below 64, a standard error of 12.7 % above. All depend on what was added, never on the order, and
two of a kind are merged without loss.
"""

import math
from collections.abc import Iterable

BITMAP_BYTES = 64
BITMAP_BITS = BITMAP_BYTES * 8
REGISTERS = 256
# The constant of the HyperLogLog paper for 256 registers.
ALPHA = 0.7213 / (1 + 1.079 / REGISTERS)

LEAST_MAX = 64
HASH_BYTES = 4

EMPTY_BITMAP = bytes(BITMAP_BYTES)
EMPTY_REGISTERS = bytes(REGISTERS)


def marked(bitmap: bytes, hashed: int) -> bytes:
    """The bitmap with one thing added; the same object when it was in."""
    place, bit = hashed % BITMAP_BYTES, 1 << (hashed // BITMAP_BYTES % 8)
    if bitmap[place] & bit:
        return bitmap
    return bitmap[:place] + bytes((bitmap[place] | bit,)) + bitmap[place + 1 :]


def bitmap_count(*bitmaps: bytes) -> float:
    """How many distinct things are in any of the bitmaps."""
    union = 0
    for bitmap in bitmaps:
        union |= int.from_bytes(bitmap, "big")
    empty = max(BITMAP_BITS - union.bit_count(), 1)
    return BITMAP_BITS * math.log(BITMAP_BITS / empty)


def counted(registers: bytes, hashed: int) -> bytes:
    """The registers with a thing of 32 hashed bits added; the same object if nothing changed."""
    place, rest = hashed >> 24, hashed & 0xFFFFFF
    rank = 25 - rest.bit_length()
    if registers[place] >= rank:
        return registers
    return registers[:place] + bytes((rank,)) + registers[place + 1 :]


def register_count(registers: bytes) -> int:
    """How many distinct things were added."""
    empty = registers.count(0)
    estimate = ALPHA * REGISTERS**2 / math.fsum(2.0**-rank for rank in registers)
    if estimate <= 2.5 * REGISTERS and empty:
        estimate = REGISTERS * math.log(REGISTERS / empty)
    return round(estimate)


def least(kept: bytes, *hashes: int) -> bytes:
    """The least hashes with some of 32 bits added, ascending, four bytes each."""
    known = {kept[i : i + HASH_BYTES] for i in range(0, len(kept), HASH_BYTES)}
    known.update(hashed.to_bytes(HASH_BYTES, "big") for hashed in hashes)
    return b"".join(sorted(known)[:LEAST_MAX])


def least_hashes(kept: bytes) -> Iterable[int]:
    """What is kept, as numbers: for merging."""
    return (
        int.from_bytes(kept[i : i + HASH_BYTES], "big") for i in range(0, len(kept), HASH_BYTES)
    )


def least_count(kept: bytes) -> int:
    """How many distinct things were added."""
    size = len(kept) // HASH_BYTES
    if size < LEAST_MAX:
        return size
    return round((LEAST_MAX - 1) * 2**32 / (int.from_bytes(kept[-HASH_BYTES:], "big") + 1))
