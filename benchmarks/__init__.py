"""What the toolkit costs in forward passes, beside its peers: `python -m benchmarks`."""
