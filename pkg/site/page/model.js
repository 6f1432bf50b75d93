// A model: which version, its facts, the form, the prediction, and the leaderboard of its run.

const pause = 120; // ms without another change before a prediction is asked for
const mostTrials = 10;

// choicesOf are what people may ask for: the aliases, champion first, and all versions, the newest first.
function choicesOf({ aliases, versions }) {
  const named = Object.entries(aliases ?? {}).sort(([a], [b]) => (b === "champion") - (a === "champion") || (a < b ? -1 : 1));
  return [...named.map(([alias, { version }]) => ({ text: `${alias} (version ${version})`, version, which: { alias }, key: alias })),
    ...versions.toReversed().map(({ version }) => ({ text: `version ${version}`, version, which: { version }, key: String(version) }))];
}

class ModelView {
  #choice;
  #manifest;
  #fields;
  #answer;
  #asker = new Asker();
  #timer = 0;

  constructor(name) {
    this.name = name;
    this.element = document.getElementById("model");
  }

  // open shows the model at one of its choices, by the key of that.
  async open(key) {
    const model = await call(modelPath(this.name));
    const choices = choicesOf(model);
    this.#choice = choices.find((choice) => choice.key === key) ?? choices[0];
    if (!this.#choice) throw new Problem(404, { title: `Model ${this.name} has no version` });
    const version = `${modelPath(this.name)}/versions/${this.#choice.version}`;
    const [manifest, card] = await Promise.all([call(version), maybe(call(`${version}/card`))]);
    const [columns, board] = await Promise.all([columnsOf(manifest), maybe(call(`v1/runs/${encodeURIComponent(manifest.run)}/leaderboard`))]);
    if (this.closed) return;
    this.#manifest = manifest;
    this.#answer = new AnswerView(manifest);
    this.#fields = columns.map((column) => fieldOf(column, () => this.#changed()));
    this.#draw(choices, card, board, version);
    this.#reset();
  }

  close() {
    this.closed = true;
    clearTimeout(this.#timer);
    this.#asker.forget();
  }

  #draw(choices, card, board, version) {
    const m = this.#manifest;
    const which = el("select", { id: "version", onchange: () => go(this.name, choices[which.selectedIndex].key) },
      choices.map((choice) => el("option", { selected: choice === this.#choice }, choice.text)));
    const order = new Map((card?.importance ?? []).map(({ column }, i) => [column, i])); // what matters most comes first
    const sorted = [...this.#fields].sort((a, b) => (order.get(a.column.name) ?? order.size) - (order.get(b.column.name) ?? order.size));
    fill(this.element,
      el("div", { class: "top" }, el("h1", {}, this.name), el("p", { class: "version" }, el("label", { for: "version" }, "Version"), " ", which)),
      el("dl", { class: "facts" }, this.#facts(card).map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))),
      el("div", { class: "try" },
        el("form", { "aria-label": `A row for ${this.name}`, onsubmit: (event) => event.preventDefault() },
          el("div", { class: "tools" }, el("h2", {}, "A row"), el("button", { type: "button", onclick: () => this.#reset() }, "Reset")),
          sorted.map((field) => field.element)),
        el("div", { class: "answer", role: "region", "aria-label": "Prediction" }, this.#answer.headline, this.#answer.details)),
      board ? boardOf(board, m) : null,
      el("p", { class: "links" }, card ? [el("a", { href: `${base}v1/runs/${encodeURIComponent(m.run)}/report` }, "Report of the run"), " ", el("a", { href: `${base}${version}/card` }, "Model card"), " "] : null,
        el("a", { href: base + version }, "Manifest")));
  }

  #facts(card) {
    const m = this.#manifest;
    const tested = card?.quality.tested?.find(({ metric }) => metric === m.metric);
    return [["predicts", m.target], ["task", m.task], ["learner", m.learner], [`${m.metric}${tested ? ", tested" : ""}`, number(tested?.score ?? m.score, 4)], ["rows learned from", number(m.rows, 6)], ["sha256", el("code", { title: m.digest }, m.digest.slice(0, 12))]];
  }

  #reset() {
    for (const field of this.#fields) field.set(undefined);
    this.#predict();
  }

  #changed() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#predict(), pause);
  }

  async #predict() {
    clearTimeout(this.#timer);
    const values = this.#fields.map((field) => [field.column.name, field.value()]);
    const unreadable = this.#fields.filter((_, i) => values[i][1] === undefined);
    if (unreadable.length) {
      this.#asker.forget();
      for (const field of this.#fields) field.say(unreadable.includes(field) ? "not a value of this column" : "", "error");
      this.#answer.refuse(new Problem(0, { title: "A field has no value that can be sent" }), []);
      return;
    }
    const row = Object.fromEntries(values);
    this.#answer.waiting(true);
    const began = performance.now();
    try {
      const answer = await this.#asker.ask(this.name, this.#choice.which, row);
      if (answer === null) return;
      const warnings = this.#say(answer.warnings ?? [], "warning");
      this.#answer.show(answer, warnings, { path: `${base}${modelPath(this.name)}/predict`, body: requestOf(row, this.#choice.which) }, performance.now() - began);
    } catch (err) {
      this.#answer.refuse(err, this.#say(err.errors ?? [], "error"));
    }
  }

  // #say tells each field what is said of its column, and returns what is of none.
  #say(said, severity) {
    for (const field of this.#fields) field.say(said.filter(({ column }) => column === field.column.name).map(({ detail }) => detail).join("; "), severity);
    return said.filter(({ column }) => !this.#fields.some((field) => field.column.name === column));
  }
}

// boardOf is the leaderboard of the run that made a version.
function boardOf({ metric, standings, so_far: soFar }, { members }) {
  const served = new Set((members ?? []).map(({ trial }) => trial));
  const shown = standings.slice(0, mostTrials);
  const line = (s, i) => el("tr", { class: served.has(s.trial) ? "in" : "" },
    el("td", { class: "n" }, s.error ? "" : i + 1), el("td", {}, s.learner), el("td", { class: "n" }, s.error ? "failed" : number(s.score, 4)),
    el("td", { class: "n" }, s.standard_error ? number(s.standard_error, 2) : ""), el("td", {}, served.has(s.trial) ? "yes" : ""),
    el("td", { class: "params" }, s.error ?? Object.entries(s.params ?? {}).map(([name, value]) => `${name}=${typeof value === "number" ? number(value, 3) : value}`).join(" ")));
  return el("section", { class: "board" }, el("h2", {}, `Leaderboard of its run${soFar ? ", so far" : ""}`),
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Leaderboard" }, el("table", {},
      el("thead", {}, el("tr", {}, ["rank", "learner", metric, "± s.e.", "in this version", "parameters"].map((text, i) => el("th", { scope: "col", class: [0, 2, 3].includes(i) ? "n" : "" }, text)))),
      el("tbody", {}, shown.map(line)))),
    standings.length > shown.length ? el("p", { class: "soft small" }, `The best ${shown.length} of ${standings.length}; the report has all.`) : null);
}
