// The provider of tests/openid.py: one person, an officer; one program; access tokens as JWT, by resource indicators.
import { readFileSync } from "node:fs";
import Provider from "oidc-provider";

const { url, back, machine } = JSON.parse(readFileSync("settings.json", "utf8"));
const clients = [
  { client_id: "portal", application_type: "native", token_endpoint_auth_method: "none", redirect_uris: [back] },
  {
    client_id: "machine",
    token_endpoint_auth_method: "private_key_jwt",
    token_endpoint_auth_signing_alg: "ES256",
    grant_types: ["client_credentials"],
    response_types: [],
    redirect_uris: [],
    jwks: { keys: [machine] },
  },
];
const provider = new Provider(url, {
  clients,
  jwks: JSON.parse(readFileSync("keys.json", "utf8")),
  findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_, resource) => ({
        scope: "",
        audience: "motcua",
        accessTokenFormat: "jwt",
        jwt: { sign: { alg: resource.split(":").at(-1) } },
      }),
    },
  },
  extraTokenClaims: (ctx, token) => {
    if (token.kind !== "AccessToken") return {};
    const { authTime } = ctx.oidc.entities.AuthorizationCode;
    return { auth_time: authTime, amr: ["pwd"], role: "specialist", agency: "H01.12" };
  },
});
provider.listen(Number(new URL(url).port), "127.0.0.1");
