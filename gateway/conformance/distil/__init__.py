"""Distilling the R4 core package into the facts file: run by `make definitions`, never by a gateway."""
