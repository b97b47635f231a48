-- name: audit_head
SELECT count, hash, key_id, mac FROM audit_heads WHERE workspace = :workspace

-- name: audit_head_put
INSERT INTO audit_heads (workspace, count, hash, key_id, mac) VALUES (:workspace, :count, :hash, :key_id, :mac)
ON CONFLICT (workspace) DO UPDATE SET count = excluded.count, hash = excluded.hash, key_id = excluded.key_id, mac = excluded.mac

-- name: audit_insert
INSERT INTO audit_events (workspace, seq, id, at, actor_type, actor_id, action, outcome, assistant, "user", connector, "grant", call, tool, detail, hash)
VALUES (:workspace, :seq, :id, :at, :actor_type, :actor_id, :action, :outcome, :assistant, :user, :connector, :grant, :call, :tool, :detail, :hash)

-- name: audit_by_id
SELECT * FROM audit_events WHERE workspace = :workspace AND id = :id

-- name: audit_from
SELECT * FROM audit_events WHERE workspace = :workspace AND seq > :after ORDER BY seq LIMIT :limit

-- name: audit_workspaces
SELECT DISTINCT workspace FROM audit_events UNION SELECT workspace FROM audit_heads ORDER BY 1

-- name: audit_heads_by_key
SELECT key_id, count(*) AS count FROM audit_heads GROUP BY key_id

-- name: audit_heads_not_under
SELECT workspace FROM audit_heads WHERE key_id <> :key_id ORDER BY workspace
