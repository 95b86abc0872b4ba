"""A receiver of HL7 messages over MLLP: it answers each with AA, as a hospital's system does.

::

    python examples/hl7_receiver.py --simulated

    python examples/hl7_receiver.py PORT

The first sends itself an invented registration and prints its answer. The second serves until it is stopped; it prints
what kind of message came, and nothing of the person. It uses the standard library only, so it can be copied as it is.
"""

import socket
import socketserver
import sys
import threading

START, END = b"\x0b", b"\x1c\x0d"
SAMPLE = "MSH|^~\\&|KIOSK|36999|HIS||20261123074300+0700||ADT^A04^ADT_A01|REHEARSAL|P|2.5|||||VNM|UNICODE UTF-8\r"


class Receiver(socketserver.StreamRequestHandler):
    """Answers the messages of one connection."""

    def handle(self) -> None:
        """Answer until the sender hangs up."""
        received = bytearray()
        while chunk := self.request.recv(4096):
            received += chunk
            while END in received:
                message, _, rest = bytes(received).partition(END)
                received = bytearray(rest)
                self.request.sendall(START + answer(message.removeprefix(START)) + END)


def answer(message: bytes) -> bytes:
    """The acknowledgement of a message: AA, with the control id by which the sender knows it."""
    header = message.decode("utf-8").split("\r")[0].split("|")
    print(f"received {header[8]}", flush=True)
    reply = ["MSH", "^~\\&", header[4], header[5], header[2], header[3], header[6], "", "ACK", header[9], "P", "2.5"]
    return ("|".join(reply) + f"\rMSA|AA|{header[9]}\r").encode()


def main(arguments: list[str]) -> int:
    """The exit code: 0 where the rehearsal went as it must, or the server was told to stop."""
    if arguments != ["--simulated"] and not (len(arguments) == 1 and arguments[0].isdigit()):
        print("usage: hl7_receiver.py --simulated | PORT", file=sys.stderr)
        return 2
    port = 0 if arguments == ["--simulated"] else int(arguments[0])
    with socketserver.ThreadingTCPServer(("127.0.0.1", port), Receiver) as server:
        server.daemon_threads = True
        print(f"listening on {server.socket.getsockname()[1]}", flush=True)
        if arguments == ["--simulated"]:
            return rehearsal(server)
        server.serve_forever()
    return 0


def rehearsal(server: socketserver.ThreadingTCPServer) -> int:
    """Send the sample, and look at the answer."""
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with socket.create_connection(("127.0.0.1", server.socket.getsockname()[1]), timeout=30) as connection:
        connection.sendall(START + SAMPLE.encode() + END)
        received = b""
        while END not in received:
            received += connection.recv(4096)
    server.shutdown()
    good = b"MSA|AA|REHEARSAL" in received
    print(f"answered: {'AA' if good else 'not AA'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
