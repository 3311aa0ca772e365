"""How many RSA-2048 signatures all cores make when they do nothing else."""
import os
import subprocess


def per_second():
    done = subprocess.run(["openssl", "speed", "-seconds", "2", "-multi", str(os.cpu_count()), "rsa2048"],
                          capture_output=True, text=True)
    rows = [line.split() for line in done.stdout.splitlines() if line.startswith("rsa 2048 bits")]
    if not rows:
        raise AssertionError("openssl speed: " + done.stdout + done.stderr)
    return float(rows[-1][5])
