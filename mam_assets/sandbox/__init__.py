"""Loopback twins of the six services over a small world of public-domain audiobooks. Imports nothing of ours."""
