"""The SELECT engine: tables in, a table out, in a child process that sees nothing else."""
