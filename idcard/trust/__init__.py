"""ICAO Doc 9303-12: certificates, paths, the trust store."""
