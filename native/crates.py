"""Cargo.lock without the address of an index.

`python native/crates.py save` writes crates.lock from Cargo.lock with the `source` lines left
out; `restore` puts them back, with the source that this machine's cargo itself names, so that
`cargo build --locked` checks every version and hash and no committed file names a registry.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parent
FULL, SAVED = FOLDER / "Cargo.lock", FOLDER / "crates.lock"


def source_line() -> str:
    """The line cargo writes for a crate of its default registry."""
    with tempfile.TemporaryDirectory() as folder:
        manifest = Path(folder, "Cargo.toml")
        manifest.write_text('[package]\nname="probe"\nversion="0.0.0"\n[dependencies]\nitoa="1"\n')
        Path(folder, "src").mkdir()
        Path(folder, "src/lib.rs").touch()
        subprocess.run(["cargo", "generate-lockfile", "--quiet"], cwd=folder, check=True)
        found = re.search(r'^source = ".*"\n', Path(folder, "Cargo.lock").read_text(), re.M)
        assert found, "cargo wrote no source line"
        return found.group()


def save() -> None:
    """Cargo.lock → crates.lock."""
    SAVED.write_text(re.sub(r'^source = ".*"\n', "", FULL.read_text(), flags=re.M))


def restore() -> None:
    """crates.lock → Cargo.lock."""
    line = source_line()
    FULL.write_text(re.sub(r"^(?=checksum = )", line, SAVED.read_text(), flags=re.M))


if __name__ == "__main__":
    {"save": save, "restore": restore}[sys.argv[1]]()
