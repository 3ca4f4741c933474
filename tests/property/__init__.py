"""Laws, tried on generated cases."""
