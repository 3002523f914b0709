// The same by hand, through oauth4webapi: every check that a careful client makes. {issuer, id, secret, cookie, redirect}
import * as oauth from "oauth4webapi";
import { readFileSync } from "node:fs";

const { issuer, id, secret, cookie, redirect } = JSON.parse(readFileSync(0, "utf8"));
const loose = { [oauth.allowInsecureRequests]: true };
const as = await oauth
  .discoveryRequest(new URL(issuer), { algorithm: "oidc", ...loose })
  .then((answer) => oauth.processDiscoveryResponse(new URL(issuer), answer));
const client = { client_id: id };
const auth = secret ? oauth.ClientSecretBasic(secret) : oauth.None();
const verifier = oauth.generateRandomCodeVerifier();
const [nonce, state] = [oauth.generateRandomNonce(), oauth.generateRandomState()];
const address = new URL(as.authorization_endpoint);
for (const [name, value] of Object.entries({
  client_id: id,
  redirect_uri: redirect,
  response_type: "code",
  scope: "openid email phone",
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
  nonce,
  state,
}))
  address.searchParams.set(name, value);
const answer = await fetch(address, { headers: { cookie }, redirect: "manual" });
const back = new URL(answer.headers.get("location"));
const params = oauth.validateAuthResponse(as, client, back, state);
const response = await oauth.authorizationCodeGrantRequest(as, client, auth, params, redirect, verifier, loose);
const tokens = await oauth.processAuthorizationCodeResponse(as, client, response, {
  expectedNonce: nonce,
  requireIdToken: true,
});
await oauth.validateApplicationLevelSignature(as, response, loose);
const claims = oauth.getValidatedIdTokenClaims(tokens);
const told = await oauth
  .userInfoRequest(as, client, tokens.access_token, loose)
  .then((found) => oauth.processUserInfoResponse(as, client, claims.sub, found));
console.log(JSON.stringify({ claims, told }));
