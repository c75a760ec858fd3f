"""The readers. What leaves here is a locked row for a verb, or frozen rows for a door."""
