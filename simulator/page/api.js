// The control API. Every refusal becomes an Error whose message a person can read.

async function call(method, path, body) {
  const options = { method, headers: { accept: "application/json" } };
  if (body !== undefined) {
    options.headers["content-type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    const error = new Error("The simulator does not answer.");
    error.isOffline = true;
    throw error;
  }
  const answer = await response.json().catch(() => null);
  if (!response.ok) {
    const error = new Error(answer?.error ?? `The simulator answered ${response.status}.`);
    error.status = response.status;
    throw error;
  }
  return answer;
}

export const users = () => call("GET", "/sim/users");
export const chats = () => call("GET", "/sim/chats");
export const commands = () => call("GET", "/sim/commands");
export const saveUser = (id, profile) => call("POST", `/sim/users/${id}`, profile);
export const clear = (id) => call("DELETE", `/sim/chats/${id}`);
export const send = (id, message) => call("POST", `/sim/users/${id}/send`, message);
export const log = (since) => call("GET", `/sim/log?since=${since}`);

export function press(id, messageId, row, column) {
  return call("POST", `/sim/users/${id}/press`, { chat_id: id, message_id: messageId, button: [row, column] });
}

/** The transcript; of a chat that nobody has written in, an empty one. */
export async function chat(id) {
  try {
    return await call("GET", `/sim/chats/${id}`);
  } catch (error) {
    if (error.status === 404) return { id, messages: [], action: null, reply_keyboard: null };
    throw error;
  }
}

/** Calls `changed(chatId)` for every change, with null when anything may have changed, and `state(isOpen)`. */
export function watch(changed, state) {
  const source = new EventSource("/sim/events");
  source.addEventListener("chat", (event) => changed(JSON.parse(event.data).chat_id));
  source.addEventListener("all", () => changed(null));
  source.addEventListener("open", () => {
    state(true);
    changed(null);
  });
  source.addEventListener("error", () => {
    state(false);
    // The browser gives up for good on some failures; a new source does not.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => watch(changed, state), 2000);
  });
}
