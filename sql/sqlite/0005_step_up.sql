-- Second factors that are asked of a session that exists already, and devices that stand for one.

-- The device a session was begun on, when it stood for the second factor; whoever ends the
-- device's trust makes its sessions owe the factor again.
ALTER TABLE sessions ADD COLUMN trusted_device_id TEXT;

-- The session that is to become a stronger one; NULL: a sign-in that has no session yet.
ALTER TABLE mfa_challenges ADD COLUMN session_id TEXT;
