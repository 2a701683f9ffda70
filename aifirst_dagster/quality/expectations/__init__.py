"""The vocabulary of rules: Great Expectations' own types and arguments, and what each means in SQL."""
