-- name: secret_put
INSERT INTO secrets (owner, kind, workspace, version, key_id, wrapped_key, body, created_at)
VALUES (:owner, :kind, :workspace, :version, :key_id, :wrapped_key, :body, :created_at)
ON CONFLICT (owner, kind) DO UPDATE SET workspace = excluded.workspace, version = excluded.version, key_id = excluded.key_id,
    wrapped_key = excluded.wrapped_key, body = excluded.body, created_at = excluded.created_at

-- name: secret_get
SELECT * FROM secrets WHERE workspace = :workspace AND owner = :owner AND kind = :kind

-- name: secret_destroy
DELETE FROM secrets WHERE workspace = :workspace AND owner = :owner AND kind = :kind

-- name: secrets_not_under
SELECT * FROM secrets WHERE key_id <> :key_id AND (owner > :after OR (owner = :after AND kind > :after_kind)) ORDER BY owner, kind LIMIT :limit

-- name: secrets_by_key
SELECT key_id, count(*) AS count FROM secrets GROUP BY key_id

-- name: secret_rewrap
UPDATE secrets SET key_id = :key_id, wrapped_key = :wrapped_key
WHERE owner = :owner AND kind = :kind AND version = :version AND wrapped_key = :old_wrapped_key
