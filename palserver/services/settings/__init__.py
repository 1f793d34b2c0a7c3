"""PalWorldSettings.ini: read, changed, and held against what the game plays by."""
