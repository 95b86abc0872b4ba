"""Pure rules of a visit: no clock, thread, file, device or page."""
