-- Who may ask is kept in memory between requests, for as long as this number stays the same (core/workspaces.py). Triggers count,
-- so that no statement, of this program, a later one or somebody's own, can change who may ask without its being noticed.
CREATE TABLE authority (version BIGINT NOT NULL);
INSERT INTO authority (version) VALUES (1);
CREATE TRIGGER authority_keys_changed AFTER UPDATE OF id, kind, public, hash, workspace, assistant, created_at, expires_at, revoked_at ON keys BEGIN UPDATE authority SET version = version + 1; END;
CREATE TRIGGER authority_keys_gone AFTER DELETE ON keys BEGIN UPDATE authority SET version = version + 1; END;
CREATE TRIGGER authority_assistants_changed AFTER UPDATE ON assistants BEGIN UPDATE authority SET version = version + 1; END;
CREATE TRIGGER authority_assistants_gone AFTER DELETE ON assistants BEGIN UPDATE authority SET version = version + 1; END;
CREATE TRIGGER authority_workspaces_changed AFTER UPDATE ON workspaces BEGIN UPDATE authority SET version = version + 1; END;
CREATE TRIGGER authority_workspaces_gone AFTER DELETE ON workspaces BEGIN UPDATE authority SET version = version + 1; END;
-- The event of a call has the call's number (core/calls.py) and is found by its own id.
DROP INDEX audit_by_call;
