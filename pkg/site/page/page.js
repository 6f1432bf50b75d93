// The page: which models there are, and which is shown. The address says it after its #, as
// #adult-income or #adult-income/3, so that it can be sent to somebody and Back goes back.

const mostUnsought = 12; // models beyond which they can be searched for

let shown = null;

const addressOf = (model, key) => `#${encodeURIComponent(model)}${key ? `/${encodeURIComponent(key)}` : ""}`;

// go shows a model at one of its choices.
function go(model, key) {
  location.hash = addressOf(model, key);
}

function parts() {
  try {
    return location.hash.slice(1).split("/").map(decodeURIComponent);
  } catch {
    return [""]; // an address that somebody cut
  }
}

async function open(models) {
  const [wanted, key] = parts();
  const name = wanted || models[0];
  shown?.close();
  const view = (shown = new ModelView(name));
  for (const link of document.querySelectorAll("#models a")) {
    if (link.dataset.model === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${name}, Foretell`;
  const trouble = document.getElementById("trouble");
  try {
    await view.open(key);
    if (view.closed) return;
    fill(trouble);
    view.element.hidden = false;
  } catch (err) {
    if (view.closed) return;
    view.element.hidden = true;
    fill(trouble, troubleOf(err));
  }
}

function list(models) {
  const nav = document.getElementById("models");
  const items = models.map((model) => el("li", {}, el("a", { href: addressOf(model), "data-model": model }, model)));
  fill(nav.querySelector("ul"), items);
  const find = document.getElementById("find");
  find.closest("p").hidden = models.length <= mostUnsought;
  find.addEventListener("input", () => items.forEach((item, i) => { item.hidden = !models[i].includes(find.value.trim().toLowerCase()); }));
  nav.hidden = false;
}

function theme() {
  const root = document.documentElement;
  document.getElementById("theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
}

async function start() {
  theme();
  try {
    const { models } = await call("v1/models");
    if (models.length === 0) {
      fill(document.getElementById("trouble"), el("div", { class: "trouble" }, el("h2", {}, "There is no model yet"),
        el("p", {}, "make up trains one of a data set that comes along. A run of your own is started by POST /v1/runs, or by foretell train on the same store. Then load this page again.")));
      return;
    }
    list(models);
    addEventListener("hashchange", () => open(models));
    await open(models);
  } catch (err) {
    fill(document.getElementById("trouble"), troubleOf(err));
  }
}

start();
