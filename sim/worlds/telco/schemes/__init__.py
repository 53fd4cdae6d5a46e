"""Fraud schemes: one file is one business, found by its place in this folder."""
