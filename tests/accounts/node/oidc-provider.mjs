// A provider nobody here wrote, which signs in whoever the browser's x-user says. {id, secret, back}: prints its issuer.
import http from "node:http";
import { Provider } from "oidc-provider";

const { id, secret, back } = JSON.parse(process.argv[2]);
const server = http.createServer();
await new Promise((go) => server.listen(0, "127.0.0.1", go));
const issuer = `http://localhost:${server.address().port}`;
const provider = new Provider(issuer, {
  clients: [{ client_id: id, client_secret: secret, redirect_uris: [back], response_types: ["code"], grant_types: ["authorization_code"] }],
  features: { devInteractions: { enabled: false } },
  interactions: { url: (ctx, it) => `/interaction/${it.uid}` },
  findAccount: (ctx, sub) => ({ accountId: sub, claims: () => ({ sub, email: "anna@example.org", email_verified: true }) }),
});
const serve = provider.callback();
server.on("request", async (req, res) => {
  if (!req.url.startsWith("/interaction/")) return serve(req, res);
  const { session, params, prompt } = await provider.interactionDetails(req, res);
  const user = req.headers["x-user"] ?? "u-1";
  if (prompt.name === "login") return provider.interactionFinished(req, res, { login: { accountId: user } }, { mergeWithLastSubmission: false });
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  return provider.interactionFinished(req, res, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
});
console.log(issuer);
