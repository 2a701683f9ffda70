"""Rows whose values stand in the wrong columns: what values of a column look like, and which shift explains a row."""
