// The provider's own records: what it keeps, what it was asked, and switches with which a test disturbs it.
//
//   GET  /test/state      {grants: [...], tokens: [...], requests: [...]}: every token ever issued with its value and whether it is alive
//   POST /test/clients    {client_id, client_secret?, redirect_uris, ...}: register a client (RFC 7591 field names)
//   POST /test/switch     {"/token": {status: 503, times: 2}}: disturb an endpoint; null ends it
//                         fields: status, body, headers, delay_ms, late_ms (answer held back after the work is done), times, add_scope
//   POST /test/forget     {account}: as if the person had removed the app at the provider
//   POST /test/expire     {client}: its access tokens are over before their time, its refresh tokens live on
const GRANTED = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken']);
const seconds = () => Date.now() / 1000;
const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

export class Records {
  constructor() {
    this.rows = new Map();
    this.issued = new Map();
    this.requests = [];
    this.disturbed = new Map();
  }

  adapter() {
    const records = this;
    return class {
      constructor(model) { this.model = model; }

      key(id) { return `${this.model}:${id}`; }

      async upsert(id, payload, expiresIn) {
        const row = { payload, ends: expiresIn ? seconds() + expiresIn : Infinity };
        records.rows.set(this.key(id), row);
        if (GRANTED.has(this.model)) records.issued.set(this.key(id), { kind: this.model, value: id, ...payload });
      }

      async find(id) {
        const row = records.rows.get(this.key(id));
        return row && row.ends > seconds() ? row.payload : undefined;
      }

      async findByUid(uid) {
        for (const [key, row] of records.rows) {
          if (key.startsWith(`${this.model}:`) && row.payload.uid === uid) return row.payload;
        }
        return undefined;
      }

      async consume(id) {
        const row = records.rows.get(this.key(id));
        if (row) row.payload.consumed = seconds();
      }

      async destroy(id) { records.rows.delete(this.key(id)); }

      async revokeByGrantId(grantId) {
        for (const [key, row] of records.rows) {
          if (GRANTED.has(this.model) && row.payload.grantId === grantId) records.rows.delete(key);
        }
      }
    };
  }

  token(key, payload) {
    const row = this.rows.get(key);
    const ended = row === undefined || row.ends <= seconds() || payload.exp <= Math.floor(seconds());
    return {
      kind: payload.kind, value: payload.value, grant: payload.grantId, account: payload.accountId, client: payload.clientId,
      scopes: (payload.scope ?? '').split(' ').filter(Boolean), resource: payload.resource ?? payload.aud ?? null,
      alive: !ended && !row.payload.consumed, consumed: Boolean(row?.payload.consumed),
    };
  }

  state() {
    const tokens = [...this.issued].map(([key, payload]) => this.token(key, payload));
    const grants = new Map();
    for (const token of tokens) {
      const grant = grants.get(token.grant) ?? {
        id: token.grant, account: token.account, client: token.client, access_tokens: 0, refresh_tokens: 0, alive: false,
      };
      if (token.alive && token.kind === 'AccessToken') grant.access_tokens += 1;
      if (token.alive && token.kind === 'RefreshToken') grant.refresh_tokens += 1;
      grant.alive = grant.access_tokens + grant.refresh_tokens > 0;
      grants.set(token.grant, grant);
    }
    return { grants: [...grants.values()], tokens, requests: this.requests };
  }

  forget(account) {
    for (const [key, row] of this.rows) {
      if (row.payload.accountId === account && (GRANTED.has(key.split(':')[0]) || key.startsWith('Grant:'))) this.rows.delete(key);
    }
  }

  expire(client) {
    for (const [key, row] of this.rows) {
      if (row.payload.clientId === client && key.startsWith('AccessToken:')) this.rows.delete(key);
    }
  }

  disturbance(path) {
    const found = this.disturbed.get(path);
    if (!found) return undefined;
    if (found.times !== undefined) {
      found.times -= 1;
      if (found.times <= 0) this.disturbed.delete(path);
    }
    return found;
  }
}

async function readJson(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString() || '{}');
}

async function control(records, ctx) {
  const asked = ctx.method === 'POST' ? await readJson(ctx.req) : {};
  if (ctx.path === '/test/clients') {
    const defaults = { token_endpoint_auth_method: asked.client_secret ? 'client_secret_basic' : 'none' };
    const Adapter = records.adapter();
    await new Adapter('Client').upsert(asked.client_id, { ...defaults, ...asked });
  }
  if (ctx.path === '/test/switch') {
    for (const [path, what] of Object.entries(asked)) {
      if (what) records.disturbed.set(path, what);
      else records.disturbed.delete(path);
    }
  }
  if (ctx.path === '/test/forget') records.forget(asked.account);
  if (ctx.path === '/test/expire') records.expire(asked.client);
  ctx.body = ctx.path === '/test/state' ? records.state() : { ok: true };
}

// What was asked, without values; `ctx.oidc` is there once the provider has read the form.
function note(records, ctx) {
  let params = {};
  try { params = ctx.oidc?.params ?? {}; } catch { /* not one of the provider's own routes */ }
  const named = Object.keys(params).filter((name) => params[name] !== undefined);
  records.requests.push({
    method: ctx.method, path: ctx.path, status: ctx.status, at: Date.now(), params: named, grant_type: params.grant_type ?? null,
    scope: params.scope ?? null, token_type_hint: params.token_type_hint ?? null, error: ctx.body?.error ?? null,
    user_agent: ctx.get('user-agent'),
  });
}

export const switches = (records) => async (ctx, next) => {
  if (ctx.path.startsWith('/test/')) return control(records, ctx);
  const disturbed = records.disturbance(ctx.path);
  if (disturbed?.delay_ms) await pause(disturbed.delay_ms);
  if (disturbed?.status) {
    ctx.status = disturbed.status;
    ctx.set(disturbed.headers ?? {});
    ctx.body = disturbed.body ?? { error: 'temporarily_unavailable' };
  } else {
    await next();
    if (disturbed?.add_scope && ctx.body?.scope !== undefined) ctx.body.scope += ` ${disturbed.add_scope}`;
    if (disturbed?.late_ms) await pause(disturbed.late_ms);
  }
  note(records, ctx);
  return undefined;
};
