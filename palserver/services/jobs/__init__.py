"""What takes longer than a request: one at a time for each server, and mended after a crash."""
