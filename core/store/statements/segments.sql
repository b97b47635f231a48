-- name: audit_segments
SELECT workspace, first_seq, last_seq, month, hash_before, hash, state, closed_at, pruned_at, key_id, mac
FROM audit_segments WHERE workspace = :workspace ORDER BY first_seq

-- name: audit_segment_last
SELECT workspace, first_seq, last_seq, month, hash_before, hash, state, closed_at, pruned_at, key_id, mac
FROM audit_segments WHERE workspace = :workspace ORDER BY first_seq DESC LIMIT 1

-- name: audit_segment_insert
INSERT INTO audit_segments (workspace, first_seq, last_seq, month, hash_before, hash, state, closed_at, pruned_at, key_id, mac)
VALUES (:workspace, :first_seq, :last_seq, :month, :hash_before, :hash, :state, :closed_at, :pruned_at, :key_id, :mac)

-- name: audit_segment_update
UPDATE audit_segments SET state = :state, pruned_at = :pruned_at, key_id = :key_id, mac = :mac
WHERE workspace = :workspace AND first_seq = :first_seq AND mac = :old_mac

-- name: audit_segments_by_key
SELECT key_id, count(*) AS count FROM audit_segments GROUP BY key_id

-- name: audit_segments_not_under
SELECT workspace, first_seq, last_seq, month, hash_before, hash, state, closed_at, pruned_at, key_id, mac
FROM audit_segments WHERE key_id <> :key_id AND (workspace > :after OR (workspace = :after AND first_seq > :after_seq))
ORDER BY workspace, first_seq LIMIT :limit

-- name: audit_last_within
SELECT seq FROM audit_events WHERE workspace = :workspace AND seq >= :first AND seq <= :last ORDER BY seq DESC LIMIT 1

-- name: audit_prune
DELETE FROM audit_events WHERE workspace = :workspace AND seq >= :first AND seq <= :last

-- name: audit_retention
SELECT workspace, months, seq, key_id, mac FROM audit_retention WHERE workspace = :workspace

-- name: audit_retention_put
INSERT INTO audit_retention (workspace, months, seq, key_id, mac) VALUES (:workspace, :months, :seq, :key_id, :mac)
ON CONFLICT (workspace) DO UPDATE SET months = excluded.months, seq = excluded.seq, key_id = excluded.key_id, mac = excluded.mac

-- name: audit_retention_delete
DELETE FROM audit_retention WHERE workspace = :workspace

-- name: audit_retentions_by_key
SELECT key_id, count(*) AS count FROM audit_retention GROUP BY key_id

-- name: audit_retentions_not_under
SELECT workspace FROM audit_retention WHERE key_id <> :key_id ORDER BY workspace

-- name: audit_retention_changes
SELECT seq FROM audit_events WHERE workspace = :workspace AND seq > :seq AND action = 'audit.retention_changed' ORDER BY seq LIMIT 1

-- name: audit_turn_take
INSERT INTO audit_turns (workspace, until) VALUES (:workspace, :until)
ON CONFLICT (workspace) DO UPDATE SET until = excluded.until WHERE audit_turns.until <= :now

-- name: audit_turn_keep
UPDATE audit_turns SET until = :until WHERE workspace = :workspace

-- name: audit_trails
SELECT workspace FROM audit_heads ORDER BY workspace
