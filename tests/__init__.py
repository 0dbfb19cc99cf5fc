"""Tests, from the quick ones in memory to those of a real engine."""

# For the pytest runs that tests start: to import hypothesis takes longer than most of them, in each worker anew.
WITHOUT_HYPOTHESIS = ("-p", "no:hypothesispytest")
