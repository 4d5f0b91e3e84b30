// The SPARQL editor: Yasqe in place of the form's text area, Yasr for what comes back. All it asks is this service.
import Yasqe from "@zazuko/yasqe";
import Yasr from "@zazuko/yasr";
import "@zazuko/yasqe/build/yasqe.min.css";
import "@zazuko/yasr/build/yasr.min.css";
import { Chart } from "./result-chart.js";

const form = document.querySelector("form[data-editor]");
const area = form.querySelector("textarea");
const place = document.getElementById("editor");
const words = JSON.parse(place.dataset.words);
const results = document.getElementById("results");
const endpoint = new URL(form.dataset.editor, document.baseURI).href;

/** Ask the endpoint for one column; the answer is kept by the browser as the service says. */
async function column(query) {
  const answer = await fetch(`${endpoint}?${new URLSearchParams({ query, format: "json" })}`);
  if (!answer.ok) return [];
  return (await answer.json()).results.bindings.map((row) => row.term.value);
}

/** What the data uses, most used first: a better list than all that a vocabulary has. */
const TERMS = {
  class: "SELECT ?term (COUNT(*) AS ?n) WHERE { ?s a ?term FILTER(isIRI(?term)) } GROUP BY ?term ORDER BY DESC(?n) ?term",
  property: "SELECT ?term (COUNT(*) AS ?n) WHERE { ?s ?term ?o } GROUP BY ?term ORDER BY DESC(?n) ?term",
};

for (const [name, query] of Object.entries(TERMS)) {
  Yasqe.forkAutocompleter(name, {
    name: `iotkg-${name}`,
    bulk: true,
    persistenceId: null,
    autoShow: false,
    get: () => column(query),
  });
}
Yasqe.forkAutocompleter("prefixes", {
  name: "iotkg-prefixes",
  persistenceId: null,
  get: () => Object.entries(words.prefixes).map(([prefix, iri]) => `${prefix}: <${iri}>`),
});

/** The address under which this page shows a query and its answer. */
function address(query) {
  const parameters = new URLSearchParams({ query });
  const language = form.elements.lang?.value;
  if (language) parameters.set("lang", language);
  return `${endpoint}?${parameters}`;
}

form.hidden = true;
place.hidden = false; // before the editor measures itself
const yasqe = new Yasqe(place, {
  value: area.value,
  persistenceId: null,
  consumeShareLink: null,
  createShareableLink: (editor) => address(editor.getValue()),
  autocompleters: ["iotkg-class", "iotkg-property", "iotkg-prefixes", "variables"],
  requestConfig: { endpoint, method: "POST" },
  resizeable: true,
  editorHeight: "22rem",
  lineWrapping: true,
});
yasqe.getInputField().setAttribute("aria-label", words.query);
yasqe.setOption("screenReaderLabel", words.query);
// Tab leaves the editor: whoever has no mouse would be caught in it
yasqe.setOption("extraKeys", { ...yasqe.getOption("extraKeys"), Tab: false, "Shift-Tab": false });
for (const [selector, label] of [
  [".yasqe_queryButton", words.run],
  [".yasqe_share", words.share],
]) {
  const button = place.querySelector(selector);
  if (button) {
    button.title = label;
    button.setAttribute("aria-label", label);
  }
}
// Escape closes what the share button opens, as a click beside it does
place.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !place.querySelector(".yasqe_sharePopup")) return;
  document.body.click();
  place.querySelector(".yasqe_share").focus();
});

let yasr;

/** Take what the server has drawn away once there is something newer. */
function show(response, duration) {
  document.getElementById("drawn")?.remove();
  results.hidden = false;
  yasr ??= new Yasr(results, {
    persistenceId: null,
    prefixes: () => ({ ...words.prefixes, ...yasqe.getPrefixesFromQuery() }),
    pluginOrder: ["table", "boolean", "chart", "response"],
    defaultPlugin: "table",
    getPlainQueryLinkToEndpoint: () => address(yasqe.getValue()),
  });
  yasr.setResponse(response, duration);
}

/** The table, in the reader's language: its own words are English. */
class Table extends Yasr.plugins.table {
  label = words.table;
  helpReference = "";

  drawControls() {
    super.drawControls();
    const [compact, cut] = this.tableControls.querySelectorAll(".label");
    compact.textContent = words.compact;
    cut.textContent = words.cut;
    const filter = this.tableControls.querySelector(".tableFilter");
    filter.placeholder = words.filter;
    filter.setAttribute("aria-label", words.filter);
    this.tableControls.querySelector(".pageSizerLabel").textContent = words.size;
    this.tableControls.querySelector(".tableSizer").setAttribute("aria-label", words.size);
  }
}
Table.defaults.openIriInNewWindow = false;
Table.defaults.tableConfig.language = words.paging;
class Plain extends Yasr.plugins.response {
  label = words.response;
  helpReference = "";
}
Yasr.registerPlugin("table", Table);
Yasr.registerPlugin("response", Plain);
Yasr.registerPlugin("chart", Chart);
Chart.words = words;

// What our IRIs name has its page on this service.
results.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  if (link?.href.startsWith(words.things)) link.href = words.pages + link.href.slice(words.things.length);
});

yasqe.on("queryResponse", (_, response, duration) => {
  show(response, duration);
  if (yasqe.getValue().length < 6000) history.replaceState(null, "", address(yasqe.getValue()));
  for (const link of document.querySelectorAll("a[data-format]")) {
    link.href = `${address(yasqe.getValue())}&format=${link.dataset.format}`;
  }
});
