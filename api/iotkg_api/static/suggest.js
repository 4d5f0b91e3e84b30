// Suggestions in the search boxes: the combobox pattern of ARIA 1.2 over a form that works without it.

const WAIT_MS = 120;

for (const form of document.querySelectorAll("form.find")) enhance(form, form.querySelector("input[name=q]"));

function enhance(form, input) {
  const list = document.createElement("ul");
  list.id = `${input.id}-suggestions`;
  list.className = "suggestions";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", form.querySelector("label").textContent);
  const status = document.createElement("p");
  status.className = "hidden";
  status.setAttribute("role", "status");
  form.append(list, status);
  for (const [name, value] of Object.entries({
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": list.id,
  })) input.setAttribute(name, value);

  let timer = 0;
  let asking = null;
  let chosen = -1;

  const close = () => {
    clearTimeout(timer);
    asking?.abort();
    list.hidden = true;
    choose(-1);
    input.setAttribute("aria-expanded", "false");
  };

  const choose = (number) => {
    chosen = number;
    [...list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === number)));
    const item = list.children[number];
    if (item) {
      input.setAttribute("aria-activedescendant", item.id);
      item.scrollIntoView({ block: "nearest" });
    } else {
      input.removeAttribute("aria-activedescendant");
    }
  };

  const go = (item) => {
    if (item.dataset.url) location.assign(item.dataset.url);
    else {
      input.value = item.dataset.text;
      form.requestSubmit();
    }
  };

  const show = (suggestions) => {
    list.replaceChildren(...suggestions.map((suggestion, at) => option(suggestion, `${list.id}-${at}`)));
    choose(-1);
    list.hidden = suggestions.length === 0;
    input.setAttribute("aria-expanded", String(suggestions.length > 0));
    status.textContent = suggestions.length
      ? form.dataset.many.replace("{n}", suggestions.length)
      : form.dataset.none;
  };

  const ask = async () => {
    asking?.abort();
    const typed = input.value.trim();
    if (!typed) return close();
    asking = new AbortController();
    const { signal } = asking;
    try {
      const url = new URL(form.dataset.suggest, location.href);
      url.searchParams.set("q", typed);
      url.searchParams.set("lang", document.documentElement.lang.slice(0, 2));
      const answer = await fetch(url, { headers: { Accept: "application/json" }, signal });
      if (answer.ok) {
        const { suggestions } = await answer.json();
        if (!signal.aborted && document.activeElement === input) show(suggestions);
      } else close();
    } catch (error) {
      if (error.name !== "AbortError") close(); // the form still works
    }
    return undefined;
  };

  input.addEventListener("input", (event) => {
    clearTimeout(timer);
    if (!event.isComposing) timer = setTimeout(ask, WAIT_MS);
  });
  input.addEventListener("compositionend", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT_MS);
  });
  input.addEventListener("keydown", (event) => {
    const last = list.children.length - 1;
    if (event.isComposing) return;
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      close();
    } else if (event.key === "ArrowDown" && list.hidden) {
      event.preventDefault();
      ask();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !list.hidden) {
      event.preventDefault();
      const next = chosen + (event.key === "ArrowDown" ? 1 : -1);
      choose(next > last ? -1 : next < -1 ? last : next);
    } else if (event.key === "Enter" && chosen >= 0) {
      event.preventDefault();
      go(list.children[chosen]);
    }
  });
  input.addEventListener("blur", close);
  form.addEventListener("submit", close);
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // keeps the focus in the box
  list.addEventListener("click", (event) => {
    const item = event.target.closest("[role=option]");
    if (item) go(item);
  });
}

function option(suggestion, id) {
  const item = document.createElement("li");
  item.id = id;
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", "false");
  item.dataset.text = suggestion.text;
  if (suggestion.url) item.dataset.url = suggestion.url;
  const name = document.createElement("span");
  name.textContent = suggestion.text;
  if (suggestion.language) name.lang = suggestion.language;
  const label = document.createElement("small");
  label.textContent = suggestion.label;
  item.append(name, " ", label);
  return item;
}
