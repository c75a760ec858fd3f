"""What `benchmarks.chat` and `benchmarks.layers` are made of."""
