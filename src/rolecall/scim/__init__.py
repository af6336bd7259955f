"""The SCIM language of RFC 7643 and RFC 7644: pure text and values, no account, no network."""
