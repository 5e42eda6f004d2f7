"""Starts the demo, orders over the control API as a newcomer would, and checks that everything ends.

usage: order.py DATA_DIR -- COMMAND...
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

START_S = 240
ORDER_S = 120
USER = 1001


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def call(url, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        text = answer.read()
        return json.loads(text) if text else None


def wait(what, seconds, check):
    end = time.monotonic() + seconds
    last = None
    while time.monotonic() < end:
        try:
            result = check()
            if result:
                return result
        except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
            last = error
        time.sleep(0.2)
    sys.exit(f"waited {seconds} s for {what} in vain ({last})")


class Chat:
    def __init__(self, sim, user):
        self.sim, self.user = sim, user

    def messages(self):
        try:
            return call(f"{self.sim}/sim/chats/{self.user}")["messages"]
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return []  # nobody has written yet
            raise

    def say(self, text):
        call(f"{self.sim}/sim/users/{self.user}/send", {"text": text})

    def find(self, label, after):
        for message in reversed(self.messages()):
            for row, buttons in enumerate(message.get("buttons") or []):
                for column, button in enumerate(buttons):
                    if label in button["text"] and message["message_id"] > after:
                        return message["message_id"], [row, column]
        return None

    def press(self, label, after=0):
        message_id, button = wait(f"the button {label!r}", 30, lambda: self.find(label, after))
        body = {"chat_id": self.user, "message_id": message_id, "button": button}
        call(f"{self.sim}/sim/users/{self.user}/press", body)

    def newest(self):
        return max((message["message_id"] for message in self.messages()), default=0)

    def wait_for_text(self, text, after):
        def seen():
            return any(text in (m.get("text") or "") for m in self.messages() if m["message_id"] > after)

        wait(f"the text {text!r}", ORDER_S, seen)

    def wait_for_media(self, after):
        wait("the result", ORDER_S, lambda: any(m.get("media") for m in self.messages() if m["message_id"] > after))


def order(sim):
    chat = Chat(sim, USER)
    before = chat.newest()
    chat.say("/start")
    chat.press("(free)", before)
    chat.wait_for_text("Description", before)
    chat.say("a red fox asleep in the snow")
    chat.press("Confirm", before)
    chat.wait_for_media(before)
    print("   a free order was delivered")

    before = chat.newest()
    chat.say("/menu")
    chat.press("Create images", before)
    chat.press("Image from text", before)
    chat.wait_for_text("Send a text", before)
    chat.say("!fail please")
    wait("the next question", 30, lambda: chat.find("Skip", before))
    chat.press("Skip", before)
    chat.press("Confirm", before)
    chat.wait_for_text("back on your balance", before)
    print("   a failed order gave the money back")


def main():
    data_dir, command = sys.argv[1], sys.argv[3:]
    port, sim_port = free_port(), free_port()
    arguments = ["--headless", "--port", str(port), "--sim-port", str(sim_port), "--data-dir", data_dir]
    started = time.monotonic()
    demo = subprocess.Popen(command + arguments, start_new_session=True)
    try:
        def ready():
            if demo.poll() is not None:
                sys.exit(f"the demo ended with {demo.returncode}")
            return call(f"http://127.0.0.1:{port}/readyz")["status"] == "ready"

        wait("readiness", START_S, ready)
        print(f"   ready after {time.monotonic() - started:.1f} s")
        order(f"http://127.0.0.1:{sim_port}")
    finally:
        if demo.poll() is None:
            os.killpg(demo.pid, signal.SIGINT)
            demo.wait(40)
    if demo.returncode != 0:
        sys.exit(f"the demo ended with {demo.returncode}")
    left = subprocess.run(["pgrep", "-f", data_dir], capture_output=True, text=True).stdout.split()
    left = [pid for pid in left if int(pid) not in (os.getpid(), os.getppid())]
    if left:
        sys.exit(f"processes were left behind: {left}")
    print("   stopped, nothing is left running")


main()
