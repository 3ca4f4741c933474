"""The demonstration: real processes on loopback that speak real protocols, and the story played through them.

Nothing here is used in production. The hospitals and the agency know the gateway only by HTTP,
and it knows them only so.
"""
