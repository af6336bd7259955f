"""One-way sync of a directory export to any SCIM server: a client that knows no server's inside."""
