// Elements and numbers.

// el makes an element. Texts are texts: nothing that the API answers becomes markup.
function el(tag, attributes, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) e.addEventListener(name.slice(2), value);
    else if (value === true) e.setAttribute(name, "");
    else if (value !== false && value !== undefined && value !== null) e.setAttribute(name, value);
  }
  e.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return e;
}

// fill replaces what is in an element.
function fill(e, ...children) {
  e.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
}

const formats = [2, 3, 4, 5, 6].map((digits) => new Intl.NumberFormat("en", { maximumSignificantDigits: digits }));

// number shows six significant digits at most, and what is very great or small by its exponent.
function number(v, digits = 6) {
  const size = Math.abs(v);
  if (size !== 0 && (size >= 1e12 || size < 1e-5)) return v.toExponential(Math.max(digits - 2, 1));
  return size >= 10 ** digits ? new Intl.NumberFormat("en", { maximumFractionDigits: 0 }).format(v) : formats[digits - 2].format(v);
}

// signed has a sign that is as wide as a plus.
const signed = (v) => (v > 0 ? "+" : "") + number(v, 3).replace("-", "−");

// percent never rounds to a certainty that nobody promised.
function percent(p) {
  if (p > 0 && p < 0.001) return "< 0.1 %";
  if (p < 1 && p > 0.999) return "> 99.9 %";
  return `${(p * 100).toFixed(1)} %`;
}

// counted is "1 row", "2 rows".
const counted = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;

// bar is a length from the share at which it starts to the one at which it ends. The policy of the page
// has no style attributes, but scripts may set properties.
function bar(from, to, kind) {
  const inner = el("i", { class: kind });
  inner.style.setProperty("left", `${(from * 100).toFixed(2)}%`);
  inner.style.setProperty("width", `${((to - from) * 100).toFixed(2)}%`);
  return el("span", { class: "bar", "aria-hidden": "true" }, inner);
}

// troubleOf shows a problem: what it is, what to do, and each fault of which no field shows it.
function troubleOf(err, faults = err.errors ?? []) {
  if (err instanceof Problem && err.unsigned) {
    return el("div", { class: "trouble" }, el("h2", {}, "The API refuses requests that are not signed"),
      el("p", {}, "On AWS every request needs a signature by AWS credentials (Signature Version 4), and browsers do not sign. Use this page in the local cloud (make up), or through a proxy that signs requests to the API."),
      el("p", { class: "soft" }, `It answered ${err.status}: ${err.message}`));
  }
  return el("div", { class: "trouble" }, el("h2", {}, err.title || "Something went wrong"),
    err.detail !== undefined || !(err instanceof Problem) ? el("p", {}, err.message) : null,
    faults.length ? el("ul", {}, faults.slice(0, 20).map((fault) => el("li", {}, fault.column ? el("b", {}, `${fault.column}: `) : null, fault.detail))) : null);
}
