"""Behaviour of clients: who walks where nothing is."""
