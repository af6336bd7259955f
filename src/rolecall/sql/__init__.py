"""The SQL language: text in, frozen statements out, and back; it knows nothing of an account."""
