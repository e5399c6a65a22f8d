"""A folder here is a thing that runs."""
