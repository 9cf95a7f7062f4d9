"""Many images to rows of a store."""
