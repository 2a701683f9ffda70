"""What a model proposes and the data decides: tasks, the runner that drives them, and designs on disk."""
