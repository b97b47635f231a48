-- name: workspace_insert
INSERT INTO workspaces (id, name, policy, policy_version, created_at) VALUES (:id, :name, :policy, 1, :created_at)

-- name: workspace_get
SELECT * FROM workspaces WHERE id = :id

-- name: workspaces_all
SELECT * FROM workspaces ORDER BY id

-- name: policy_put
UPDATE workspaces SET policy = :policy, policy_version = policy_version + 1 WHERE id = :id

-- name: key_insert
INSERT INTO keys (id, kind, public, hash, workspace, assistant, created_at, expires_at)
VALUES (:id, :kind, :public, :hash, :workspace, :assistant, :created_at, :expires_at)

-- name: keys_of_assistant
SELECT id, kind, public, workspace, assistant, created_at, expires_at, revoked_at, last_used_at FROM keys
WHERE workspace = :workspace AND assistant = :assistant ORDER BY id

-- name: key_revoke
UPDATE keys SET revoked_at = :now WHERE workspace = :workspace AND assistant = :assistant AND id = :id AND revoked_at IS NULL

-- name: keys_revoke_all
UPDATE keys SET revoked_at = :now WHERE workspace = :workspace AND assistant = :assistant AND revoked_at IS NULL

-- name: key_touch
UPDATE keys SET last_used_at = :at WHERE id = :id AND (last_used_at IS NULL OR last_used_at < :at)

-- name: authority
SELECT version FROM authority

-- name: workspace_by_key
SELECT k.id AS key_id, k.hash AS key_hash, k.expires_at AS key_expires_at, w.* FROM keys k JOIN workspaces w ON w.id = k.workspace
WHERE k.public = :public AND k.kind = 'vkw' AND k.revoked_at IS NULL

-- name: assistant_by_key
SELECT k.id AS key_id, k.hash AS key_hash, k.expires_at AS key_expires_at, w.policy AS policy, w.name AS workspace_name, a.*
FROM keys k JOIN assistants a ON a.id = k.assistant JOIN workspaces w ON w.id = k.workspace
WHERE k.public = :public AND k.kind = 'vka' AND k.revoked_at IS NULL AND a.deleted_at IS NULL

-- name: assistant_insert
INSERT INTO assistants (id, workspace, name, description, logo_url, homepage_url, allowed_origins, return_urls, default_return_url, tools, created_at, updated_at)
VALUES (:id, :workspace, :name, :description, :logo_url, :homepage_url, :allowed_origins, :return_urls, :default_return_url, :tools, :now, :now)

-- name: assistant_update
UPDATE assistants SET name = :name, description = :description, logo_url = :logo_url, homepage_url = :homepage_url,
    allowed_origins = :allowed_origins, return_urls = :return_urls, default_return_url = :default_return_url, tools = :tools, updated_at = :now
WHERE workspace = :workspace AND id = :id AND deleted_at IS NULL

-- name: assistant_delete
UPDATE assistants SET deleted_at = :now WHERE workspace = :workspace AND id = :id AND deleted_at IS NULL

-- name: assistant_get
SELECT * FROM assistants WHERE workspace = :workspace AND id = :id AND deleted_at IS NULL

-- name: assistant_get_any
SELECT * FROM assistants WHERE workspace = :workspace AND id = :id

-- name: assistant_find
SELECT * FROM assistants WHERE id = :id AND deleted_at IS NULL

-- name: assistants_list
SELECT * FROM assistants WHERE workspace = :workspace AND deleted_at IS NULL AND id > :after ORDER BY id LIMIT :limit

-- name: assistants_named
SELECT id, name FROM assistants WHERE workspace = :workspace

-- name: registration_insert
INSERT INTO registrations (id, workspace, slug, tier, client_id, enabled_tools, max_scopes, config, secret_version, created_at, updated_at)
VALUES (:id, :workspace, :slug, :tier, :client_id, :enabled_tools, :max_scopes, :config, :secret_version, :now, :now)

-- name: registration_update
UPDATE registrations SET client_id = :client_id, enabled_tools = :enabled_tools, max_scopes = :max_scopes, config = :config,
    secret_version = :secret_version, updated_at = :now
WHERE workspace = :workspace AND id = :id AND deleted_at IS NULL

-- name: registration_delete
UPDATE registrations SET deleted_at = :now WHERE workspace = :workspace AND slug = :slug AND deleted_at IS NULL

-- name: registration_delete_tier
UPDATE registrations SET deleted_at = :now WHERE workspace = :workspace AND slug = :slug AND tier = :tier AND deleted_at IS NULL

-- name: registration_limits
UPDATE registrations SET enabled_tools = :enabled_tools, config = :config, updated_at = :now
WHERE workspace = :workspace AND slug = :slug AND tier <> 'write' AND deleted_at IS NULL

-- name: registrations_ever
SELECT count(*) FROM registrations WHERE workspace = :workspace AND slug = :slug AND tier = :tier

-- name: registration_by_slug
SELECT * FROM registrations WHERE workspace = :workspace AND slug = :slug AND tier = :tier AND deleted_at IS NULL

-- name: registration_by_id
SELECT * FROM registrations WHERE workspace = :workspace AND id = :id

-- name: registration_find
SELECT * FROM registrations WHERE id = :id

-- name: registrations_list
SELECT * FROM registrations WHERE workspace = :workspace AND tier = 'write' AND deleted_at IS NULL AND id > :after ORDER BY id LIMIT :limit

-- name: user_put
INSERT INTO users (workspace, "user", id, name, email, created_at) VALUES (:workspace, :user, :id, :name, :email, :now)
ON CONFLICT (workspace, "user") DO UPDATE SET name = COALESCE(excluded.name, users.name), email = COALESCE(excluded.email, users.email)

-- name: user_get
SELECT * FROM users WHERE workspace = :workspace AND "user" = :user
