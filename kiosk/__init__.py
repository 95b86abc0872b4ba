"""The kiosk: patients, insurance, rooms and tickets, on top of the library :mod:`idcard`."""
