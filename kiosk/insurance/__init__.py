"""Where coverage comes from: so far the roster, off line."""
