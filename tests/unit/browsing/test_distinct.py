"""The sketches are as exact as they say."""

import random

import pytest

from services.browsing.distinct import (
    EMPTY_BITMAP,
    EMPTY_REGISTERS,
    bitmap_count,
    counted,
    marked,
    register_count,
)


def hashes(count: int, seed: int) -> list[int]:
    return [random.Random(seed * 1_000_003 + i).getrandbits(32) for i in range(count)]


@pytest.mark.parametrize("count", [10, 100, 1_000, 10_000])
def test_registers_are_some_6_5_percent_off(count: int) -> None:
    errors = []
    for seed in range(20):
        registers = EMPTY_REGISTERS
        for hashed in hashes(count, seed):
            registers = counted(registers, hashed)
        errors.append(register_count(registers) / count - 1)
    mean_square = sum(error**2 for error in errors) / len(errors)
    assert mean_square**0.5 < 0.1
    assert abs(sum(errors)) / len(errors) < 0.05


@pytest.mark.parametrize("count", [1, 10, 100, 1_000])
def test_bitmaps_are_some_5_percent_off(count: int) -> None:
    errors = []
    for seed in range(20):
        bitmap = EMPTY_BITMAP
        for hashed in hashes(count, seed):
            bitmap = marked(bitmap, hashed)
        errors.append(bitmap_count(bitmap) / count - 1)
    mean_square = sum(error**2 for error in errors) / len(errors)
    assert mean_square**0.5 < 0.08


def test_a_full_bitmap_is_a_lot_but_no_error() -> None:
    assert bitmap_count(bytes([255] * 64)) > 3_000
