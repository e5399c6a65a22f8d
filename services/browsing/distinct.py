"""Counting distinct things in little memory.

Bitmaps by linear counting (Whang, Vander-Zanden, Taylor 1990) for the few things that a client
found: 512 bits, some 5 % off up to 1,000, full at about 3,200. HyperLogLog (Flajolet et al. 2007)
for the many that a scanner missed: 256 registers, a standard error of 6.5 %. Both depend on what
was added, never on the order.
"""

import math

BITMAP_BYTES = 64
BITMAP_BITS = BITMAP_BYTES * 8
REGISTERS = 256
# The constant of the HyperLogLog paper for 256 registers.
ALPHA = 0.7213 / (1 + 1.079 / REGISTERS)

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
