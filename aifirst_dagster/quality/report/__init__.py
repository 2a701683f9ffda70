"""The report on a dataset version, or a bare file: gathered as plain data, then shown as a page or as Markdown."""
