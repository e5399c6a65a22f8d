"""The demo: a small shop, its customers and its attackers, over a mirror that is really there."""
