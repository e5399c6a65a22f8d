"""What `sidetap inspect` reads of files."""

from pathlib import Path

from services.cli.inspect import lines_of


def test_of_a_line_that_is_too_long_one_piece_is_read(tmp_path: Path) -> None:
    file = tmp_path / "lines"
    file.write_bytes(b"x" * 35 + b"\n" + b"y" * 9 + b"\n" + b"z" * 10)
    assert list(lines_of([str(file)], 10)) == [b"x" * 10, b"y" * 9 + b"\n", b"z" * 10]
