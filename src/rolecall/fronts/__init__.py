"""Between protocols and the account: a request becomes commands, an outcome an answer."""
