"""ICAO Doc 9303-10: the files on the chip."""
