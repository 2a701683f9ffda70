"""Answers are found again by what was asked; sums over a run, a pipeline or a day are read from indexes alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the request's key and the whole answer to the ledger, and covering indexes."""
    schema = op.get_context().version_table_schema
    op.add_column("llm_calls", sa.Column("key", sa.String(64)), schema=schema)
    op.add_column("llm_calls", sa.Column("content", sa.Text), schema=schema)
    op.drop_index("llm_calls_run", "llm_calls", schema=schema)
    op.drop_index("llm_calls_started", "llm_calls", schema=schema)
    spent = ["cost_usd", "reserved_usd"]
    op.create_index("llm_calls_key", "llm_calls", ["key", "status"], schema=schema)
    op.create_index("llm_calls_call", "llm_calls", ["call_id", *spent], schema=schema)
    op.create_index("llm_calls_run", "llm_calls", ["run_id", *spent], schema=schema)
    op.create_index("llm_calls_pipeline", "llm_calls", ["pipeline", *spent], schema=schema)
    op.create_index("llm_calls_started", "llm_calls", ["started_at", *spent], schema=schema)
