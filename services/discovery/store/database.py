"""A database of the inventory: opened, and brought to today's tables."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

MIGRATIONS = Path(__file__).parent / "migrations"
# SQLite has one writer at a time, and readers hold it up: so long is waited for them.
BUSY_S = 30
DRIVERS = {"postgresql": "postgresql+pg8000", "postgres": "postgresql+pg8000"}


def opened(url: str) -> Engine:
    """The database of a URL; nothing is connected yet.

    Raises ValueError, without the URL: it may hold a password.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ValueError("store is no URL of a database, like sqlite:////var/x.db") from None
    parsed = parsed.set(drivername=DRIVERS.get(parsed.drivername, parsed.drivername))
    kind = parsed.get_backend_name()
    if kind not in ("sqlite", "postgresql"):
        raise ValueError("store must be sqlite:///PATH or postgresql://USER@HOST/NAME")
    if kind == "postgresql":
        return create_engine(parsed, pool_pre_ping=True)
    if not parsed.database or parsed.database == ":memory:":
        raise ValueError("store must name a file: sqlite:///PATH")
    engine = create_engine(parsed, poolclass=NullPool, connect_args={"timeout": BUSY_S})
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA foreign_keys = ON"))
    return engine


def migrated(engine: Engine) -> None:
    """Run what migrations are due, in one transaction. Raises SQLAlchemyError or CommandError."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
