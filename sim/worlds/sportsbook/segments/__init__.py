"""Kinds of bettors: one file is one segment, found by its place in this folder.

No public source gives a table of segments. Shares of accounts and handle are assumptions around three anchors: the
concentration of UK accounts (NatCen, Patterns of Play), the bwin cohort of 2015 (Grossman), accounts limited
in Massachusetts (0.64 %) and the UK (4.3 %). A figure that says nothing else in its file is such an assumption.

Knows: its own figures. Does not know: how a bettor is played.
"""
