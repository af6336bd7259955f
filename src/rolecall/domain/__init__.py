"""The account: who exists, who may do what, and what happened. Pure: no input, output or clock."""
