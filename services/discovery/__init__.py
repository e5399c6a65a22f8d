"""The API inventory: which operations there are, and what goes in and out of them."""
