"""How fast, how small: one table of what the panel does on this machine against the raw thing (README.md)."""
