"""Jobs and their ledger in SQLite: one writer, one file, one process."""
