"""ICAO Doc 9303-11: opening the chip and proving it genuine."""
