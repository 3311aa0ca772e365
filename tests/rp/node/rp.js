// openid-client signs a person in.  argv: issuer, client_id, client_secret, redirect_uri.
// Writes the authorization URL, reads the URL the browser was sent to, writes what it learnt.
import readline from 'node:readline';
import { Issuer, generators } from 'openid-client';

const [issuerUrl, clientId, clientSecret, redirectUri] = process.argv.slice(2);
const issuer = await Issuer.discover(issuerUrl);
const client = new issuer.Client({
  client_id: clientId,
  client_secret: clientSecret,
  redirect_uris: [redirectUri],
  response_types: ['code'],
});
const verifier = generators.codeVerifier();
const checks = { state: generators.state(), nonce: generators.nonce(), code_verifier: verifier, response_type: 'code' };
console.log(JSON.stringify({
  url: client.authorizationUrl({
    scope: 'openid profile email',
    state: checks.state,
    nonce: checks.nonce,
    code_challenge: generators.codeChallenge(verifier),
    code_challenge_method: 'S256',
  }),
}));

const lines = readline.createInterface({ input: process.stdin });
const { value: landed } = await lines[Symbol.asyncIterator]().next();
const tokens = await client.callback(redirectUri, client.callbackParams(landed), checks); // checks iss, nonce, at_hash, signature
const info = await client.userinfo(tokens);
const fresh = await client.refresh(tokens);
console.log(JSON.stringify({
  sub: tokens.claims().sub,
  info,
  refreshed: fresh.claims().sub,
  logout: client.endSessionUrl({ id_token_hint: tokens.id_token }),
}));
lines.close();
