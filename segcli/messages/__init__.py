"""Message files to compiled templates to rendered messages."""
