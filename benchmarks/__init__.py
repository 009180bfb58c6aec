"""Speed of this project against what the released code does, measured on one core of this machine.

`make bench` runs all of it; `pytest benchmarks --tiny` only shows that it runs.
"""
