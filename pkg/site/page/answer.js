// What a prediction looks like: a headline that stays in view, and below it probabilities or an
// interval, reasons, warnings, and the same request for other clients.

const mostClasses = 10, mostReasons = 8;

class AnswerView {
  #manifest;
  #seen = null; // the least and greatest value so far, so that the axis of values stands still
  constructor(manifest) {
    this.#manifest = manifest;
    this.headline = el("div", { class: "headline", role: "status" });
    this.details = el("div", { class: "details" });
  }

  // waiting dims what is shown while another answer is on its way.
  waiting(yes) {
    this.headline.ariaBusy = this.details.ariaBusy = String(yes);
  }

  // show draws an answer, with the warnings that no field shows.
  show(answer, warnings, request, milliseconds) {
    this.waiting(false);
    const { target } = this.#manifest;
    const [prediction] = answer.predictions;
    fill(this.headline, el("p", { class: "soft" }, target), this.#head(prediction));
    fill(this.details,
      prediction.probabilities ? this.#probabilities(prediction) : null,
      prediction.interval ? this.#interval(prediction, answer.coverage) : null,
      prediction.reasons ? this.#reasons(prediction.reasons) : null,
      warnings.length ? el("section", { class: "warnings" }, el("h3", {}, counted(warnings.length, "warning")),
        el("ul", {}, warnings.map((w) => el("li", {}, w.column ? el("b", {}, `${w.column}: `) : null, w.detail)))) : null,
      el("p", { class: "soft small" }, `Answered by version ${answer.version}${answer.alias ? ` (${answer.alias})` : ""}, sha256 `, el("code", { title: answer.digest }, answer.digest.slice(0, 12)), `, in ${milliseconds.toFixed(0)} ms.`),
      this.#same(request, answer));
  }

  // refuse shows a problem in place of a prediction, without the faults that fields show.
  refuse(err, faults) {
    this.waiting(false);
    fill(this.headline, el("p", { class: "soft" }, this.#manifest.target), el("p", { class: "big" }, "No prediction"));
    fill(this.details, troubleOf(err, faults));
  }

  #head(prediction) {
    if (prediction.class === undefined) {
      return [el("p", { class: "big" }, number(prediction.value)),
        prediction.interval ? el("p", { class: "beside" }, `${number(prediction.interval[0])} to ${number(prediction.interval[1])}`) : null];
    }
    const p = prediction.probabilities?.[prediction.class];
    return [el("p", { class: "big" }, prediction.class), p === undefined ? null : el("p", { class: "beside" }, percent(p))];
  }

  #probabilities({ probabilities, class: served }) {
    const order = this.#manifest.classes ?? Object.keys(probabilities);
    const likeliest = [...order].sort((a, b) => probabilities[b] - probabilities[a]).slice(0, mostClasses);
    const shown = order.length <= mostClasses ? order : likeliest; // few stay where they are
    const rest = order.filter((name) => !shown.includes(name));
    const line = (name, p, kind) => el("li", { class: kind }, el("span", { class: "name" }, name), el("span", { class: "n" }, percent(p)), bar(0, p, kind));
    return el("section", { class: "probabilities" }, el("h3", {}, "Probabilities"), el("ul", { class: "bars" },
      shown.map((name) => line(name, probabilities[name], name === served ? "served" : "")),
      rest.length ? line(`${rest.length} other classes`, rest.reduce((sum, name) => sum + probabilities[name], 0), "rest") : null));
  }

  #interval({ value, interval: [low, high] }, coverage) {
    const [least, greatest] = (this.#seen = [Math.min(low, this.#seen?.[0] ?? low), Math.max(high, this.#seen?.[1] ?? high)]);
    const at = (v) => (greatest > least ? (v - least) / (greatest - least) : 0.5);
    const axis = bar(at(low), at(high), "within");
    const mark = el("i", { class: "mark" });
    mark.style.setProperty("left", `${(at(value) * 100).toFixed(2)}%`);
    axis.append(mark);
    return el("section", { class: "interval" }, el("h3", {}, coverage ? `Interval that holds the true value ${(coverage * 100).toFixed(0)} times in 100` : "Interval"),
      axis, el("p", { class: "ends soft small", "aria-hidden": "true" }, el("span", {}, number(least)), el("span", {}, number(greatest))));
  }

  #reasons({ scale, method, class: about, base, score, contributions }) {
    const all = Object.entries(contributions).sort(([, a], [, b]) => Math.abs(b) - Math.abs(a));
    const rows = all.slice(0, all.length > mostReasons + 1 ? mostReasons : all.length);
    const rest = all.slice(rows.length);
    if (rest.length) rows.push([`${rest.length} other columns`, rest.reduce((sum, [, v]) => sum + v, 0)]);
    const most = Math.max(...rows.map(([, v]) => Math.abs(v)), Number.MIN_VALUE);
    const unit = { log_odds: "log odds", softmax: "score", log: "logarithm of the value" }[scale] ?? (about === undefined ? "" : "probability");
    return el("section", { class: "reasons" }, el("h3", {}, `What each column adds${about === undefined ? "" : ` for ${about}`}`),
      el("ul", { class: "bars" }, rows.map(([name, v]) => el("li", {}, el("span", { class: "name" }, name), el("span", { class: "n" }, signed(v)),
        v < 0 ? bar(0.5 - 0.5 * (-v / most), 0.5, "less") : bar(0.5, 0.5 + 0.5 * (v / most), "more")))),
      el("p", { class: "soft small" }, `From ${number(base, 4).replace("-", "−")} without knowing the row to ${number(score, 4).replace("-", "−")}${unit ? `, ${unit}` : ""}${method === "sampled" ? "; estimated by sampling" : ""}.`));
  }

  // #same is the request for those who write a program.
  #same({ path, body }, answer) {
    const open = this.details.querySelector("details")?.open;
    const quoted = JSON.stringify(body).replaceAll("'", "'\\''");
    return el("details", { open }, el("summary", {}, "The same by curl"),
      el("pre", { tabindex: "0" }, `curl -s ${location.origin}${path} -d '${quoted}'`),
      el("pre", { tabindex: "0" }, JSON.stringify(answer, null, 1)));
  }
}
