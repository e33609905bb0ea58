"""What travels between nodes: bytes in, values or a named error out.

No Django, no network, no files, so that every part can be read, tested and fuzzed alone.
"""
