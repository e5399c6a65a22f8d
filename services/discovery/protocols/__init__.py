"""What is spoken over HTTP, and what its operations are called: one protocol a file."""
