"""A simulated card and issuer that share no protocol code with the reader."""
