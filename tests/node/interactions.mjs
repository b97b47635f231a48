// Sign-in and consent pages as plain forms: a test posts them, a browser can click them.
const escape = (text) => String(text).replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);

const page = (title, body) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title>
<main><h1>${title}</h1>${body}</main></html>`;

const signIn = (uid) => page('Sign in', `<form method="post" action="/interaction/${uid}/login">
<label>Name <input name="login" required autofocus></label> <button>Sign in</button></form>
<form method="post" action="/interaction/${uid}/deny"><button>Cancel</button></form>`);

const consent = (uid, client, scopes) => page(`${escape(client)} asks for access`, `
<form method="post" action="/interaction/${uid}/consent">
${scopes.map((scope) => `<label><input type="checkbox" name="scope" value="${escape(scope)}" checked> ${escape(scope)}</label>`).join('\n')}
<button>Allow</button></form>
<form method="post" action="/interaction/${uid}/deny"><button>Deny</button></form>`);

export async function readForm(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return new URLSearchParams(Buffer.concat(chunks).toString());
}

const asked = (params) => params.scope.split(' ').filter(Boolean);

async function grantFrom(provider, details, chosen) {
  const { session, params } = details;
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  const given = asked(params).filter((scope) => chosen.has(scope));
  const refused = asked(params).filter((scope) => !chosen.has(scope));
  if (given.length) grant.addOIDCScope(given.join(' '));
  if (refused.length) grant.rejectOIDCScope(refused.join(' '));
  for (const resource of [params.resource ?? []].flat()) grant.addResourceScope(resource, given.join(' '));
  return grant.save();
}

export const interactions = (provider) => async (ctx, next) => {
  const [, uid, action] = ctx.path.match(/^\/interaction\/([^/]+)(?:\/(login|consent|deny))?$/) ?? [];
  if (!uid) return next();
  const details = await provider.interactionDetails(ctx.req, ctx.res);
  if (!action) {
    ctx.type = 'html';
    ctx.body = details.prompt.name === 'login' ? signIn(uid) : consent(uid, details.params.client_id, asked(details.params));
    return undefined;
  }
  const form = await readForm(ctx.req);
  let result = { error: 'access_denied', error_description: 'the person said no' };
  if (action === 'login') result = { login: { accountId: form.get('login') } };
  if (action === 'consent') {
    result = { consent: { grantId: await grantFrom(provider, details, new Set(form.getAll('scope'))) } };
  }
  ctx.respond = false;
  return provider.interactionFinished(ctx.req, ctx.res, result, { mergeWithLastSubmission: action !== 'deny' });
};
