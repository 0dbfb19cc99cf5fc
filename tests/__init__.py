"""Tests, from the quick ones in memory to those of a real engine."""
