"""Migrations, oldest first: `NNNN_what.py`."""
