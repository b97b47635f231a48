-- A connector whose scopes are fixed with the client may have two clients: the one, and a smaller one that only reads.
ALTER TABLE registrations ADD COLUMN tier TEXT NOT NULL DEFAULT 'write';
DROP INDEX registrations_live;
CREATE UNIQUE INDEX registrations_live ON registrations (workspace, slug, tier) WHERE deleted_at IS NULL;
