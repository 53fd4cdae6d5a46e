"""The telco world's figures against published ones: one file per group of checks, each with `CHECKS`.

Knows: its own files. Does not know: how studies are played or shown.
"""
