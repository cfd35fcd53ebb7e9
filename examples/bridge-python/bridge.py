"""A client of the line bridge: connect, load, infer with and without a callback, cancel, disconnect."""

import json
import os
import socket
import sys


class Bridge:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(path)
        self.lines = self.socket.makefile("r", encoding="utf-8", newline="\n")

    def send(self, line):
        self.socket.sendall((line + "\n").encode())

    def receive(self):
        reply = json.loads(self.lines.readline() or '{"status": "error", "message": "the bridge has left"}')
        if reply.get("status") == "error":
            raise RuntimeError(reply["message"])
        return reply

    def ask(self, line):
        self.send(line)
        return self.receive()

    def load(self, path):
        return self.ask("LOAD " + os.path.abspath(path))["data"]["id"]

    def infer(self, message, on_token=None, **options):
        """The whole answer; on_token gets each piece of it, and whether it is the last."""
        line = json.dumps({"content": message, **options})
        if on_token is None:
            return self.ask("INFER " + line)["data"]
        self.ask("INFER_STREAM " + line)
        while True:
            piece = self.receive()
            on_token(piece["token"], piece["final"])
            if piece["final"]:
                return piece["data"]

    def close(self):
        self.ask("QUIT")
        self.socket.close()


def show(token, final):
    print("(last)" if final else repr(token), end="\n" if final else " ", flush=True)


if __name__ == "__main__":
    bridge = Bridge(sys.argv[1])
    print("ping:", bridge.ask("PING")["message"])
    print("loaded:", bridge.load(sys.argv[2]))
    print("answer:", bridge.infer("What is Erlang?", max_tokens=24))
    print("streamed:", bridge.infer("What is a process?", show, max_tokens=12))
    print("tokens:", bridge.ask("TOKENIZE Hello")["data"]["count"])
    bridge.close()
