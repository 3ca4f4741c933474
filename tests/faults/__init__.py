"""What holds when a process is killed at the worst moment."""
