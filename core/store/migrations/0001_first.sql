-- The first schema. Times are integers: milliseconds UTC. JSON is text. Every tenant's row names its workspace.

CREATE TABLE workspaces (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    policy TEXT NOT NULL,
    policy_version INTEGER NOT NULL DEFAULT 1,
    created_at BIGINT NOT NULL
);

CREATE TABLE keys (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('vkw', 'vka')),
    public TEXT NOT NULL UNIQUE,
    hash BLOB NOT NULL,
    workspace TEXT NOT NULL REFERENCES workspaces (id),
    assistant TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    last_used_at BIGINT
);
CREATE INDEX keys_owner ON keys (workspace, assistant);

CREATE TABLE assistants (
    id TEXT PRIMARY KEY,
    workspace TEXT NOT NULL REFERENCES workspaces (id),
    name TEXT NOT NULL,
    description TEXT,
    logo_url TEXT,
    homepage_url TEXT,
    allowed_origins TEXT NOT NULL,
    return_urls TEXT NOT NULL,
    default_return_url TEXT,
    tools TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE INDEX assistants_workspace ON assistants (workspace, id);

CREATE TABLE registrations (
    id TEXT PRIMARY KEY,
    workspace TEXT NOT NULL REFERENCES workspaces (id),
    slug TEXT NOT NULL,
    client_id TEXT NOT NULL,
    enabled_tools TEXT,
    max_scopes TEXT,
    config TEXT NOT NULL,
    secret_version INTEGER NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE UNIQUE INDEX registrations_live ON registrations (workspace, slug) WHERE deleted_at IS NULL;

CREATE TABLE users (
    workspace TEXT NOT NULL REFERENCES workspaces (id),
    "user" TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    name TEXT,
    email TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, "user")
);

CREATE TABLE connect_sessions (
    id TEXT PRIMARY KEY,
    workspace TEXT NOT NULL REFERENCES workspaces (id),
    assistant TEXT NOT NULL REFERENCES assistants (id),
    "user" TEXT NOT NULL,
    connector TEXT NOT NULL,
    registration TEXT NOT NULL REFERENCES registrations (id),
    via TEXT NOT NULL CHECK (via IN ('api', 'call', 'portal')),
    status TEXT NOT NULL CHECK (status IN ('created', 'opened', 'consented', 'authorized', 'completed', 'denied', 'failed', 'expired')),
    asked TEXT NOT NULL,
    purpose TEXT,
    account TEXT,
    "grant" TEXT,
    return_url TEXT,
    origin TEXT,
    wanted TEXT,
    browser_hash BLOB,
    state_hash BLOB UNIQUE,
    tools TEXT,
    duration TEXT,
    scopes_requested TEXT,
    receipt TEXT,
    completion_hash BLOB,
    completion_until BIGINT,
    confirming_at BIGINT,
    error TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX connect_sessions_wanted ON connect_sessions (wanted) WHERE wanted IS NOT NULL;
CREATE INDEX connect_sessions_open ON connect_sessions (expires_at) WHERE status IN ('created', 'opened', 'consented', 'authorized');

CREATE TABLE grants (
    id TEXT PRIMARY KEY,
    workspace TEXT NOT NULL REFERENCES workspaces (id),
    assistant TEXT NOT NULL REFERENCES assistants (id),
    "user" TEXT NOT NULL,
    connector TEXT NOT NULL,
    registration TEXT NOT NULL REFERENCES registrations (id),
    account_id TEXT NOT NULL,
    account_label TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('active', 'needs_reconnect', 'suspended', 'expired', 'revoked')),
    status_reason TEXT,
    tools TEXT NOT NULL,
    scopes_requested TEXT NOT NULL,
    scopes_granted TEXT NOT NULL,
    purpose TEXT,
    receipt TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT,
    use_count BIGINT NOT NULL DEFAULT 0,
    ended_at BIGINT,
    ended_by TEXT,
    end_reason TEXT,
    upstream TEXT NOT NULL DEFAULT 'none' CHECK (upstream IN ('none', 'pending', 'revoked', 'unsupported')),
    upstream_at BIGINT,
    credential_version INTEGER NOT NULL,
    access_expires_at BIGINT,
    lease_owner TEXT,
    lease_until BIGINT
);
CREATE UNIQUE INDEX grants_live ON grants (workspace, assistant, "user", connector, account_id)
    WHERE status IN ('active', 'needs_reconnect', 'suspended');
CREATE INDEX grants_of_user ON grants (workspace, assistant, "user", connector, id);
CREATE INDEX grants_by_time ON grants (workspace, id);
CREATE INDEX grants_by_use ON grants (workspace, last_used_at, id);
CREATE INDEX grants_by_account ON grants (registration, account_id);
CREATE INDEX grants_by_expiry ON grants (expires_at) WHERE status IN ('active', 'needs_reconnect', 'suspended');

CREATE TABLE secrets (
    owner TEXT NOT NULL,
    kind TEXT NOT NULL,
    workspace TEXT NOT NULL,
    version INTEGER NOT NULL,
    key_id TEXT NOT NULL,
    wrapped_key BLOB NOT NULL,
    body BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (owner, kind)
);
CREATE INDEX secrets_key ON secrets (key_id, owner);

CREATE TABLE receipts (
    id TEXT PRIMARY KEY,
    workspace TEXT NOT NULL REFERENCES workspaces (id),
    session TEXT NOT NULL,
    assistant TEXT NOT NULL,
    "user" TEXT NOT NULL,
    "grant" TEXT,
    body TEXT NOT NULL,
    hash TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX receipts_grant ON receipts (workspace, "grant", id);

CREATE TABLE audit_events (
    workspace TEXT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    at BIGINT NOT NULL,
    actor_type TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    action TEXT NOT NULL,
    outcome TEXT NOT NULL,
    assistant TEXT,
    "user" TEXT,
    connector TEXT,
    "grant" TEXT,
    call TEXT,
    tool TEXT,
    detail TEXT NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (workspace, seq)
);
CREATE INDEX audit_by_grant ON audit_events (workspace, "grant", seq) WHERE "grant" IS NOT NULL;
CREATE INDEX audit_by_user ON audit_events (workspace, "user", seq) WHERE "user" IS NOT NULL;
CREATE INDEX audit_by_call ON audit_events (call) WHERE call IS NOT NULL;

CREATE TABLE audit_heads (
    workspace TEXT PRIMARY KEY,
    count BIGINT NOT NULL,
    hash BLOB NOT NULL,
    key_id TEXT NOT NULL,
    mac BLOB NOT NULL
);

CREATE TABLE outbox (
    id TEXT PRIMARY KEY,
    workspace TEXT NOT NULL,
    registration TEXT NOT NULL,
    "grant" TEXT,
    secret_owner TEXT NOT NULL,
    secret_kind TEXT NOT NULL,
    settles_grant INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    last_error TEXT
);
CREATE INDEX outbox_next ON outbox (next_at);
CREATE INDEX outbox_grant ON outbox ("grant");

CREATE TABLE idempotency (
    workspace TEXT NOT NULL,
    assistant TEXT NOT NULL,
    "user" TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('started', 'done', 'unknown')),
    call TEXT NOT NULL,
    "grant" TEXT,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, assistant, "user", key)
);
CREATE INDEX idempotency_grant ON idempotency ("grant");
CREATE INDEX idempotency_expiry ON idempotency (expires_at);

CREATE TABLE tickets (
    hash BLOB PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('portal', 'admin')),
    workspace TEXT NOT NULL,
    assistant TEXT,
    "user" TEXT,
    return_url TEXT,
    expires_at BIGINT NOT NULL
);

CREATE TABLE browser_sessions (
    hash BLOB PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('portal', 'admin')),
    id TEXT NOT NULL UNIQUE,
    workspace TEXT NOT NULL,
    assistant TEXT,
    "user" TEXT,
    return_url TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
