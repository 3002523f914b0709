// Signs a person in through openid-client, refreshes, introspects, revokes, signs out. {issuer, client, cookie, via}
import * as client from "openid-client";
import { readFileSync } from "node:fs";

const { issuer, id, secret, cookie, redirect, via, alg } = JSON.parse(readFileSync(0, "utf8"));
const auth = {
  basic: () => client.ClientSecretBasic(secret),
  post: () => client.ClientSecretPost(secret),
  none: () => client.None(),
  par: () => client.ClientSecretBasic(secret),
}[via]();
const terms = { client_secret: secret, ...(alg ? { id_token_signed_response_alg: alg } : {}) };
const config = await client.discovery(new URL(issuer), id, terms, auth, { execute: [client.allowInsecureRequests] });
client.enableNonRepudiationChecks(config); // identity tokens are verified by signature, too

async function begin(scope) {
  const verifier = client.randomPKCECodeVerifier();
  const asked = {
    redirect_uri: redirect,
    scope,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state: client.randomState(),
    nonce: client.randomNonce(),
  };
  const address =
    via === "par"
      ? await client.buildAuthorizationUrlWithPAR(config, asked)
      : client.buildAuthorizationUrl(config, asked);
  const answer = await fetch(address, { headers: { cookie }, redirect: "manual" });
  return { back: new URL(answer.headers.get("location"), issuer), verifier, asked };
}

const finish = ({ back, verifier, asked }) =>
  client.authorizationCodeGrant(config, back, {
    pkceCodeVerifier: verifier,
    expectedState: asked.state,
    expectedNonce: asked.nonce,
    idTokenExpected: true,
  });
const refused = (work) => work.then(() => null, (error) => error.error ?? error.code ?? error.message);

const begun = await begin("openid profile phone offline_access");
const tokens = await finish(begun);
const claims = tokens.claims();
const told = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
const renewed = await client.refreshTokenGrant(config, tokens.refresh_token);
const said = { sub: claims.sub, sid: claims.sid, acr: claims.acr, told, renewed: renewed.claims()?.sub };
if (secret) said.introspected = await client.tokenIntrospection(config, renewed.access_token);
await client.tokenRevocation(config, renewed.refresh_token);
said.revoked = await refused(client.refreshTokenGrant(config, renewed.refresh_token));

const mixed = await begin("openid");
mixed.back.searchParams.set("iss", "https://evil.example");
said.mixed = await refused(finish(mixed));

const again = await begin("openid offline_access");
await finish(again);
said.replayed = await refused(finish(again));

const last = await finish(await begin("openid offline_access"));
await client.refreshTokenGrant(config, last.refresh_token);
said.reused = await refused(client.refreshTokenGrant(config, last.refresh_token));
said.ended = (await begin("openid")).back.pathname; // the reuse has signed the session out
said.end_session = client.buildEndSessionUrl(config, { id_token_hint: last.id_token }).href.split("?")[0];
console.log(JSON.stringify(said));
