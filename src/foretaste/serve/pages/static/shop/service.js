/* The service as the shop window uses it: the client for browsers, /client.js, and nothing else.

   One tab is one visitor: its session and its person are in sessionStorage, so that two tabs, or two
   browsers, never mix. Events wait in the client's queue until the service has them. */

import { Problem, key, language, t } from "../base.js";

const PERSON = "foretaste.person";
const SESSION = "foretaste.tab-session";

class TabClient extends globalThis.Foretaste {
  get session() {
    if (!this.consented) return null;
    const session = sessionStorage.getItem(SESSION);
    return session || this.signOut();
  }

  /* In the language of the page, which may be another than the browser's. */
  _request(body, token, keepalive) {
    const request = super._request(body, token, keepalive);
    request.headers["Accept-Language"] = language;
    return request;
  }

  signOut() {
    this.user = null;
    const bytes = crypto.getRandomValues(new Uint8Array(12));
    const session = `visit-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
    sessionStorage.setItem(SESSION, session);
    return session;
  }
}

export const client = new TabClient({ key: key.value, every: 1500 });
client.consent(true);

/* The person of this tab: { user, … } of /v1/sample-users, { isNew: true }, or null. */
export function person() {
  try {
    return JSON.parse(sessionStorage.getItem(PERSON));
  } catch {
    return null;
  }
}

/* From now on this tab is somebody else's: what was done before stays the other's. */
export function become(somebody) {
  client.signOut();
  client.user = somebody && somebody.user ? somebody.user : null;
  if (somebody) sessionStorage.setItem(PERSON, JSON.stringify(somebody));
  else sessionStorage.removeItem(PERSON);
}

export function resume() {
  const somebody = person();
  client.user = somebody && somebody.user ? somebody.user : null;
  client.key = key.value;
  return somebody;
}

/* What the client threw, as a Problem; a bad key is told to the page. */
export function problemOf(error) {
  if (error instanceof Problem) return error;
  if (error.problem) {
    const problem = new Problem(error.problem.status || 500, error.problem);
    if (problem.isKeyProblem) dispatchEvent(new CustomEvent("foretaste:key", { detail: problem }));
    return problem;
  }
  if (error instanceof TypeError && /fetch|network|load/i.test(error.message)) return new Problem(0);
  if (error instanceof SyntaxError) return new Problem(0);
  return new Problem(500, { title: t("This page made a mistake"), detail: error.message });
}

/* What every question has; whoever looks at the page would rather wait than see a lesser list. */
export const ASKED = { language };
export const LIST = { language, timeout_ms: 3000 };
