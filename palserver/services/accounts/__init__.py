"""Who may come in: accounts and where they came from, passwords, sessions, tickets, and who did what."""
