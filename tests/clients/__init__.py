"""Clients that others wrote, at work against a gateway as they come: nothing of theirs is changed."""
