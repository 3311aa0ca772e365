-- Who must be found among many: administrators; public applications, whose origins may
-- call from browsers; applications registered for a grant type.
CREATE INDEX users_administrators ON users (id) WHERE role = 'admin' AND deactivated_at IS NULL;
CREATE INDEX clients_public ON clients (client_id) WHERE client_type = 'public' AND is_active = 1;
CREATE INDEX client_values_by_grant_type ON client_values (value, client_id) WHERE kind = 'grant_type';
