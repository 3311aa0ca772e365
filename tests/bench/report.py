"""What is printed: tables in Markdown."""
import os
import platform
import shutil
import statistics
import subprocess
import sys

KINDS = ("worker", "login-worker", "signer", "hasher", "keeper", "courier", "parent", "front", "wrk")
SERVICE_KIB, WORKER_KIB, START_MS, STOP_MS = 12 * 1024, 1024, 50, 1000


def progress(text):
    print(text, file=sys.stderr, flush=True)


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|" + "|".join("---" for _ in head) + "|")
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    print(flush=True)


def first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True)
        return (done.stdout + done.stderr).strip().splitlines()[0]
    except (OSError, IndexError):
        return "?"


def package(name):
    return first_line("dpkg-query", "-W", "-f", "${Version}", name)


def model():
    with open("/proc/cpuinfo") as f:
        return next((line.split(":", 1)[1].strip() for line in f if line.startswith("model name")), "?")


def machine():
    path = os.environ["PATH"] + ":/usr/sbin"
    print("# Benchmark of Autentico\n")
    table(("what", "which"), [
        ("machine", f"{os.cpu_count()} x {model()}, {os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') >> 20} MiB"),
        ("kernel", platform.release()),
        ("load before", "%.2f %.2f %.2f" % os.getloadavg()),
        ("autentico", first_line(os.environ["AUTENTICO_BINARY"], "version") + ", " + os.environ.get("BENCH_COMMIT", "?")),
        ("compiled with", os.environ.get("BENCH_CFLAGS", "?")),
        ("nginx", first_line(shutil.which("nginx", path=path) or "nginx", "-v")),
        ("SQLite, GnuTLS, OpenSSL", ", ".join(package(p) for p in ("libsqlite3-0", "libgnutls30", "libssl3"))),
        ("libfcgi, json-c", ", ".join(package(p) for p in ("libfcgi0ldbl", "libjson-c5"))),
        ("load generator", first_line("wrk", "-v").split("Copyright")[0].strip()),
        ("command", "tests/bench/run " + " ".join(sys.argv[1:])),
    ])
    print("Load generator, nginx, the yardstick B and Autentico share the same cores, so rates are what all of them\n"
          "together reach; \"of B\" is taken from runs of B right before and right after each run.  CPU is in\n"
          "microseconds per request, by kind of process; \"of B by CPU\" compares the sums, the load generator's\n"
          "included: it says what the rates would be were nothing else running and nothing waited for.\n", flush=True)


def ratio(results):
    return statistics.median(result.rate / b for result, b, _ in results)


def cpu_ratio(results):
    """What a request to B costs all processes together, the load generator too, over what this one does: the rate
    that two busy cores would allow, whatever else the machine is doing meanwhile."""
    return statistics.median(sum(b.cpu.values()) / sum(result.cpu.values()) for result, _, b in results)


def middle(values):
    return statistics.median(list(values))


def spread(results):
    ratios = [result.rate / b for result, b, _ in results]
    return f"{min(ratios):.2f}-{max(ratios):.2f}"


def cells(name, results, is_b):
    rate = middle(r.rate for r, _, _ in results)
    row = [name, f"{rate:.0f}", "1" if is_b else f"{ratio(results):.2f}", "" if is_b else spread(results),
           "1" if is_b else f"{cpu_ratio(results):.2f}",
           f"{middle(r.p50_ms for r, _, _ in results):.1f}", f"{middle(r.p99_ms for r, _, _ in results):.1f}"]
    for kind in KINDS:
        # a hello stands where the worker would
        used = middle(r.cpu.get(kind, 0) + (r.cpu.get("hello", 0) if kind == "worker" else 0) for r, _, _ in results)
        row.append(f"{used:.0f}" if used >= 0.5 else "")
    return row


def speed(durability, alg, rows):
    rows = [(scenario, results) for scenario, results in rows if results]
    if not rows:
        return
    every_b = [(b, b.rate, b) for _, results in rows for _, _, b in results]
    print(f"## Speed, durability={durability}, {alg}\n")
    table(("what", "requests/s", "of B", "from-to", "of B by CPU", "p50 ms", "p99 ms", *(f"{k} us" for k in KINDS)),
          [cells("B (hello-world)", every_b, True)] +
          [cells(scenario.name, results, False) for scenario, results in rows])
    if any(s.name == "login, without hash" for s, _ in rows):
        print("\"Without hash\": the same program with an Argon2 that costs nothing preloaded (tests/bench/no_hash.c);\n"
              "everything else of a sign-in, the question to the hasher included, is done.\n")


def memory(moments):
    print("## Memory, PSS in KiB, 8 workers\n")
    names = list(moments)
    kinds = sorted({kind for rows in moments.values() for kind, _, _ in rows})
    rows = []
    for kind in kinds:
        found = [[kib for k, _, kib in moments[name] if k == kind] for name in names]
        rows.append([kind, len(found[0])] + [show(sizes) for sizes in found])
    rows.append(["all", ""] + [total(moments[name]) for name in names])
    table(["process", "n", *names], rows)


def show(sizes):
    if None in sizes:
        return "? (run as root)"
    return f"{middle(sizes):.0f} (max {max(sizes)})" if len(sizes) > 1 else f"{sizes[0]}"


def total(rows):
    return "?" if any(kib is None for _, _, kib in rows) else sum(kib for _, _, kib in rows)


def times(out):
    print("## Start and stop, 8 workers, median (worst), ms\n")
    names = {"none": "no front of its own", "nginx": "with the private nginx"}
    table(("", "exec to first answer", "SIGTERM to exit"), [
        (f"{names[front]}, stopped {'half a second later' if rest else 'at once'}",
         f"{up:.0f} ({worst_up:.0f})", f"{down:.0f} ({worst_down:.0f})")
        for (front, rest), (up, down, worst_up, worst_down) in out.items()])


def budget_of(alg, scenario, results, signs):
    """Grants: with the small keys a share of B, with RSA of what the signatures alone allow."""
    if scenario.is_signed and alg == "RS256":
        limit = signs / scenario.signatures_n
        got = middle(r.rate for r, _, _ in results) / limit
        return (f"{scenario.name}, RS256", f"{got:.2f} of {limit:.0f}/s, which {signs:.0f} signatures/s allow",
                ">= 0.75 of it", verdict(got >= 0.75))
    name = f"{scenario.name}, {alg}" if scenario.is_signed else scenario.name
    got = ratio(results)
    return (name, f"{got:.2f} B (by CPU {cpu_ratio(results):.2f})", f">= {scenario.need:.2f} B", verdict(got >= scenario.need))


def budgets(measured, sizes, times_out):
    rows = []
    for durability, alg, scenario, results, signs in measured:
        if durability != "normal" or scenario.need is None:
            continue
        rows.append(budget_of(alg, scenario, results, signs))
    if sizes:
        names = list(sizes)
        rest = total(sizes[names[0]])
        if rest != "?":
            rows.append(("whole service at rest, 8 workers", f"{rest / 1024:.1f} MiB", "<= 12 MiB", verdict(rest <= SERVICE_KIB)))
            for name in names[1:]:
                worst = max(kib for kind, _, kib in sizes[name] if kind == "worker")
                rows.append((f"largest worker {name}", f"{worst / 1024:.2f} MiB", "<= 1 MiB", verdict(worst <= WORKER_KIB)))
    if times_out:
        up = times_out["none", 0.5][0]
        down = max(down for _, down, _, _ in times_out.values())
        rows.append(("exec to first answer", f"{up:.0f} ms", f"<= {START_MS} ms", verdict(up <= START_MS)))
        rows.append(("SIGTERM to exit, slowest case", f"{down:.0f} ms", f"<= {STOP_MS} ms", verdict(down <= STOP_MS)))
    print("## Budgets of design 6\n")
    table(("what", "measured", "required", ""), rows)


def verdict(is_met):
    return "met" if is_met else "MISSED"
