"""What each dataset version came to, kept for trends after the version itself is swept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the table of measures."""
    schema = op.get_context().version_table_schema
    op.create_table(
        "measures",
        sa.Column("pipeline", sa.Text, primary_key=True),
        sa.Column("step", sa.Text, primary_key=True),
        sa.Column("partition", sa.Text, primary_key=True),
        sa.Column("version", sa.String(40), primary_key=True),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rows_in", sa.BigInteger, nullable=False),
        sa.Column("rows_out", sa.BigInteger, nullable=False),
        sa.Column("quarantined", sa.BigInteger, nullable=False),
        sa.Column("failed", sa.BigInteger, nullable=False),
        sa.Column("score", sa.Float),
        sa.Column("dimensions", sa.JSON, nullable=False),
        sa.Column("rules", sa.JSON, nullable=False),
        sa.Column("drifted", sa.Boolean),
        sa.Column("drift", sa.Text, nullable=False),
        sa.Column("cost_usd", sa.Float, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        schema=schema,
    )
    op.create_index("measures_made", "measures", ["made_at"], schema=schema)
