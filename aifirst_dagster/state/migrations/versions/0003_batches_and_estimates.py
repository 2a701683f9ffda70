"""Message batches are remembered; calls say what they were expected to cost and wrote to the prompt cache."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the tables of batches and their requests, and three columns of the ledger."""
    schema = op.get_context().version_table_schema
    moment = sa.DateTime(timezone=True)
    op.add_column("llm_calls", sa.Column("batch_id", sa.String(32)), schema=schema)
    op.add_column("llm_calls", sa.Column("estimated_usd", sa.Float), schema=schema)
    written = sa.Column("cache_write_tokens", sa.BigInteger, nullable=False, server_default="0")
    op.add_column("llm_calls", written, schema=schema)
    op.create_table(
        "llm_batches",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("resource", sa.Text, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("endpoint", sa.Text, nullable=False),
        sa.Column("provider_id", sa.Text),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("requests", sa.Integer, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("sent_at", moment),
        sa.Column("seen_at", moment, nullable=False),
        sa.Column("ended_at", moment),
        schema=schema,
    )
    op.create_index("llm_batches_state", "llm_batches", ["state"], schema=schema)
    op.create_table(
        "llm_batch_requests",
        sa.Column("batch_id", sa.String(32), primary_key=True),
        sa.Column("custom_id", sa.String(64), primary_key=True),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("row_id", sa.String(36)),
        schema=schema,
    )
    op.create_index("llm_batch_requests_key", "llm_batch_requests", ["key"], schema=schema)
