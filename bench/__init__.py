"""The benchmarks: two real processes, a serving and a receiving node, over loopback HTTP.

`python -m bench all`, or one by name; what is measured and why stands in README.md.
"""
