"""What a person at a terminal sees: lines, tables, the worksheet."""
