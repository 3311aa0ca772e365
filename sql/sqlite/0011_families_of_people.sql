-- Tokens that an application got for itself belong to nobody: they need no place in the
-- index of people.
DROP INDEX token_families_by_user;
CREATE INDEX token_families_by_user ON token_families (user_id, created_at) WHERE user_id IS NOT NULL;
