"""Overlays: what one partner wants otherwise, a few rules of a few maps, in a file of its own.

An overlay is merged into the rule files as syntax trees, several of them in order, and what comes of it is
loaded, checked and held to the laws like any other map.
"""
