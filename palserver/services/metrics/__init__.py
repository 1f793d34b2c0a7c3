"""Figures: the newest, and their past."""
