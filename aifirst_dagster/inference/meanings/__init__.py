"""Semantic types: what a column's values mean. A module for each family, a registry, and the decision between them."""
