"""Alembic's way in: migrations run on the connection that `database.migrated` hands over."""

from alembic import context

from services.discovery.store.tables import Tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Tables.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
