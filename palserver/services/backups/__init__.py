"""Copies of a world: made, proven, listed, thinned out."""
