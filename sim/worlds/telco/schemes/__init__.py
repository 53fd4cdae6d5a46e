"""Fraud schemes: one file is one business, found by its place in this folder.

Knows: its own figures. Does not know: by which numbers it is done.
"""
