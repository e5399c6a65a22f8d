"""Where the inventory's database is, and what it answers.

A named Kafka is asked itself. Else the database of `[discovery] store`, else that of what runs
here; where there is neither, or none may be read, there is the topic.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from schemas.codec import UndecodableError
from schemas.types import Endpoint
from services.cli.refusal import RefusedError
from services.cli.running import found
from services.discovery.changes import Change
from services.discovery.settings import Settings
from services.discovery.wanted import Wanted
from services.runtime.settings import load

if TYPE_CHECKING:
    from sqlalchemy import Engine

FILE = "inventory.db"


def store_url(folder: Path) -> str:
    """The database of what `sidetap up` runs: that of the settings, else a file in its folder."""
    return load().of(Settings).store or f"sqlite:///{folder.absolute() / FILE}"


def asked(kafka: str | None) -> str | None:
    """The URL of the database to ask; None: ask the topic."""
    if kafka is not None:
        return None
    if said := load().of(Settings).store:
        return said
    running = found()
    path = Path(running.data, FILE) if running else None
    return f"sqlite:///{path}" if path and os.access(path, os.R_OK) else None


def operations(url: str, wanted: Wanted) -> list[Endpoint]:
    """What the database knows of them. Raises RefusedError where it does not answer."""
    from sqlalchemy.exc import SQLAlchemyError

    from services.discovery.store.asking import known

    try:
        return known(_engine(url), wanted)
    except (SQLAlchemyError, UndecodableError) as error:
        raise RefusedError(_why(error)) from None


def history(url: str, wanted: Wanted, since_us: int) -> Iterable[tuple[Change, Endpoint]]:
    """Changes since then that the database kept. Raises RefusedError."""
    from sqlalchemy.exc import SQLAlchemyError

    from services.discovery.store import asking

    try:
        return list(asking.history(_engine(url), wanted, since_us))
    except (SQLAlchemyError, UndecodableError) as error:
        raise RefusedError(_why(error)) from None


def _engine(url: str) -> "Engine":
    from services.discovery.store.database import opened

    try:
        return opened(url)
    except ValueError as error:
        raise RefusedError(f"[discovery] {error}.") from None


def _why(error: Exception) -> str:
    """Neither rows nor the URL, which may hold a password."""
    kind = type(getattr(error, "orig", None) or error).__name__
    return f"the inventory's database does not answer ({kind}): name Kafka with --kafka to ask it."
