"""What the kit costs in forward passes, beside its peers: `python -m benchmarks`."""
