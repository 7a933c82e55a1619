"""Decisions: pure functions over frozen records. Standard library and rapidfuzz only; clocks and dice are passed in."""
