"""The pages of the picture: thin views over :mod:`kiosk.hub.picture.looking`."""
