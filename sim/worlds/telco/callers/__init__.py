"""Lawful high-volume callers: one file is one trade, found by its place in this folder.

Figures are assumptions around the signatures of the public record (docs/design/003-telco-world.md) unless a file says
otherwise.

Knows: its own figures. Does not know: how a dialler is played.
"""
