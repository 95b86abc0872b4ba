"""The national profile of Vietnam: number, card QR, DG13, expiry."""
