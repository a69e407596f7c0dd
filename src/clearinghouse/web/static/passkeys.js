// Lets the browser make and use passkeys: the one thing here that browsers offer to scripts alone.
// Each form marked data-passkey holds its options as JSON, or names the address that gives them.
"use strict";
(() => {
  const bytes = (text) => {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  };
  const text = (buffer) => {
    const plain = String.fromCharCode(...new Uint8Array(buffer));
    return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  };
  const withBytes = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  const create = async (options, form) => {
    const asked = { ...options.publicKey };
    asked.challenge = bytes(asked.challenge);
    asked.user = { ...asked.user, id: bytes(asked.user.id) };
    asked.excludeCredentials = withBytes(asked.excludeCredentials);
    if (form.elements.passwordless && form.elements.passwordless.checked) {
      asked.authenticatorSelection = {
        ...asked.authenticatorSelection,
        residentKey: "required",
        requireResidentKey: true,
        userVerification: "required",
      };
    }
    return navigator.credentials.create({ publicKey: asked });
  };
  const get = async (options) => {
    const asked = { ...options.publicKey };
    asked.challenge = bytes(asked.challenge);
    asked.allowCredentials = withBytes(asked.allowCredentials);
    return navigator.credentials.get({ publicKey: asked });
  };

  const asJson = (credential) => {
    const response = {};
    for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[part]) response[part] = text(credential.response[part]);
    }
    return JSON.stringify({
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      authenticatorAttachment: credential.authenticatorAttachment,
      clientExtensionResults: credential.getClientExtensionResults(),
      response,
    });
  };
  const optionsOf = async (form) => {
    const data = form.querySelector("#passkey-options");
    if (data) return JSON.parse(data.textContent);
    const answer = await fetch(form.dataset.options, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error("Too many attempts. Please wait a few minutes.");
    return answer.json();
  };

  const start = (form) => {
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const problem = form.querySelector("[data-problem]");
      problem.hidden = true;
      try {
        const data = await optionsOf(form);
        const making = form.dataset.passkey === "create";
        const credential = making ? await create(data.creation_options, form) : await get(data.request_options);
        form.elements.credential.value = asJson(credential);
        form.submit();
      } catch (error) {
        const refused = error.name === "NotAllowedError";
        problem.textContent = refused ? "No passkey was used." : error.message;
        problem.hidden = false;
      }
    });
  };
  if (window.PublicKeyCredential) document.querySelectorAll("form[data-passkey]").forEach(start);
})();
