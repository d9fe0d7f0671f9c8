"""What a server's moderators decide about credits, knowing neither Discord nor SQL."""
