/* Foretaste in the browser: what people see and do in, events at the service out. No dependencies.

   const foretaste = new Foretaste({ url: "https://recommend.example", key: "ft_…" });
   foretaste.consent(true);                       // before it nothing is sent or stored
   const list = await foretaste.recommend({ n: 5, query: "light for the night" });
   list.items.forEach((item) => foretaste.show(render(item), item, list));
   foretaste.track({ event_type: "purchase", item: "31", value: 9.9 });

   Every event gets an id when it happens, so whatever is sent twice counts once. Events wait in
   localStorage until the service has said that it has them, also while the browser is offline. */
(function (root) {
  "use strict";

  const STORE = "foretaste.";
  const KEPT = 1000; // events that wait at most; the oldest are given up
  const BATCH = 100; // events in one call
  const BEACON = 60000; // bytes: browsers take 64 KB when a page is left
  const SLOWEST = 60000; // milliseconds between two attempts

  const REFUSED_TOKEN = "urn:foretaste:problem:user-token";

  /* The events as they are sent: the token goes into a header. */
  function sendable(events) {
    return events.map(({ token, ...event }) => event);
  }

  function tokenOf(events) {
    return events.length && events[0].token ? events[0].token : null;
  }

  /* An id in an address; "." and ".." alone would be taken for steps in it. */
  function pathPart(id) {
    return (/^\.\.?$/.test(id) ? "%20" : "") + encodeURIComponent(id);
  }

  function randomId() {
    if (root.crypto.randomUUID) return root.crypto.randomUUID();
    const bytes = root.crypto.getRandomValues(new Uint8Array(16)); // on pages without TLS
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  class Foretaste {
    /* url: the service. key: one with the scopes read and events, if it asks for one; everybody
       can read it in the page. user: who is signed in, and token: what the shop's server signed
       to prove it, where the key asks for that. every: milliseconds between two sendings.
       seen: the share of an element, and seconds: how long, that make an impression. */
    constructor({
      url = "",
      key = null,
      user = null,
      token = null,
      every = 2000,
      seen = 0.5,
      seconds = 1,
    } = {}) {
      this.url = url.replace(/\/$/, "");
      this.key = key;
      this.user = user;
      this.token = token;
      this.every = every;
      this.seconds = seconds;
      this.failures = 0;
      this.sending = null;
      this.timer = null;
      this.shown = new Map(); // element → what it shows
      this.waiting = new Map(); // element → timer of its impression
      this.observer = new IntersectionObserver((found) => this._seen(found), { threshold: seen });
      this._click = (event) => this._clicked(event);
      this._leave = () => {
        if (root.document.visibilityState === "hidden") this._beacon();
      };
      this._online = () => this._soon(0);
      root.document.addEventListener("visibilitychange", this._leave);
      root.addEventListener("pagehide", this._leave);
      root.addEventListener("online", this._online);
      if (this.consented && this._queue().length) this._soon(0);
    }

    get consented() {
      return this._get("consent") === "yes";
    }

    /* Whether this person agrees. Without it nothing is sent or stored, and what was is removed. */
    consent(agreed) {
      if (agreed) {
        this._put("consent", "yes");
        this._put("session", this._get("session") || randomId());
        return;
      }
      clearTimeout(this.timer);
      this.timer = null;
      this.waiting.forEach((timer) => clearTimeout(timer));
      this.waiting.clear();
      for (const name of ["consent", "session", "queue", "identified"]) this._remove(name);
    }

    /* The anonymous visit; null without consent. */
    get session() {
      return this.consented ? this._get("session") : null;
    }

    /* Somebody signed in: what the visit did becomes theirs, on every device. token: what the
       shop's server signed to prove it; then the events name the visit alone. */
    identify(user, token = null) {
      this.user = user;
      this.token = token;
      if (token === null) this.track({ event_type: "identify", user });
      else this._proveVisit();
    }

    /* Somebody signed out: from now on this is another visit. */
    signOut() {
      this.user = this.token = null;
      if (this.consented) this._put("session", randomId());
    }

    /* Something happened: { event_type, item, value, query, recommendation_id, position, … }.
       → its event_id; null without consent. */
    track(event) {
      if (!this.consented) return null;
      if (this.token !== null) this._proveVisit();
      else if (this.user && !event.user) event = { ...event, user: this.user };
      return this._wait(event);
    }

    /* It was a mistake, or is no longer so: the event of this id (as track gave it) is as if it had
       not been. named: the session and the user that the event named, where they are not those of
       now. → what the service answers; null without consent. */
    async takeBack(eventId, named = {}) {
      if (!this.consented) return null;
      if (this.sending) await this.sending;
      const waiting = this._queue().find((event) => event.event_id === eventId);
      const { token = this.token, ...event } = waiting || {};
      const user = token === null && this.user ? this.user : undefined;
      const row = { session: this.session, user, ...this._who(event), ...named, event_id: eventId };
      // also one that waits: it may have been sent when a page was left
      this._put("queue", JSON.stringify(this._queue().filter((one) => one.event_id !== eventId)));
      const answer = await this._post("/v1/take-back", { events: [row] }, token);
      const body = await answer.json();
      if (!answer.ok) throw Object.assign(new Error(body.detail || body.title), { problem: body });
      return body;
    }

    /* Items of the shop's own, in the order that suits this person. */
    rank(candidates, asked = {}) {
      return this._list("/v1/rank", { candidates, ...asked });
    }

    /* An item as it was sent. */
    item(id) {
      return this._answer("GET", `/v1/items/${pathPart(id)}`);
    }

    /* Somebody's taste, and what they changed about their lists. null without consent. */
    profile() {
      return this._own("GET");
    }

    /* Change it: { changes, wish, less_like, reset } as in PATCH /v1/users/{id}/profile. → the
       profile as it is then; null without consent. */
    steer(changes) {
      return this._own("PATCH", changes);
    }

    /* Say something in a talk: { text, conversation_id, state } as in POST /v1/chat; null without
       consent. */
    async chat(said) {
      if (!this.consented) return null;
      const owner = { session: this.session, ...(this.user ? { user: this.user } : {}) };
      return this._answer("POST", "/v1/chat", { ...owner, ...said }, this.token);
    }

    /* What this service is, and what the key may do. */
    about() {
      return this._answer("GET", "/v1/about");
    }

    /* n people whose tastes are clear, to look at lists with; for a key of the scope admin. */
    sampleUsers(n = 8) {
      return this._answer("GET", `/v1/sample-users?n=${n}`);
    }

    /* The profile of the user or the visit. */
    async _own(method, body) {
      if (!this.consented) return null;
      const owner = this.user ? ["users", this.user] : ["sessions", this.session];
      const path = `/v1/${owner.map(pathPart).join("/")}/profile`;
      return this._answer(method, path, body, this.user ? this.token : null);
    }

    /* What an address answers. Throws an Error with the problem document. */
    async _answer(method, path, body, token = null) {
      const request = this._request(body === undefined ? undefined : JSON.stringify(body), token);
      const answer = await root.fetch(this.url + path, { ...request, method });
      const content = await answer.json();
      if (!answer.ok)
        throw Object.assign(new Error(content.detail || content.title), { problem: content });
      return content;
    }

    /* Whom an event names. */
    _who({ session, user }) {
      return session || user ? { session, user } : {};
    }

    /* Say once, with the token, that this visit is the user's. */
    _proveVisit() {
      const fact = JSON.stringify([this.session, this.user]);
      if (!this.consented || !this.user || this._get("identified") === fact) return;
      this._put("identified", fact);
      this._wait({ kind: "identify", user: this.user, token: this.token });
    }

    /* The token proves nobody (any more): the visit goes on without it. */
    _forgetToken(token) {
      this._remove("identified");
      if (this.token === token) this.user = this.token = null;
    }

    _wait(event) {
      const whole = { event_id: randomId(), at: Date.now() / 1000, session: this.session, ...event };
      this._put("queue", JSON.stringify([...this._queue(), whole].slice(-KEPT)));
      this._soon(this.every);
      return whole.event_id;
    }

    /* An element shows an item of a list: being seen is an impression, a click is a click. */
    show(element, item, list = null) {
      this.shown.set(element, {
        item: item.id,
        recommendation_id: list ? list.recommendation_id : undefined,
        position: item.position,
      });
      this.observer.observe(element);
      element.addEventListener("click", this._click);
    }

    /* The element shows it no longer. */
    hide(element) {
      this.observer.unobserve(element);
      element.removeEventListener("click", this._click);
      clearTimeout(this.waiting.get(element));
      this.waiting.delete(element);
      this.shown.delete(element);
    }

    /* Lists: fields as in POST /v1/recommend and the others. Without consent they are anybody's:
       no one is named, and the service keeps nothing of the question. */
    recommend(asked = {}) {
      return this._list("/v1/recommend", asked);
    }

    search(query, asked = {}) {
      return this._list("/v1/search", { query, ...asked });
    }

    similar(item, asked = {}) {
      return this._list("/v1/similar", { item, ...asked });
    }

    boughtTogether(item, asked = {}) {
      return this._list("/v1/bought-together", { item, ...asked });
    }

    /* Several lists at once, no item twice: shelves as in POST /v1/page, or the names of kinds. Each
       has a recommendation_id of its own: give show() the shelf as its list. onShelf: called with
       each shelf as soon as it is made, while the others are not there yet. */
    page(shelves, asked = {}, onShelf = null) {
      const rows = shelves.map((shelf) => (typeof shelf === "string" ? { kind: shelf } : shelf));
      if (!onShelf) return this._list("/v1/page", { shelves: rows, ...asked });
      const read = (answer) => this._parts(answer, onShelf);
      return this._list("/v1/page", { shelves: rows, stream: true, ...asked }, read);
    }

    /* What people can choose by, with counts: fields as in POST /v1/facets. */
    facets(asked = {}) {
      return this._list("/v1/facets", asked);
    }

    /* What may be meant by what was typed so far. An answer that comes after a later one was asked
       for is null: show the newest alone. */
    async suggest(typed, asked = {}) {
      const turn = (this.typed = (this.typed || 0) + 1);
      const told = await this._look("/v1/suggest", { q: typed, ...asked });
      return turn === this.typed ? told : null;
    }

    /* An item as people read it, what is similar, and what is taken together with it. */
    itemPage(item, asked = {}) {
      const steps = item === "." || item === ".." ? ` ${item}` : item; // else a step in the address
      const incognito = this.consented ? {} : { incognito: true };
      return this._look(`/v1/items/${encodeURIComponent(steps)}/page`, { ...incognito, ...asked });
    }

    /* Send what waits, now. → how many events still wait. */
    async flush() {
      if (!this.sending) this.sending = this._send().finally(() => (this.sending = null));
      await this.sending;
      return this._queue().length;
    }

    /* The parts of a page, a line each. → the whole page. */
    async _parts(answer, onShelf) {
      const page = { model_version: "", shelves: [], left_out: [] };
      const take = (line) => {
        if (!line) return;
        const part = JSON.parse(line);
        page.model_version = part.model_version;
        page.left_out.push(...part.left_out);
        for (const shelf of part.shelves) {
          page.shelves.push(shelf);
          onShelf(shelf, page);
        }
      };
      const reader = answer.body.getReader();
      const decoder = new TextDecoder();
      let text = "";
      for (;;) {
        const { done, value } = await reader.read();
        text += done ? decoder.decode() : decoder.decode(value, { stream: true });
        const lines = text.split("\n");
        text = lines.pop();
        lines.forEach(take);
        if (done) break;
      }
      take(text);
      return page;
    }

    /* read: what makes something of an answer that is none of an error; without it, its JSON. */
    async _list(path, asked, read = null) {
      const who = this.consented
        ? { session: this.session, ...(this.user ? { user: this.user } : {}) }
        : { incognito: true };
      const body = asked.next_page_of ? asked : { ...who, ...asked };
      const token = body.user ? this.token : null;
      const answer = await this._post(path, body, token);
      if (read && answer.ok) return read(answer);
      const told = await answer.json();
      if (token !== null && told.type === REFUSED_TOKEN) {
        this._forgetToken(token);
        return this._list(path, asked, read);
      }
      if (!answer.ok) throw Object.assign(new Error(told.detail || told.title), { problem: told });
      return told;
    }

    async _look(path, asked) {
      const who = this.consented
        ? { session: this.session, ...(this.user ? { user: this.user } : {}) }
        : {};
      const fields = Object.entries({ ...who, ...asked }).filter(([, value]) => value != null);
      const query = new URLSearchParams(
        fields.map(([name, value]) => [
          name,
          typeof value === "object" ? JSON.stringify(value) : String(value),
        ])
      );
      const token = query.has("user") ? this.token : null;
      const { headers, credentials } = this._request(undefined, token);
      delete headers["Content-Type"];
      const answer = await root.fetch(`${this.url}${path}?${query}`, { headers, credentials });
      const told = await answer.json();
      if (token !== null && told.type === REFUSED_TOKEN) {
        this._forgetToken(token);
        return this._look(path, asked);
      }
      if (!answer.ok) throw Object.assign(new Error(told.detail || told.title), { problem: told });
      return told;
    }

    async _send() {
      clearTimeout(this.timer);
      this.timer = null;
      let some = this._batch();
      while (this.consented && some.length) {
        let status = 0;
        const token = tokenOf(some);
        let answer = null;
        try {
          answer = await this._post("/v1/events", { events: sendable(some) }, token);
          status = answer.status;
        } catch {
          // no connection: they wait
        }
        if (status === 0 || status === 401 || status === 403 || status === 429 || status >= 500) {
          this.failures += 1;
          const pause = Math.min(this.every * 2 ** this.failures, SLOWEST);
          this._soon(pause * (0.5 + Math.random() / 2));
          return;
        }
        // taken, a duplicate, or refused for good: in each case there is no use in sending them again
        this.failures = 0;
        if (status < 400) await this._warn(answer);
        if (token !== null && status >= 400) this._forgetToken(token);
        const sent = new Set(some.map((event) => event.event_id));
        this._put("queue", JSON.stringify(this._queue().filter((one) => !sent.has(one.event_id))));
        some = this._batch();
      }
    }

    /* An id that was used for two events is a mistake of the page: its author sees it here. The
       same event at another time is none: a page that thanks for an order may be loaded again. */
    async _warn(answer) {
      const { conflicts = [] } = await answer.json().catch(() => ({}));
      for (const { event_id, fields, problem, remedy } of conflicts)
        if (fields.some((field) => field !== "at"))
          root.console.warn(`foretaste: event ${event_id}: ${problem}; ${remedy}`);
    }

    /* What is sent next: events that one token proves, or none. */
    _batch() {
      const queue = this._queue().slice(0, BATCH);
      const end = queue.findIndex((event) => event.token !== queue[0].token);
      return end < 0 ? queue : queue.slice(0, end);
    }

    /* The page is being left: what waits is sent without waiting for an answer, and stays in the
       queue. Whether it arrived is not known; the next page sends it again, and it counts once. */
    _beacon() {
      if (!this.consented) return;
      const some = this._batch();
      let body = JSON.stringify({ events: sendable(some) });
      while (body.length > BEACON && some.length > 1) {
        some.length = Math.floor(some.length / 2);
        body = JSON.stringify({ events: sendable(some) });
      }
      if (!some.length) return;
      const address = `${this.url}/v1/events`;
      if (this.key) {
        // a beacon cannot carry a key; a request that outlives the page can
        root.fetch(address, this._request(body, tokenOf(some), true)).catch(() => {});
      } else {
        root.navigator.sendBeacon(address, new Blob([body], { type: "application/json" }));
      }
    }

    _request(body, token = null, keepalive = false) {
      const headers = { "Content-Type": "application/json" };
      if (this.key) headers["X-API-Key"] = this.key;
      if (token !== null) headers["X-User-Token"] = token;
      return { method: "POST", headers, body, keepalive, credentials: "omit" };
    }

    _post(path, body, token = null) {
      return root.fetch(this.url + path, this._request(JSON.stringify(body), token));
    }

    _soon(pause) {
      if (this.timer !== null && pause) return;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => {
        this.timer = null;
        this.flush().then((left) => {
          if (left && this.timer === null && this.consented) this._soon(this.every);
        });
      }, pause);
    }

    _seen(found) {
      for (const { target, isIntersecting } of found) {
        if (!isIntersecting) {
          clearTimeout(this.waiting.get(target));
          this.waiting.delete(target);
        } else if (this.consented && this.shown.has(target) && !this.waiting.has(target)) {
          const timer = setTimeout(() => {
            this.waiting.delete(target);
            this.observer.unobserve(target); // once an element
            const what = this.shown.get(target);
            if (what) this.track({ event_type: "impression", ...what });
          }, this.seconds * 1000);
          this.waiting.set(target, timer);
        }
      }
    }

    _clicked(event) {
      const what = this.shown.get(event.currentTarget);
      if (what) this.track({ event_type: "click", ...what });
    }

    _queue() {
      try {
        const kept = JSON.parse(this._get("queue") || "[]");
        return Array.isArray(kept) ? kept : [];
      } catch {
        return [];
      }
    }

    _get(name) {
      try {
        return root.localStorage.getItem(STORE + name);
      } catch {
        return null; // storage is forbidden here: then there is no consent either
      }
    }

    _put(name, value) {
      try {
        root.localStorage.setItem(STORE + name, value);
      } catch {
        // full or forbidden
      }
    }

    _remove(name) {
      try {
        root.localStorage.removeItem(STORE + name);
      } catch {
        // forbidden
      }
    }
  }

  root.Foretaste = Foretaste;
})(window);
