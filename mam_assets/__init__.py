"""Keeps an Audiobookshelf library right and complete, as a graph of Dagster assets."""
