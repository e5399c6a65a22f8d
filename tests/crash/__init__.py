"""The long crash run: `make crash`."""
