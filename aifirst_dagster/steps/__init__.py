"""What a step type does to a dataset: one module each."""
