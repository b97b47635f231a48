// A certified OAuth 2.0 server (npm oidc-provider 9) for the tests, with its own records as a witness.
//
//   node provider.mjs '{"port": 9000, "ttl": {"AccessToken": 2}, "rotate": true, "grants": "per_authorization"}'
//
// PKCE S256 is demanded of everybody, refresh tokens rotate with reuse detection, RFC 7009, 7662, 9207 and 8707 are on.
// Sign-in takes any name; the consent page lists every scope as a checkbox, so that a person can give fewer.
// Prints one line `ready <issuer>` and ends when its standard input closes: a test run that dies leaves nothing behind.
import http from 'node:http';

import { Provider } from 'oidc-provider';

import { interactions } from './interactions.mjs';
import { resource } from './resource.mjs';
import { Records, switches } from './witness.mjs';

const options = { ttl: {}, rotate: true, grants: 'per_authorization', ...JSON.parse(process.argv[2] ?? '{}') };
const issuer = `http://127.0.0.1:${options.port}`;
const records = new Records();

const API_SCOPES = ['profile.read', 'items.read', 'items.write', 'items.delete', 'reports.read'];
const HOUR = 3600;

const provider = new Provider(issuer, {
  adapter: records.adapter(),
  clients: [],
  clockTolerance: 0,
  cookies: { keys: ['only for tests'] },
  scopes: ['openid', 'offline_access', ...API_SCOPES],
  clientDefaults: { grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] },
  clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
  pkce: { required: () => true },
  rotateRefreshToken: () => options.rotate,
  issueRefreshToken: async (ctx, client) => client.grantTypeAllowed('refresh_token'),
  expiresWithSession: () => false,
  // Each authorization is a grant of its own unless a test asks otherwise: revoking one leaves the account's others alive.
  loadExistingGrant: async (ctx) => {
    const chosen = ctx.oidc.result?.consent?.grantId;
    const kept = options.grants === 'per_account' ? ctx.oidc.session.grantIdFor(ctx.oidc.client.clientId) : undefined;
    return chosen || kept ? provider.Grant.find(chosen ?? kept) : undefined;
  },
  findAccount: async (ctx, sub) => ({ accountId: sub, claims: async () => ({ sub, email: `${sub}@example.com` }) }),
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  features: {
    devInteractions: { enabled: false },
    revocation: { enabled: true },
    introspection: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: async () => ({ scope: API_SCOPES.join(' '), accessTokenFormat: 'opaque' }),
    },
  },
  ttl: {
    AccessToken: HOUR, AuthorizationCode: 60, Grant: 24 * HOUR, IdToken: HOUR, Interaction: HOUR, RefreshToken: 24 * HOUR,
    Session: 24 * HOUR, ...options.ttl,
  },
});

provider.use(switches(records));
provider.use(interactions(provider));
provider.use(resource(provider));

const server = http.createServer(provider.callback());
server.listen(options.port, '127.0.0.1', () => console.log(`ready ${issuer}`));
process.stdin.on('end', () => process.exit(0)).resume();
process.on('SIGTERM', () => process.exit(0));
