// The API, as the page asks it.

// The API lies beside the page: on AWS below the name of its stage, as in /api/.
const base = location.pathname.replace(/\/*$/, "/");

// Problem is an answer that is none: an RFC 9457 problem, or what stands in for one.
class Problem extends Error {
  constructor(status, body) {
    super(body.detail || body.title || "no answer");
    Object.assign(this, { status, title: body.title, detail: body.detail, type: body.type || "", errors: body.errors || [] });
  }

  // unsigned is whether AWS may have refused a request because nobody signed it. API Gateway answers
  // one without a signature as it answers one for a route that there is not.
  get unsigned() {
    return this.status === 401 || this.status === 403 || this.type.endsWith("/route-not-found");
  }
}

// call asks for a path below base and returns the JSON of the answer.
async function call(path, options) {
  let response, text;
  try {
    response = await fetch(base + path, options);
    text = await response.text();
  } catch (err) {
    if (err.name === "AbortError") throw err;
    throw new Problem(0, { title: "No answer", detail: `Nothing answers at ${location.origin}. Does the local cloud still run? make up starts it.` });
  }
  let body = null;
  try {
    body = JSON.parse(text);
  } catch {
    // told below
  }
  if (!response.ok) throw new Problem(response.status, body ?? { title: `The API answered ${response.status} ${response.statusText}` });
  if (body === null) throw new Problem(response.status, { title: "The API answered something that is not JSON" });
  return body;
}

const modelPath = (model) => `v1/models/${encodeURIComponent(model)}`;

// maybe is what is asked for, or null if there is none.
async function maybe(asked) {
  try {
    return await asked;
  } catch (err) {
    if (err instanceof Problem && err.status === 404) return null;
    throw err;
  }
}

// columnsOf are the inputs of a version, with what the schema of its requests tells of their values in
// training.
async function columnsOf(manifest) {
  const schema = await call(`${modelPath(manifest.model)}/schema?version=${manifest.version}`);
  return manifest.schema.map(({ name }) => ({ name, offset: name === manifest.offset, ...schema.$defs.row.properties[name]["x-foretell"] }));
}

// requestOf is the body that asks for the prediction of a row, and for its reasons.
const requestOf = (row, which) => ({ instances: [row], ...which, explain: true });

// Asker asks for predictions of one row, of which only the last one asked for counts: an answer that
// a later question has overtaken is dropped, whatever the order in which they come.
class Asker {
  #last = 0;
  #going = null;

  // ask resolves to null if another question was asked meanwhile.
  async ask(model, which, row) {
    const mine = ++this.#last;
    this.#going?.abort();
    this.#going = new AbortController();
    try {
      const answer = await call(`${modelPath(model)}/predict`, {
        method: "POST", signal: this.#going.signal, headers: { "Content-Type": "application/json" }, body: JSON.stringify({ ...requestOf(row, which), capture: false }), // moving a slider is no traffic
      });
      return mine === this.#last ? answer : null;
    } catch (err) {
      if (mine !== this.#last) return null;
      throw err;
    }
  }

  // forget drops the answer that is awaited.
  forget() {
    this.#last++;
    this.#going?.abort();
  }
}
