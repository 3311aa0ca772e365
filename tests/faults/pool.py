"""The processes of a provider: who they are, ending them, and how long until they are whole again."""
import os
import signal
import time

import requests

KINDS = ("worker", "login-worker", "hasher", "signer", "keeper", "courier", "front")


def until(condition, seconds, what):
    """Seconds it took until `condition`."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"not within {seconds} s: {what}"
        time.sleep(0.005)
    return time.monotonic() - began


def census(provider):
    """kind -> pids"""
    found = {kind: set() for kind in KINDS}
    for pid, kind in provider.pool().items():
        found.setdefault(kind, set()).add(pid)
    return found


def numbers(census):
    return {kind: len(pids) for kind, pids in census.items()}


def everybody(census):
    return set().union(*census.values())


def youngest(provider):
    """Seconds that every process has lived."""
    with open("/proc/uptime") as f:
        now = float(f.read().split()[0])
    born = []
    for pid in provider.children():
        with open(f"/proc/{pid}/stat") as f:
            born.append(int(f.read().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK"))
    return now - max(born)


def kill(pids, sig=signal.SIGKILL):
    for pid in pids:
        try:
            os.kill(pid, sig)
        except ProcessLookupError:
            continue


def answers(provider, path="/healthz"):
    try:
        return requests.get(provider.url + path, timeout=5).status_code == 200
    except requests.RequestException:
        return False


def recover(provider, before, killed, seconds=20):
    """Seconds until every post is filled by somebody else and the front answers."""
    def is_whole():
        now = census(provider)
        return numbers(now) == numbers(before) and not killed & everybody(now) and answers(provider)

    return until(is_whole, seconds, f"whole after {len(killed)} killed: {census(provider)}")
