"""PostgreSQL, and nothing else speaks SQL. README.md in this room says what every function promises."""
