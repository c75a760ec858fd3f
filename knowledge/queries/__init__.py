"""The readers of the library."""
