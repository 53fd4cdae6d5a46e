"""Tactics of fraud: one file is one way to come by numbers, found by its place in this folder."""
