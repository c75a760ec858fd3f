"""What `benchmarks.search` and `benchmarks.publish` are made of."""
