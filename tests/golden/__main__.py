"""`python -m tests.golden` makes every capture and expected.jsonl anew; the diff is the review."""

import importlib

from tests.golden.conversation import save
from tests.golden.lines import CASES, FOLDER, lines_of

for case in CASES:
    make = importlib.import_module(f"tests.golden.{case}.make")
    save(make.__file__, make.packets())
    lines = "".join(f"{line}\n" for line in lines_of(FOLDER / case / "capture.pcap"))
    (FOLDER / case / "expected.jsonl").write_text(lines)
