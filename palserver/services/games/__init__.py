"""What is known of each game, by asking it, and every word that is said to one."""
