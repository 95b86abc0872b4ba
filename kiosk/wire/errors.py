"""What is wrong with what the other side sent."""

from idcard import IdCardError


class MalformedMessage(IdCardError):
    """An event, a batch or an answer is not in the form of ``docs/hub.md``; ``where`` names the field."""

    code = "malformed_message"

    def __init__(self, where: str) -> None:
        super().__init__(f"malformed: {where}", where=where)
        self.where = where


class UnknownVersion(MalformedMessage):
    """A message of a version that this program does not know: the other side is newer."""

    code = "unknown_version"


class WrongSignature(IdCardError):
    """A message was not signed with the key that it should be, or was changed on the way."""

    code = "wrong_signature"


class CannotUnseal(IdCardError):
    """An event's body was not sealed to this key, or not for this event, or was changed."""

    code = "cannot_unseal"
