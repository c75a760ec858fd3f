"""What `benchmarks.reports` is made of."""
