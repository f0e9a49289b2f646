"""The version of the Python side; the same as in package.json (a test compares them)."""

__version__ = "0.1.0"
