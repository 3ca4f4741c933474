"""Who asks, and what they may do and see: actors, the policy, and row visibility as plain values. Pure."""
