"""Repairs: what is done to a dataset's cells and rows so that they can be trusted, as a plan and as SQL."""
