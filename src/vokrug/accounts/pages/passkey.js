// Talks to the device's passkeys. A form names where it goes with data-passkey (sign in) or data-new-passkey (make one);
// its fields go along. Without passkeys on the device the form stays hidden, and all else works as before.
"use strict";

const fromText = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

async function post(address, fields) {
  const answer = await fetch(address, { method: "POST", body: new URLSearchParams(fields), redirect: "error" });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

async function ask(options) {
  options.challenge = fromText(options.challenge);
  for (const one of options.allowCredentials ?? []) one.id = fromText(one.id);
  const found = await navigator.credentials.get({ publicKey: options });
  return {
    id: found.id,
    rawId: toText(found.rawId),
    type: found.type,
    response: {
      authenticatorData: toText(found.response.authenticatorData),
      clientDataJSON: toText(found.response.clientDataJSON),
      signature: toText(found.response.signature),
      userHandle: found.response.userHandle ? toText(found.response.userHandle) : null,
    },
  };
}

async function make(options) {
  options.challenge = fromText(options.challenge);
  options.user.id = fromText(options.user.id);
  for (const one of options.excludeCredentials ?? []) one.id = fromText(one.id);
  const made = await navigator.credentials.create({ publicKey: options });
  return {
    id: made.id,
    rawId: toText(made.rawId),
    type: made.type,
    response: {
      attestationObject: toText(made.response.attestationObject),
      clientDataJSON: toText(made.response.clientDataJSON),
    },
  };
}

for (const form of document.querySelectorAll("form[data-passkey], form[data-new-passkey]")) {
  if (!window.PublicKeyCredential) continue;
  const isNew = "newPasskey" in form.dataset;
  const address = isNew ? form.dataset.newPasskey : form.dataset.passkey;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const words = form.querySelector("[role=alert]");
    words.hidden = true;
    try {
      const fields = Object.fromEntries(new FormData(form));
      const begun = await post(`${address}-options`, fields);
      const credential = JSON.stringify(await (isNew ? make : ask)(begun.options));
      const done = await post(address, { ...fields, attempt: begun.attempt, credential });
      location.assign(done.go);
    } catch {
      words.hidden = false;
    }
  });
}
