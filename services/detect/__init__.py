"""Attacks in exchanges: exchanges in, findings out."""
