"""A hospital's receiver in a process of its own, which answers as it is told; the library reads what comes, not we.

    mllp_peer.py MOOD…     the mood for each message, one after the other; the last one stays

It prints its port, then a line for each message: the trigger, and the control id.
"""

import socket
import ssl
import sys
import time

from hl7apy.parser import parse_message

START, END = b"\x0b", b"\x1c\x0d"


def framed(connection: socket.socket) -> bytes:
    received = b""
    while END not in received:
        chunk = connection.recv(4096)
        if not chunk:
            return b""
        received += chunk
    return received[len(START) : received.index(END)]


def read(message: bytes) -> tuple[str, str]:
    header = parse_message(message.decode("utf-8")).msh
    return header.msh_9.msg_2.to_er7(), header.msh_10.to_er7()


def reply(code: str, control_id: str) -> bytes:
    return START + f"MSH|^~\\&|HIS||KIOSK||1||ACK|1|P|2.5\rMSA|{code}|{control_id}\r".encode() + END


def serve(connection: socket.socket, moods: list[str]) -> None:
    while message := framed(connection):
        trigger, control_id = read(message)
        mood = moods.pop(0) if len(moods) > 1 else moods[0]
        print(trigger, control_id, mood, flush=True)
        if mood in ("AA", "AE", "AR"):
            connection.sendall(reply(mood, control_id))
        elif mood == "slowly":
            for byte in reply("AA", control_id):
                connection.sendall(bytes([byte]))
        elif mood == "other":
            connection.sendall(reply("AA", "ANOTHER"))
        elif mood == "html":
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        elif mood == "nonsense":
            connection.sendall(START + b"MSH|nonsense" + END)
        elif mood == "endless":
            connection.sendall(START + b"x" * 200_000)
        elif mood == "half":
            connection.sendall(reply("AA", control_id)[:20])
            return
        elif mood == "then_hang_up":
            connection.sendall(reply("AA", control_id))
            return
        elif mood == "hang_up":
            return
        elif mood == "silent":
            time.sleep(600)


def main(moods: list[str]) -> None:
    context = None
    if moods[0].startswith("tls="):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(moods.pop(0).removeprefix("tls="))
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)
        while True:
            connection, _ = server.accept()
            try:
                with connection if context is None else context.wrap_socket(connection, server_side=True) as stream:
                    serve(stream, moods)
            except OSError:
                print("lost", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
