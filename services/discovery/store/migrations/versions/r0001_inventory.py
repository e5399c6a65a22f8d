"""The first tables: operations, their parameters, sensitive kinds, changes, and offsets."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "operations",
        sa.Column("key", sa.String(32), primary_key=True),
        *(_text(n) for n in ("site", "host", "method", "template", "protocol")),
        _text("operation", nullable=True),
        _text("application"),
        sa.Column("admitted", sa.Boolean(), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        *(_number(n) for n in ("first_us", "last_us", "count")),
        _number("risk", nullable=True),
        sa.Column("unauthenticated", sa.Double(), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_operations_last_us", "operations", ["last_us"])
    op.create_table(
        "parameters",
        _of_an_operation(),
        sa.Column("number", sa.BigInteger(), primary_key=True, autoincrement=False),
        *(_text(n) for n in ("place", "name", "schema")),
        sa.Column("required", sa.Boolean(), nullable=False),
        _number("count"),
    )
    op.create_table(
        "sensitive_kinds", _of_an_operation(), sa.Column("kind", sa.String(64), primary_key=True)
    )
    op.create_table(
        "changes",
        _of_an_operation(),
        sa.Column("digest", sa.String(32), primary_key=True),
        _number("at_us"),
        _text("kind"),
        _text("what"),
    )
    op.create_index("ix_changes_at_us", "changes", ["at_us"])
    op.create_table(
        "offsets",
        sa.Column("topic", sa.String(249), primary_key=True),
        sa.Column("partition", sa.BigInteger(), primary_key=True, autoincrement=False),
        _number("next_offset"),
    )


def downgrade() -> None:
    """Take them away."""
    for table in ("offsets", "changes", "sensitive_kinds", "parameters", "operations"):
        op.drop_table(table)


def _text(name: str, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _number(name: str, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _of_an_operation() -> sa.Column[str]:
    return sa.Column(
        "operation_key", sa.String(32), sa.ForeignKey("operations.key"), primary_key=True
    )
