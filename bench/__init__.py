"""Comparisons against peers, each measured in one run: ratios, never times that a test would hold."""
