"""From exec to the first answer, from SIGTERM to exit."""
import signal
import socket
import statistics
import time

import report
from installation import Site, ask_until_answered


def first_answer_http(port, seconds):
    end = time.monotonic() + seconds
    request = f"GET /healthz HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n".encode()
    while time.monotonic() < end:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as s:
                s.sendall(request)
                if b" 200 " in s.recv(4096):
                    return
        except OSError:
            pass
        time.sleep(0.0005)
    raise AssertionError("does not answer")


def once(site, front, rest_s):
    """Milliseconds to the first answer, and from SIGTERM to the end."""
    began = time.monotonic()
    site.spawn(front)
    if front == "none":
        ask_until_answered(site.main_socket, 30)
    else:
        first_answer_http(site.port, 30)
    up = time.monotonic()
    time.sleep(rest_s)
    stop = time.monotonic()
    site.process.send_signal(signal.SIGTERM)
    assert site.process.wait(30) == 0, site.read_log()
    return (up - began) * 1000, (time.monotonic() - stop) * 1000


def run(work, options):
    site = Site(work, AUTENTICO_WORKERS="8")
    out = {}
    try:
        for front in ("none", "nginx"):
            for rest_s in (0.5, 0.0):
                pairs = [once(site, front, rest_s) for _ in range(options.repeat)]
                ups, downs = [p[0] for p in pairs], [p[1] for p in pairs]
                out[front, rest_s] = statistics.median(ups), statistics.median(downs), max(ups), max(downs)
    finally:
        site.process = None
        site.stop()
    report.times(out)
    return out
