"""What `benchmarks.fleet` runs in a process of its own, with Django set up as in a command of the owner."""
