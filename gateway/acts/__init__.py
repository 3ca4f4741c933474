"""What can happen, one file per act. An act opens the one transaction, writes its audit row, and commits.

Every door, inbound or outbound, ends here; nothing below this room knows which one it was.
"""
