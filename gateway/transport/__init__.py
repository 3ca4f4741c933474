"""The one door out: HTTP exchanges with others under deadlines, size limits and address checks."""
