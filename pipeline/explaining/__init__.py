"""One image to its explanations."""
