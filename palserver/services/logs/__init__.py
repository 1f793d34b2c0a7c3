"""What servers write: read once, kept on the disk, searched, and masked before anybody sees it."""
