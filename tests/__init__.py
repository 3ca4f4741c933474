"""The tests. unit/ mirrors gateway/; each other folder says in its first line what it is for."""
