// A small API behind the provider's tokens: who am I, and a list of items with more fields than anybody should see.
//
//   GET /api/me                     any token: who it belongs to
//   GET /api/profile                profile.read
//   GET /api/items?q=&cursor=&limit=  items.read     {items, next}; also a Link header (RFC 8288)
//   GET /api/items/{id}             items.read
//   POST /api/items                 items.write    {name}
//   DELETE /api/items/{id}          items.delete
//   GET /api/huge?bytes=            items.read     one answer of that size, sent in pieces
import { Readable } from 'node:stream';

const items = Array.from({ length: 57 }, (_, index) => ({
  id: `item-${index + 1}`,
  name: `${['Amber', 'Basalt', 'Cedar', 'Dune'][index % 4]} ${index + 1}`,
  price: 100 + index,
  internal_note: `never to be shown ${index + 1}`,
  owner: { id: 'u1', home_address: '1 Secret Street' },
}));

const SCOPES = { GET: 'items.read', POST: 'items.write', DELETE: 'items.delete' };

function refuse(ctx, status, error, scope) {
  const challenge = scope ? `Bearer error="${error}", scope="${scope}"` : `Bearer error="${error}"`;
  ctx.status = status;
  ctx.set('WWW-Authenticate', challenge);
  ctx.body = { error, scope };
}

async function readJson(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString() || '{}');
}

function list(ctx) {
  const start = Number(ctx.query.cursor ?? 0);
  const limit = Math.min(Number(ctx.query.limit ?? 10), 50);
  const found = items.filter((item) => item.name.toLowerCase().includes((ctx.query.q ?? '').toLowerCase()));
  const next = start + limit < found.length ? String(start + limit) : null;
  if (next) ctx.set('Link', `<${ctx.origin}/api/items?cursor=${next}&limit=${limit}>; rel="next"`);
  ctx.body = { items: found.slice(start, start + limit), next, total: found.length };
}

async function* pieces(bytes) {
  const piece = Buffer.alloc(64 * 1024, 'a');
  yield '{"items": [{"id": "1", "name": "';
  for (let sent = 0; sent < bytes; sent += piece.length) yield piece;
  yield '"}], "next": null}';
}

async function answer(ctx, token) {
  const id = ctx.path.match(/^\/api\/items\/(.+)$/)?.[1];
  const at = items.findIndex((item) => item.id === id);
  if (ctx.path === '/api/me') {
    ctx.body = { id: token.accountId, email: `${token.accountId}@example.com` };
  } else if (ctx.path === '/api/profile') {
    ctx.body = { id: token.accountId, email: `${token.accountId}@example.com`, company: 'Example Ltd', birthday: '1990-01-01' };
  } else if (ctx.path === '/api/huge') {
    ctx.type = 'json';
    ctx.body = Readable.from(pieces(Number(ctx.query.bytes ?? 1e6)));
  } else if (ctx.path === '/api/items' && ctx.method === 'POST') {
    const item = { ...items[0], id: `item-${items.length + 1}`, name: (await readJson(ctx.req)).name };
    items.push(item);
    ctx.status = 201;
    ctx.body = item;
  } else if (ctx.path === '/api/items') {
    list(ctx);
  } else if (at < 0) {
    ctx.status = 404;
    ctx.body = { error: 'not_found' };
  } else if (ctx.method === 'DELETE') {
    items.splice(at, 1);
    ctx.status = 204;
  } else {
    ctx.body = items[at];
  }
}

export const resource = (provider) => async (ctx, next) => {
  if (!ctx.path.startsWith('/api/')) return next();
  const value = ctx.get('authorization').replace(/^Bearer /, '');
  const token = await provider.AccessToken.find(value);
  const scope = ctx.path === '/api/profile' ? 'profile.read' : SCOPES[ctx.method];
  if (!token) return refuse(ctx, 401, 'invalid_token');
  if (ctx.path !== '/api/me' && !token.scope?.split(' ').includes(scope)) return refuse(ctx, 403, 'insufficient_scope', scope);
  return answer(ctx, token);
};
