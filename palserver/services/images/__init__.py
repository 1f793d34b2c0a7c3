"""The images that servers are made from: known ones, their versions, pulled or loaded from files."""
