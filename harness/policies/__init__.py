"""Policies: what turns scores into actions, one file each."""
