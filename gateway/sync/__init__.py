"""What changed here and there since both agreed, and what to do about it. README.md draws it. Pure."""
