"""Profiles are kept for every version, so that drift is judged by what is normal for a dataset."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the history of profiles."""
    schema = op.get_context().version_table_schema
    op.create_table(
        "profile_history",
        sa.Column("asset", sa.Text, primary_key=True),
        sa.Column("partition", sa.Text, primary_key=True),
        sa.Column("version", sa.String(80), primary_key=True),
        sa.Column("baseline", sa.String(80), nullable=False),
        sa.Column("content", sa.String(80), nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("drifted", sa.Boolean),
        sa.Column("normal", sa.Boolean, nullable=False),
        sa.Column("data_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sketch", sa.LargeBinary, nullable=False),
        schema=schema,
    )
    op.create_index("profile_history_asset", "profile_history", ["asset", "baseline", "data_of"], schema=schema)
