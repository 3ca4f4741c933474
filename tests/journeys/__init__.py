"""Whole stories, through the front doors only: HTTP and a browser."""
