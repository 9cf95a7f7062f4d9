"""The command line: flags, and the plan that they make."""
