"""Where what is made once is kept: .cache/ in a checkout, else the user's cache."""

import os
from pathlib import Path

TREE = Path(__file__).parents[2]


def cache_folder() -> Path:
    """.cache/ of a checkout that may be written; else sidetap/ in the user's cache."""
    if (TREE / ".git").exists() and os.access(TREE, os.W_OK):
        return TREE / ".cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sidetap"
