"""Searching as R4 defines it: what a parameter finds in a resource, and what a search asks of it. Pure."""
