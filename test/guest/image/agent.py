"""Runs commands for the test on the host, over a virtio serial port: one JSON object on each line, both ways.

A request is {id, argv, input, timeoutMs}; the answer {id, exitCode, stdout, stderr, timedOut}, texts in base64.
{id, kill: true} ends a command that runs. Commands run side by side. A request whose id is known is not run again,
and its answer is repeated if there is one: so the host may repeat itself when it is not sure of having been heard.
"""

import base64
import json
import os
import signal
import subprocess
import tempfile
import threading
import time

PORT = "/dev/virtio-ports/mooring.agent"
MAX_OUTPUT_BYTES = 16 * 1024 * 1024
MAX_ANSWERS_KEPT = 100

lock = threading.Lock()
known = {}  # id -> the process, or None before it runs and after it ended
answers = {}  # id -> the line


def main():
    while not os.path.exists(PORT):
        time.sleep(0.05)
    port = os.open(PORT, os.O_RDWR)
    rest = b""
    while True:
        chunk = os.read(port, 65536)
        if not chunk:  # nobody at the other end
            time.sleep(0.05)
            continue
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            request = parse(line)
            if request is not None:
                serve(port, request)


def parse(line):
    try:
        return json.loads(line)
    except ValueError:  # cut off when the host changed its way to here; it says the whole line again
        return None


def serve(port, request):
    number = request["id"]
    with lock:
        if request.get("kill"):
            kill(known.get(number))
        elif number in answers:
            write(port, answers[number])
        elif number not in known:
            known[number] = None
            threading.Thread(target=work, args=(port, request), daemon=True).start()


def work(port, request):
    number = request["id"]
    try:
        answer = run(number, request)
    except Exception as error:  # told to the test, which knows what to make of it
        answer = {"exitCode": -1, "stdout": "", "stderr": encode(str(error).encode()), "timedOut": False}
    line = json.dumps({"id": number, **answer}).encode() + b"\n"
    with lock:
        known[number] = None
        answers[number] = line
        if len(answers) > MAX_ANSWERS_KEPT:
            del answers[next(iter(answers))]
        write(port, line)


def run(number, request):
    # Files, not pipes: a daemon that the command leaves behind may keep them open.
    with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        stdin.write(base64.b64decode(request.get("input", "")))
        stdin.seek(0)
        process = subprocess.Popen(
            request["argv"], stdin=stdin, stdout=stdout, stderr=stderr, start_new_session=True
        )
        with lock:
            known[number] = process
        timed_out = False
        try:
            process.wait(request["timeoutMs"] / 1000)
        except subprocess.TimeoutExpired:
            timed_out = True
            kill(process)
            try:
                process.wait(2)
            except subprocess.TimeoutExpired:
                pass  # it hangs in the kernel
        code = process.returncode
        return {
            "exitCode": -1 if code is None else code,
            "stdout": encode(content(stdout)),
            "stderr": encode(content(stderr)),
            "timedOut": timed_out,
        }


def kill(process):
    if process is not None and process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def content(file):
    file.seek(0)
    return file.read(MAX_OUTPUT_BYTES)


def encode(data):
    return base64.b64encode(data).decode()


def write(port, data):
    while data:
        data = data[os.write(port, data) :]


main()
