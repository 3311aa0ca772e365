"""What was acknowledged: one line of JSON per answer, written when it has arrived, never changed.

An answer that did not arrive makes its object "unknown": it may have happened or not.  So does a 503: the work may
be done and only the promise that it is on disk be missing.
"""
import json
import os
import threading
import time


class Journal:
    def __init__(self, path):
        self.path = path
        self.fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self.grown = threading.Condition()
        self.lines_n = 0

    def add(self, event, **what):
        line = json.dumps({"event": event, "at": time.time(), **what}) + "\n"
        with self.grown:
            assert os.write(self.fd, line.encode()) == len(line)
            self.lines_n += 1
            self.grown.notify_all()

    def wait(self, more_n, seconds):
        """Until that many more lines are there; False when they do not come in time."""
        with self.grown:
            until = self.lines_n + more_n
            return self.grown.wait_for(lambda: self.lines_n >= until, seconds)

    def close(self):
        os.close(self.fd)


class State:
    """What must be true, read back from the file."""

    def __init__(self, path):
        self.sessions, self.codes, self.families = {}, {}, {}
        self.refresh_tokens = {}        # value -> "live", "spent" or "unknown"
        self.users, self.setting, self.settings_unknown = {}, None, []
        self.violations = []
        self.acknowledged_n = self.unknown_n = 0
        with open(path) as f:
            for line in f:
                row = json.loads(line)
                getattr(self, "on_" + row["event"])(row)
                self.acknowledged_n += not row["event"].endswith(("_unknown", "violation"))
                self.unknown_n += row["event"].endswith("_unknown")

    # --- sessions
    def on_session(self, row):
        self.sessions[row["session"]] = {"cookie": row["cookie"], "user": row["user"], "state": "live"}

    def on_session_ended(self, row):
        self.sessions[row["session"]]["state"] = "ended"

    def on_session_unknown(self, row):
        self.sessions[row["session"]]["state"] = "unknown"

    def on_login_unknown(self, row):
        pass

    # --- codes
    def on_code(self, row):
        self.codes[row["code"]] = {"session": row["session"], "state": "live"}

    def on_code_unknown(self, row):
        self.codes[row["code"]]["state"] = "unknown"

    def on_code_spent(self, row):
        self.codes[row["code"]]["state"] = "spent"

    # --- families
    def on_family(self, row):
        self.codes[row["code"]]["state"] = "spent"
        self.families[row["family"]] = {"session": self.codes[row["code"]]["session"], "access": row["access"],
                                        "refresh": row["refresh"], "code": row["code"], "state": "live"}
        self.refresh_tokens[row["refresh"]] = "live"

    def on_rotated(self, row):
        family = self.families[row["family"]]
        self.refresh_tokens[family["refresh"]] = "spent"
        self.refresh_tokens[row["refresh"]] = "live"
        family.update(access=row["access"], refresh=row["refresh"], state="live")

    def on_family_unknown(self, row):
        family = self.families[row["family"]]
        family["state"] = "unknown"
        self.refresh_tokens[family["refresh"]] = "unknown"

    def on_family_dead(self, row):
        self.families[row["family"]]["state"] = "dead"

    # --- the administrator's
    def on_user(self, row):
        self.users[row["username"]] = row["id"]

    def on_user_unknown(self, row):
        pass

    def on_setting(self, row):
        self.setting, self.settings_unknown = row["value"], []

    def on_setting_unknown(self, row):
        self.settings_unknown.append(row["value"])

    def on_violation(self, row):
        self.violations.append((row["kind"], row["what"]))

    # --- derived
    def is_live(self, family):
        return family["state"] == "live" and self.sessions[family["session"]]["state"] == "live"

    def is_dead(self, family):
        return family["state"] == "dead" or self.sessions[family["session"]]["state"] == "ended"
