"""How long things take, for people to read. Nothing here is collected by pytest and nothing fails on time.

Numbers of one machine mean little elsewhere; each benchmark therefore prints ratios to something well known,
measured in the same run. `make bench` runs them all.
"""
