"""Who types, for what is kept of what people said."""

import getpass
import os


def who() -> str:
    """The user's name, or its number where it has none, as in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # OSError from Python 3.13 on
        return f"uid {os.getuid()}"
