"""How right a provider is: labelled tables, what counts as right, and providers side by side."""
