"""Articles that others wrote elsewhere: tables, Markdown files, Word documents, read to entries and nothing run."""
