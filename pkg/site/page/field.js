// A field for each column of a model. Each has the element, value() and set(value); null is a missing
// value, undefined one that cannot be sent.

const mostOptions = 100; // of a select; beyond, a text with suggestions
const mostSuggestions = 1000;

let fields = 0; // that were made, for ids

// fieldOf is the field of a column, which calls changed when people change it.
function fieldOf(column, changed) {
  const id = `f${++fields}`;
  const make = { numeric: numberField, boolean: choiceField, categorical: choiceField, timestamp: momentField }[column.type] ?? textField;
  const input = make(column, id, changed);
  const note = el("p", { class: "note", id: `${id}-note` });
  const hint = el("span", { class: "hint", id: `${id}-hint` }, hintOf(column));
  const element = el("div", { class: `field ${column.type}` }, el("label", { for: id, id: `${id}-label` }, column.name), hint, ...input.elements, note);
  const main = input.main;
  main.setAttribute("aria-describedby", `${id}-hint ${id}-note`);
  return {
    column, element, value: input.value, set: input.set, focus: () => main.focus(),
    // say shows what is wrong ("error") or odd ("warning") about the value; without a text nothing is.
    say(text, severity) {
      note.textContent = text ?? "";
      element.dataset.severity = text ? severity : "";
      main.setAttribute("aria-invalid", String(Boolean(text) && severity === "error"));
    },
  };
}

// plain is a number as people write it into a field: a year has no comma.
const plain = (v) => String(Number(v.toPrecision(6)));

function hintOf(column) {
  const range = column.type === "numeric" && column.min !== undefined ? `${plain(column.min)} to ${plain(column.max)}` : "";
  if (column.offset) return range ? `logarithm of the exposure, ${range}` : "logarithm of the exposure";
  return range || { numeric: "number", boolean: "yes or no", timestamp: "moment, UTC", text: "text" }[column.type] || counted(column.levels?.length ?? 0, "level");
}

// scaleOf is where a slider runs: over what training saw, else over what numbers often are. A step is
// a round number, and whole where the values are.
function scaleOf({ min, max, median, integers, offset }) {
  if (min === undefined || max === undefined || !(max > min)) {
    if (offset) return { low: -5, high: 5, step: 0.1, start: 0 };
    const around = min ?? 0;
    return around === 0 ? { low: 0, high: 100, step: 1, start: around } : { low: around - Math.abs(around), high: around + Math.abs(around), step: 10 ** Math.floor(Math.log10(Math.abs(around) / 50)), start: around };
  }
  const whole = integers ?? (Number.isInteger(min) && Number.isInteger(max) && max - min >= 5);
  const fine = 10 ** Math.floor(Math.log10((max - min) / 100));
  const step = whole ? Math.max(1, fine) : fine;
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  const start = median ?? (min <= 0 && max >= 0 && offset ? 0 : Number(((min + max) / 2).toFixed(whole ? 0 : digits)));
  return { low: min, high: max, step, start };
}

function numberField(column, id, changed) {
  const { low, high, step, start } = scaleOf(column);
  // Any number can be written; the slider is only quick.
  const main = el("input", { id, type: "number", step: "any", inputmode: "decimal", placeholder: "missing", autocomplete: "off" });
  // The least value is where its steps start from, and need not be round.
  const slider = el("input", { type: "range", min: low, max: high, step: "any", "aria-labelledby": `${id}-label` });
  const follow = () => {
    const missing = main.value === "";
    slider.classList.toggle("missing", missing);
    slider.setAttribute("aria-valuetext", missing ? "missing" : main.value);
    if (!missing) slider.value = main.value;
  };
  const slide = (value) => {
    main.value = Number(value.toPrecision(12));
    follow();
    changed();
  };
  const rounded = (value) => Math.min(high, Math.max(low, Math.round(value / step) * step));
  slider.addEventListener("input", () => slide(rounded(slider.valueAsNumber)));
  slider.addEventListener("keydown", (event) => {
    const by = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 10, PageDown: -10 }[event.key];
    if (by === undefined) return;
    event.preventDefault(); // else it goes by hundredths of the range
    slide(rounded((main.value === "" ? start : Number(main.value)) + by * step));
  });
  main.addEventListener("input", () => {
    follow();
    changed();
  });
  return {
    main, elements: [slider, main],
    value: () => (main.validity.badInput ? undefined : main.value === "" ? null : Number(main.value)),
    set(value) {
      main.value = value === undefined ? start : value ?? "";
      follow();
    },
  };
}

// choiceField is of truth values and categories.
function choiceField(column, id, changed) {
  const values = column.type === "boolean" ? [true, false] : column.levels ?? [];
  if (values.length > mostOptions) return suggestField(column, id, changed, values);
  const texts = column.type === "boolean" ? ["yes", "no"] : values;
  const main = el("select", { id, onchange: changed }, el("option", { value: "" }, "missing"), texts.map((text, i) => el("option", { value: i }, text)));
  return {
    main, elements: [main],
    value: () => (main.value === "" ? null : values[main.value]),
    set(value) {
      const at = value === undefined ? 0 : values.indexOf(value);
      main.value = at < 0 || at >= values.length ? "" : at;
    },
  };
}

function suggestField(column, id, changed, values) {
  const list = el("datalist", { id: `${id}-list` }, values.slice(0, mostSuggestions).map((value) => el("option", { value })));
  const main = el("input", { id, type: "text", list: `${id}-list`, placeholder: "missing", autocomplete: "off", spellcheck: "false", oninput: changed });
  return { main, elements: [main, list], value: () => main.value || null, set: (value) => { main.value = value === undefined ? values[0] : value ?? ""; } };
}

// momentField is a moment in UTC, whatever the clock of the browser's place says.
function momentField(column, id, changed) {
  const main = el("input", { id, type: "datetime-local", step: "1", oninput: changed });
  return {
    main, elements: [main],
    value: () => (main.validity.badInput ? undefined : main.value === "" ? null : `${main.value}${main.value.length === 16 ? ":00" : ""}Z`),
    set(value) {
      main.value = value ? value.slice(0, 19) : "";
    },
  };
}

function textField(column, id, changed) {
  const main = el("textarea", { id, rows: "2", placeholder: "missing", spellcheck: "false", oninput: changed });
  return { main, elements: [main], value: () => main.value || null, set: (value) => { main.value = value ?? ""; } };
}
