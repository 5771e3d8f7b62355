"""Findings in words, for people on each channel."""
