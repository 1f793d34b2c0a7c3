"""The version of PalServer, told by `/api/host` and by the changelog."""

VERSION = "0.1.0"
