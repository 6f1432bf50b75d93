// The page of statistics reads well without this: it sorts, filters, and says what a cell of the
// heat map is.
(() => {
  const all = (q) => [...document.querySelectorAll(q)];
  const list = document.getElementById("cols"), items = all("#cols>li");
  const search = document.getElementById("search"), type = document.getElementById("type"), shown = document.getElementById("shown");
  const names = items.map((li) => li.dataset.name.toLowerCase());
  const filter = () => {
    const words = search.value.toLowerCase().trim();
    let n = 0;
    items.forEach((li, i) => {
      li.hidden = !names[i].includes(words) || (type.value !== "" && li.dataset.type !== type.value);
      n += li.hidden ? 0 : 1;
    });
    shown.textContent = n + " of " + items.length + " columns";
  };
  search.oninput = type.onchange = filter;
  filter();

  const heads = all("#head button");
  const sortBy = (b) => {
    const key = b.dataset.key, text = key === "name" || key === "type";
    const again = b.getAttribute("aria-pressed") === "true";
    const down = again ? b.dataset.down === undefined : !text && key !== "i";
    heads.forEach((o) => { o.setAttribute("aria-pressed", "false"); delete o.dataset.down; });
    b.setAttribute("aria-pressed", "true");
    if (down) b.dataset.down = "";
    const sign = down ? -1 : 1;
    list.append(...[...items].sort((x, y) => {
      const a = x.dataset[key], c = y.dataset[key];
      if (text) return sign * (a < c ? -1 : a > c ? 1 : 0) || x.dataset.i - y.dataset.i;
      if ((a === "") !== (c === "")) return a === "" ? 1 : -1; // without a value: last
      return sign * (a - c) || x.dataset.i - y.dataset.i;
    }));
  };
  heads.forEach((b) => b.onclick = () => sortBy(b));

  // The name of a column leads to its line, which opens.
  const reveal = () => {
    const li = /^#c\d+$/.test(location.hash) && document.getElementById(location.hash.slice(1));
    if (!li) return;
    if (li.hidden) { search.value = type.value = ""; filter(); }
    const details = li.querySelector("details");
    details.open = true;
    details.querySelector("summary").focus();
    li.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  document.addEventListener("click", (e) => {
    const a = e.target.closest("a[href^='#c']");
    if (a && a.hash === location.hash) { e.preventDefault(); reveal(); }
  });
  reveal();

  const heat = document.getElementById("heat");
  if (heat) {
    const cols = all("#heatnames>li").map((li) => li.textContent), read = document.getElementById("read");
    const rows = heat.dataset.cells.split(";").map((r) => r === "" ? [] : r.split(","));
    const size = +heat.dataset.cell, left = +heat.dataset.left, at = document.getElementById("at");
    let r = 1, c = 0;
    const show = () => {
      at.setAttribute("x", left + c * size);
      at.setAttribute("y", r * size);
      at.removeAttribute("visibility");
      read.textContent = cols[r] + " × " + cols[c] + ": " + rows[r][c];
    };
    heat.onpointermove = heat.onpointerdown = (e) => {
      const p = new DOMPoint(e.clientX, e.clientY).matrixTransform(heat.getScreenCTM().inverse());
      const y = Math.floor(p.y / size), x = Math.floor((p.x - left) / size);
      if (x >= 0 && y < cols.length && x < y) { r = y; c = x; show(); }
    };
    heat.onfocus = show;
    heat.onkeydown = (e) => {
      const d = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[e.key];
      if (!d) return;
      e.preventDefault();
      r = Math.min(Math.max(r + d[0], 1), cols.length - 1);
      c = Math.min(Math.max(c + d[1], 0), r - 1);
      show();
    };
  }
})();
