// The browser of single rows, or of single users with their lists
const browser = document.getElementById("browser");
if (browser) {
  const search = document.getElementById("search"), chosen = document.getElementById("shown");
  const previous = document.getElementById("previous"), next = document.getElementById("next");
  const PAGE = 5, unit = "lists" in scores.rows.sample[0] ? "users" : "rows";
  let start = 0;

  const answers = {
    text: (row) => row.prompt || "",
    matches: (row, wanted) => (wanted === "split" ? new Set(Object.values(row.yes)).size > 1 : row.label === Number(wanted)),
    show(row, article) {
      const stars = row.rating === undefined || row.rating === null ? "" : `, rated ${row.rating}`;
      article.append(element("h3", `${row.row}: ${row.label ? "liked" : "disliked"}${stars}`));
      if (row.prompt) article.append(element("pre", row.prompt + row.completion));
      const table = element("table"), head = table.createTHead().insertRow(), body = table.createTBody();
      for (const title of ["Model", "Score", "Answer"]) head.append(element("th", title));
      for (const { model } of scores.models) {
        const line = body.insertRow(), answer = row.yes[model] ? "Yes" : "No";
        const verdict = row.yes[model] === row.label ? "right" : "wrong";
        const written = model in row.written ? `, wrote ${JSON.stringify(row.written[model])}` : "";
        line.append(element("th", model), element("td", row.scores[model].toFixed(3)));
        line.append(element("td", `${answer}, ${verdict}${written}`, verdict));
      }
      const box = element("div", undefined, "scroll");
      box.append(table);
      article.append(box);
    },
  };

  const WORDS = { hit: "hit", miss: "miss", repeated: "repeated", own: `own ${scores.words.item}`, off_catalogue: "off the catalogue" };
  const lines = (row) => Object.values(row.lists).flat();
  const lists = {
    text: (row) =>
      rows.withheld ? "" : [...row.favourites, ...row.gold, ...lines(row).flatMap((l) => [l.title, l.written])].join("\n"),
    matches(row, wanted) {
      const any = (verdict) => lines(row).some((line) => line.verdict === verdict);
      return wanted === "none" ? !any("hit") : any(wanted);
    },
    show(row, article) {
      const count = (of) => (Array.isArray(of) ? of.length : of);
      article.append(element("h3", `${row.row}: ${count(row.favourites)} favourites, ${count(row.gold)} on the gold list`));
      if (!rows.withheld) article.append(this.titles("Favourites", row.favourites, true), this.titles("Gold list", row.gold));
      const grid = element("div", undefined, "lists");
      for (const { model } of scores.models) grid.append(this.list(model, row.lists[model]));
      article.append(grid);
    },
    titles(name, titles, open = false) {
      const box = element("details"), list = element("ol");
      box.open = open;
      list.append(...titles.map((title) => element("li", title)));
      box.append(element("summary", `${name} (${titles.length})`), list);
      return box;
    },
    list(model, of) {
      const box = element("section"), list = element("ol"), hits = of.filter((line) => line.verdict === "hit").length;
      box.append(element("h4", model), element("span", of.length ? `${hits} of ${of.length} hit` : "no answer", "ends"));
      for (const line of of) {
        const item = element("li", undefined, `line ${line.verdict}`), marked = element("span", WORDS[line.verdict], "mark");
        const text = line.title === undefined ? "" : (line.title ?? line.written);
        item.append(text, text ? " " : "", marked);
        if (line.title && line.written) item.append(element("span", `wrote ${JSON.stringify(line.written)}`, "ends"));
        list.append(item);
      }
      box.append(list);
      return box;
    },
  };

  const rows = scores.rows, kinds = unit === "users" ? lists : answers;
  const matches = (row) => {
    const wanted = search.value.trim().toLowerCase();
    if (wanted && !`${row.row} ${kinds.text(row)}`.toLowerCase().includes(wanted)) return false;
    return chosen.value === "" || kinds.matches(row, chosen.value);
  };
  const render = () => {
    const matching = rows.sample.filter(matches);
    start = Math.max(0, Math.min(start, matching.length - 1));
    start -= start % PAGE;
    browser.replaceChildren(
      ...matching.slice(start, start + PAGE).map((row) => {
        const article = element("article");
        kinds.show(row, article);
        return article;
      }),
    );
    const end = Math.min(start + PAGE, matching.length);
    document.getElementById("page").textContent = matching.length ? `${start + 1} to ${end} of ${matching.length} ${unit}` : `no ${unit.slice(0, -1)}`;
    previous.disabled = start === 0;
    next.disabled = end >= matching.length;
  };
  const anew = () => { start = 0; render(); };
  search.addEventListener("input", anew);
  chosen.addEventListener("change", anew);
  previous.addEventListener("click", () => { start -= PAGE; render(); });
  next.addEventListener("click", () => { start += PAGE; render(); });
  render();
}
