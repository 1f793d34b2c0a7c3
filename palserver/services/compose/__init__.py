"""Compose files, read as an owner wrote them and written so that he can leave."""
