"""Calls know their backfill, which has a cap of its own; what models did with tools is kept in transcripts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the backfill to the ledger, and the table of transcripts."""
    schema = op.get_context().version_table_schema
    op.add_column("llm_calls", sa.Column("backfill", sa.String(200)), schema=schema)
    op.create_index("llm_calls_backfill", "llm_calls", ["backfill", "cost_usd", "reserved_usd"], schema=schema)
    op.create_table(
        "transcripts",
        sa.Column("id", sa.String(12), primary_key=True),
        sa.Column("pipeline", sa.Text),
        sa.Column("step", sa.Text),
        sa.Column("task", sa.Text),
        sa.Column("run_id", sa.Text),
        sa.Column("model", sa.Text),
        sa.Column("ended", sa.String(20), nullable=False),
        sa.Column("turns", sa.Integer, nullable=False),
        sa.Column("cost_usd", sa.Float, nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        schema=schema,
    )
    op.create_index("transcripts_at", "transcripts", ["at"], schema=schema)
