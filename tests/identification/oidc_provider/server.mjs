// An OpenID Provider made of npm oidc-provider, set up as the Finnish Trust Network's profile has it.
// Its one argument is JSON: issuer, port, key (private JWK), client (id, jwks, redirect_uris), account, level.
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const { issuer, port, key, client, account, level } = JSON.parse(process.argv[2]);
const encrypted = { alg: 'RSA-OAEP', enc: 'A128CBC-HS256' };

const provider = new Provider(issuer, {
  jwks: { keys: [key] },
  clients: [
    {
      client_id: client.id,
      application_type: 'native', // lets it have a loopback address, of any port
      redirect_uris: client.redirect_uris,
      response_types: ['code'],
      grant_types: ['authorization_code'],
      jwks: client.jwks,
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'RS256',
      request_object_signing_alg: 'RS256',
      require_signed_request_object: true,
      require_auth_time: true,
      id_token_signed_response_alg: 'RS256',
      id_token_encrypted_response_alg: encrypted.alg,
      id_token_encrypted_response_enc: encrypted.enc,
      userinfo_signed_response_alg: 'RS256',
      userinfo_encrypted_response_alg: encrypted.alg,
      userinfo_encrypted_response_enc: encrypted.enc,
    },
  ],
  acrValues: [level],
  scopes: ['openid', 'ftn_hetu'],
  claims: { acr: null, auth_time: null, iss: null, openid: ['sub'], ftn_hetu: Object.keys(account.claims) },
  extraParams: ['ftn_idp_id', 'ftn_spname'],
  pkce: { required: () => true },
  features: {
    devInteractions: { enabled: false },
    encryption: { enabled: true },
    jwtUserinfo: { enabled: true },
    pushedAuthorizationRequests: { enabled: true, allowUnregisteredRedirectUris: false },
    requestObjects: { enabled: true, requireSignedRequestObject: true },
  },
  cookies: { keys: ['only-a-test'] },
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id, ...account.claims }) }),
  // The profile has no consent, so whatever is asked for has been granted.
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({ clientId: client.id, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope('openid ftn_hetu');
    await grant.save();
    return grant;
  },
});

const respond = provider.callback();
const server = createServer((request, response) => {
  if (request.url.startsWith('/interaction/')) {
    const result = { login: { accountId: account.sub, acr: level, remember: false }, consent: {} };
    provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  } else {
    respond(request, response);
  }
});
server.listen(port, '127.0.0.1', () => console.log('listening'));
