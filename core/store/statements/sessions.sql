-- name: receipt_insert
INSERT INTO receipts (id, workspace, session, assistant, "user", body, hash, created_at)
VALUES (:id, :workspace, :session, :assistant, :user, :body, :hash, :created_at)

-- name: receipt_get
SELECT * FROM receipts WHERE workspace = :workspace AND id = :id

-- name: receipts_of_grant
SELECT * FROM receipts WHERE workspace = :workspace AND "grant" = :grant ORDER BY id DESC

-- name: receipt_link
UPDATE receipts SET "grant" = :grant WHERE workspace = :workspace AND id = :id

-- name: session_insert
INSERT INTO connect_sessions (id, workspace, assistant, "user", connector, registration, via, status, asked, purpose, account, "grant",
    return_url, origin, wanted, created_at, expires_at, changed_at)
VALUES (:id, :workspace, :assistant, :user, :connector, :registration, :via, 'created', :asked, :purpose, :account, :grant,
    :return_url, :origin, :wanted, :created_at, :expires_at, :created_at)

-- name: session_get
SELECT * FROM connect_sessions WHERE id = :id

-- name: session_by_wanted
SELECT * FROM connect_sessions WHERE wanted = :wanted

-- name: session_by_state
SELECT * FROM connect_sessions WHERE state_hash = :state_hash

-- name: session_unwant
UPDATE connect_sessions SET wanted = NULL WHERE wanted = :wanted

-- name: session_opened
UPDATE connect_sessions SET status = 'opened', changed_at = :now WHERE id = :id AND status = 'created' AND expires_at > :now

-- name: session_consented
UPDATE connect_sessions SET status = 'consented', browser_hash = :browser_hash, state_hash = :state_hash, tools = :tools, duration = :duration,
    scopes_requested = :scopes_requested, registration = :registration, receipt = :receipt, expires_at = :expires_at, changed_at = :now
WHERE id = :id AND status IN ('created', 'opened', 'consented') AND offered IS NULL AND expires_at > :now AND (browser_hash IS NULL OR browser_hash = :browser_hash)

-- name: session_authorized
UPDATE connect_sessions SET status = 'authorized', state_hash = NULL, completion_hash = :completion_hash, completion_until = :completion_until,
    expires_at = :completion_until, changed_at = :now
WHERE id = :id AND status = 'consented' AND state_hash = :state_hash AND expires_at > :now

-- name: session_confirming
UPDATE connect_sessions SET completion_hash = NULL, confirming_at = :now, changed_at = :now
WHERE id = :id AND status = 'authorized' AND completion_hash = :completion_hash AND expires_at > :now

-- name: session_choosing
UPDATE connect_sessions SET status = 'consented', offered = :offered, held = :held, completion_hash = :completion_hash, completion_until = NULL,
    confirming_at = NULL, expires_at = :expires_at, changed_at = :now
WHERE id = :id AND status = 'authorized' AND confirming_at IS NOT NULL AND offered IS NULL

-- name: session_chosen
UPDATE connect_sessions SET status = 'authorized', chosen = :chosen, receipt = :receipt, completion_hash = :completion_hash,
    completion_until = :completion_until, expires_at = :completion_until, changed_at = :now
WHERE id = :id AND status = 'consented' AND offered IS NOT NULL AND browser_hash = :browser_hash AND expires_at > :now

-- name: session_completed
UPDATE connect_sessions SET status = 'completed', "grant" = :grant, wanted = NULL, offered = NULL, changed_at = :now
WHERE id = :id AND status = 'authorized' AND confirming_at IS NOT NULL

-- name: session_end
UPDATE connect_sessions SET status = :status, error = :error, wanted = NULL, state_hash = NULL, completion_hash = NULL, offered = NULL,
    changed_at = :now
WHERE id = :id AND status IN ('created', 'opened', 'consented', 'authorized')

-- name: sessions_overdue
SELECT * FROM connect_sessions WHERE status IN ('created', 'opened', 'consented', 'authorized') AND expires_at <= :now ORDER BY expires_at LIMIT 500

-- name: sessions_purge
DELETE FROM connect_sessions WHERE status IN ('denied', 'failed', 'expired') AND changed_at < :before

-- name: sessions_of_grant
SELECT * FROM connect_sessions WHERE workspace = :workspace AND "grant" = :grant ORDER BY id LIMIT 100

-- name: ticket_insert
INSERT INTO tickets (hash, kind, workspace, assistant, "user", return_url, expires_at)
VALUES (:hash, :kind, :workspace, :assistant, :user, :return_url, :expires_at)

-- name: ticket_get
SELECT kind, workspace, assistant, "user", return_url, expires_at FROM tickets WHERE hash = :hash AND kind = :kind

-- name: ticket_take
DELETE FROM tickets WHERE hash = :hash AND kind = :kind RETURNING kind, workspace, assistant, "user", return_url, expires_at

-- name: browser_session_insert
INSERT INTO browser_sessions (hash, kind, id, workspace, assistant, "user", return_url, created_at, expires_at)
VALUES (:hash, :kind, :id, :workspace, :assistant, :user, :return_url, :created_at, :expires_at)

-- name: browser_session_get
SELECT kind, id, workspace, assistant, "user", return_url, created_at, expires_at FROM browser_sessions
WHERE hash = :hash AND kind = :kind AND expires_at > :now

-- name: browser_session_delete
DELETE FROM browser_sessions WHERE hash = :hash

-- name: tickets_purge
DELETE FROM tickets WHERE expires_at <= :now

-- name: browser_sessions_purge
DELETE FROM browser_sessions WHERE expires_at <= :now
