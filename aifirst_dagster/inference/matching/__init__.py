"""Schema matching: which column of one table is which of another, by names, values, types and meaning."""
