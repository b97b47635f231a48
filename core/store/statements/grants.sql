-- name: grant_insert
INSERT INTO grants (id, workspace, assistant, "user", connector, registration, account_id, account_label, status, tools, scopes_requested,
    scopes_granted, purpose, receipt, created_at, expires_at, credential_version, access_expires_at)
VALUES (:id, :workspace, :assistant, :user, :connector, :registration, :account_id, :account_label, 'active', :tools, :scopes_requested,
    :scopes_granted, :purpose, :receipt, :now, :expires_at, 1, :access_expires_at)

-- name: grant_renew
UPDATE grants SET status = 'active', status_reason = NULL, registration = :registration, account_label = :account_label, tools = :tools,
    scopes_requested = :scopes_requested, scopes_granted = :scopes_granted, purpose = COALESCE(:purpose, purpose), receipt = :receipt,
    expires_at = :expires_at, credential_version = credential_version + 1, access_expires_at = :access_expires_at,
    lease_owner = NULL, lease_until = NULL
WHERE workspace = :workspace AND id = :id AND status IN ('active', 'needs_reconnect', 'suspended')

-- name: grant_get
SELECT * FROM grants WHERE workspace = :workspace AND id = :id

-- name: grant_live
SELECT * FROM grants WHERE workspace = :workspace AND assistant = :assistant AND "user" = :user AND connector = :connector
    AND account_id = :account_id AND status IN ('active', 'needs_reconnect', 'suspended')

-- name: grants_stopped_since
SELECT count(*) FROM grants WHERE workspace = :workspace AND assistant = :assistant AND "user" = :user AND connector = :connector
    AND account_id = :account_id AND status = 'revoked' AND ended_at > :since

-- name: grants_of_user
SELECT * FROM grants WHERE workspace = :workspace AND assistant = :assistant AND "user" = :user AND connector = :connector
ORDER BY id DESC LIMIT 200

-- name: held_of_user
SELECT g.*, s.version AS secret_version, s.key_id, s.wrapped_key, s.body, s.created_at AS secret_at,
    r.client_id, r.enabled_tools, r.max_scopes, r.config, r.secret_version AS registration_secret, r.tier AS registration_tier, r.deleted_at AS registration_deleted
FROM grants g JOIN registrations r ON r.id = g.registration LEFT JOIN secrets s ON s.owner = g.id AND s.kind = 'credential'
WHERE g.workspace = :workspace AND g.assistant = :assistant AND g."user" = :user AND g.connector = :connector
ORDER BY g.id DESC LIMIT 50

-- name: held_of_user_live
SELECT g.*, s.version AS secret_version, s.key_id, s.wrapped_key, s.body, s.created_at AS secret_at,
    r.client_id, r.enabled_tools, r.max_scopes, r.config, r.secret_version AS registration_secret, r.tier AS registration_tier, r.deleted_at AS registration_deleted
FROM grants g JOIN registrations r ON r.id = g.registration LEFT JOIN secrets s ON s.owner = g.id AND s.kind = 'credential'
WHERE g.workspace = :workspace AND g.assistant = :assistant AND g."user" = :user AND g.connector = :connector
    AND g.status IN ('active', 'needs_reconnect', 'suspended')
ORDER BY g.id DESC LIMIT 50

-- name: held_by_id
SELECT g.*, s.version AS secret_version, s.key_id, s.wrapped_key, s.body, s.created_at AS secret_at,
    r.client_id, r.enabled_tools, r.max_scopes, r.config, r.secret_version AS registration_secret, r.tier AS registration_tier, r.deleted_at AS registration_deleted
FROM grants g JOIN registrations r ON r.id = g.registration LEFT JOIN secrets s ON s.owner = g.id AND s.kind = 'credential'
WHERE g.workspace = :workspace AND g.id = :id

-- name: registration_in_use
SELECT (SELECT count(*) FROM grants WHERE registration = :id AND status IN ('active', 'needs_reconnect', 'suspended'))
    + (SELECT count(*) FROM outbox WHERE registration = :id)

-- name: grants_of_registration
SELECT * FROM grants WHERE registration = :registration AND status IN ('active', 'needs_reconnect', 'suspended') ORDER BY id

-- name: grant_used
UPDATE grants SET last_used_at = :now, use_count = use_count + :count
WHERE id = :id AND status = 'active' AND (expires_at IS NULL OR expires_at > :now)
RETURNING tools

-- name: grant_lease
UPDATE grants SET lease_owner = :owner, lease_until = :until
WHERE id = :id AND credential_version = :version AND status = 'active' AND (lease_until IS NULL OR lease_until <= :now)

-- name: grant_release
UPDATE grants SET lease_owner = NULL, lease_until = NULL WHERE id = :id AND lease_owner = :owner

-- name: grant_refreshed
UPDATE grants SET credential_version = credential_version + 1, access_expires_at = :access_expires_at, scopes_granted = :scopes_granted, lease_owner = NULL, lease_until = NULL
WHERE id = :id AND credential_version = :version AND lease_owner = :owner AND status = 'active'

-- name: grant_needs_reconnect
UPDATE grants SET status = 'needs_reconnect', status_reason = :reason, lease_owner = NULL, lease_until = NULL
WHERE id = :id AND credential_version = :version AND status = 'active'

-- name: grant_narrow
UPDATE grants SET tools = :tools, expires_at = :expires_at
WHERE workspace = :workspace AND id = :id AND status IN ('active', 'needs_reconnect', 'suspended')

-- name: grant_end
UPDATE grants SET status = :status, status_reason = :status_reason, ended_at = :now, ended_by = :ended_by, end_reason = :end_reason,
    upstream = :upstream, upstream_at = :upstream_at, lease_owner = NULL, lease_until = NULL
WHERE workspace = :workspace AND id = :id AND status IN ('active', 'needs_reconnect', 'suspended')

-- name: grant_upstream
UPDATE grants SET upstream = :upstream, upstream_at = :now, status_reason = COALESCE(:reason, status_reason) WHERE id = :id

-- name: grants_overdue
SELECT * FROM grants WHERE status IN ('active', 'needs_reconnect', 'suspended') AND expires_at <= :now ORDER BY expires_at LIMIT 200

-- name: grants_left_behind
SELECT g.* FROM registrations r CROSS JOIN grants g
WHERE r.deleted_at <= :before AND g.registration = r.id AND g.status IN ('active', 'needs_reconnect', 'suspended')
UNION
SELECT g.* FROM assistants a CROSS JOIN grants g
WHERE a.deleted_at <= :before AND g.workspace = a.workspace AND g.assistant = a.id AND g.status IN ('active', 'needs_reconnect', 'suspended')
LIMIT 200

-- name: grants_sharing_account
SELECT count(*) FROM grants WHERE registration = :registration AND id <> :id
    AND (account_id = :head OR (account_id >= :first AND account_id < :last))
    AND status IN ('active', 'needs_reconnect', 'suspended')

-- name: outbox_insert
INSERT INTO outbox (id, workspace, registration, "grant", secret_owner, secret_kind, settles_grant, created_at, next_at)
VALUES (:id, :workspace, :registration, :grant, :secret_owner, :secret_kind, :settles_grant, :now, :next_at)

-- name: outbox_get
SELECT * FROM outbox WHERE id = :id

-- name: outbox_due
SELECT * FROM outbox WHERE next_at <= :now ORDER BY next_at LIMIT :limit

-- name: outbox_claim
UPDATE outbox SET next_at = :until WHERE id = :id AND next_at = :next_at

-- name: outbox_later
UPDATE outbox SET attempts = attempts + 1, next_at = :next_at, last_error = :last_error WHERE id = :id

-- name: outbox_now
UPDATE outbox SET next_at = :now WHERE id = :id

-- name: outbox_delete
DELETE FROM outbox WHERE id = :id

-- name: outbox_state
SELECT count(*) AS count, min(created_at) AS oldest, min(next_at) AS due FROM outbox

-- name: idempotency_insert
INSERT INTO idempotency (workspace, assistant, "user", key, request_hash, state, call, "grant", expires_at)
VALUES (:workspace, :assistant, :user, :key, :request_hash, 'started', :call, :grant, :expires_at)
ON CONFLICT (workspace, assistant, "user", key) DO NOTHING

-- name: idempotency_get
SELECT * FROM idempotency WHERE workspace = :workspace AND assistant = :assistant AND "user" = :user AND key = :key

-- name: idempotency_state
UPDATE idempotency SET state = :state WHERE workspace = :workspace AND call = :call

-- name: idempotency_delete
DELETE FROM idempotency WHERE workspace = :workspace AND call = :call

-- name: idempotency_overdue
SELECT * FROM idempotency WHERE expires_at <= :now LIMIT 500

-- name: idempotency_calls_of_grant
SELECT call FROM idempotency WHERE "grant" = :grant

-- name: grants_of_user_everywhere
SELECT * FROM grants WHERE workspace = :workspace AND assistant = :assistant AND "user" = :user ORDER BY id DESC LIMIT 500
