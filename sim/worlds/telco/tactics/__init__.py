"""Tactics of fraud: one file is one way to come by numbers, found by its place in this folder.

Knows: its own figures. Does not know: what is said in the calls.
"""
