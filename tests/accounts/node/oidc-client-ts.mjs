// A single-page application's library, oidc-client-ts, with a store in memory. {issuer, id, cookie, redirect}
import { InMemoryWebStorage, OidcClient, WebStorageStateStore } from "oidc-client-ts";
import { readFileSync } from "node:fs";

const { issuer, id, cookie, redirect } = JSON.parse(readFileSync(0, "utf8"));
const client = new OidcClient({
  authority: issuer,
  client_id: id,
  redirect_uri: redirect,
  scope: "openid profile offline_access",
  loadUserInfo: true,
  stateStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
});
const { url } = await client.createSigninRequest({});
const answer = await fetch(url, { headers: { cookie }, redirect: "manual" });
const signed = await client.processSigninResponse(answer.headers.get("location"));
const renewed = await client.useRefreshToken({
  state: {
    refresh_token: signed.refresh_token,
    id_token: signed.id_token,
    profile: signed.profile,
    scope: signed.scope,
    session_state: null,
    data: {},
  },
});
const said = { profile: signed.profile, renewed: renewed.profile?.sub, scope: signed.scope };
console.log(JSON.stringify(said));
