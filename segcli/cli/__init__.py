"""The commands: the only package that knows a terminal."""
