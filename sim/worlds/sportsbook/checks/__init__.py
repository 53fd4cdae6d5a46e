"""The sportsbook world's figures against published ones: one file per theme, each with `CHECKS`.

Knows: its own files. Does not know: how studies are shown.
"""
