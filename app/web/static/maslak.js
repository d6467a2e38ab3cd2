// Comforts only: every page works without this file.
"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const kept = 20 * 3600 * 1000;
  const eastern = /[\u0660-\u0669\u06f0-\u06f9]/g;
  const store = {
    get(key) { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } },
    set(key, value) { try { localStorage.setItem(key, JSON.stringify(value)); } catch { /* full or forbidden: the server keeps it */ } },
    drop(key) { try { localStorage.removeItem(key); } catch { /* nothing kept */ } },
  };
  // as the server reads numbers: digits of any script, comma or point; null where nothing is typed
  const number = (text) => {
    let plain = text.replace(eastern, (d) => d.charCodeAt(0) & 15).replace(/[\s\p{Cf}\u066c]/gu, "").replace(/\u066b/g, ".").replace(/\u060c/g, ",").replace(/\u2212/g, "-");
    if (/,.*\.|\..*,/.test(plain)) plain = plain.replace(/[.,](?=.*[.,])/g, "");
    plain = plain.replace(/,/g, ".");
    return plain === "" ? null : /^[+-]?\d+(\.\d+)?$/.test(plain) ? +plain : NaN;
  };
  // a field in which "*" stands for the number of a row: that of `row` in the first groups, any in the others
  const named = (name, row = [], end = "$") => {
    let at = 0;
    return RegExp("^" + name.replace(/[^\w*-]/g, "\\$&").replace(/\*/g, () => row[at++] ?? "(\\d+)") + end);
  };
  window.maslak = { ...window.maslak, number, named };

  // "/" goes to the patient search
  const search = document.querySelector("[data-slash]");
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "/" && search && !typing && !event.ctrlKey && !event.metaKey) { event.preventDefault(); search.focus(); search.select(); }
  });

  // what is wrong, or what was looked for, is where the reader stands
  const focus = document.querySelector("[data-focus]");
  if (focus) focus.focus();

  // a form goes out once
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    all("[data-once]", form).forEach((button) => button.setAttribute("aria-disabled", "true"));
    setTimeout(() => { delete form.dataset.sent; all("[data-once]", form).forEach((b) => b.removeAttribute("aria-disabled")); }, 8000);
  });
  window.addEventListener("pageshow", () => all("form").forEach((form) => { delete form.dataset.sent; }));

  // questions that are asked only when another answer calls for them
  const answers = (form, name, pattern = named(name)) => all("[name]", form).filter((input) => pattern.test(input.name) &&
    !input.disabled && (!/radio|checkbox/.test(input.type) || input.checked)).map((input) => input.value).filter((value) => value !== "");
  const holds = (form, rule) => {
    if (rule.any) return rule.any.some((one) => holds(form, one));
    if (rule.all) return rule.all.every((one) => holds(form, one));
    if (rule.live) return !window.maslak.holds || window.maslak.holds(rule.live, rule.row);
    const given = answers(form, rule.field), { above = -Infinity, below = Infinity, from = above, to = below } = rule;
    const within = (value) => value > above && value < below && value >= from && value <= to;
    return (!rule.is || given.some((one) => rule.is.includes(one))) && (!rule.not || !given.some((one) => rule.not.includes(one)))
      && (rule.answered === undefined || rule.answered === given.length > 0)
      && (rule.unlike === undefined || given.every((one) => number(one) !== rule.unlike))
      && (!/above|below|from|to/.test(Object.keys(rule)) || given.some((one) => within(number(one))));
  };
  const toggle = (form) => {
    for (let round = 0; round < 4; round += 1) {
      let changed = false;
      all("[data-when]", form).forEach((part) => {
        const hide = !holds(form, JSON.parse(part.dataset.when));
        if (part.hidden !== hide) { part.hidden = hide; changed = true; all("input, select, textarea", part).forEach((input) => { input.disabled = hide; }); }
      });
      if (!changed) return;
    }
  };

  // "none of these" stands alone
  document.addEventListener("change", ({ target }) => {
    if (target.type !== "checkbox" || !target.checked) return;
    const alone = target.matches("[data-exclusive]");
    all(`[name="${CSS.escape(target.name)}"]`, target.form).forEach((box) => { if (box !== target && (alone || box.matches("[data-exclusive]"))) box.checked = false; });
  }, true);

  // ranges at once; the server judges again
  const words = JSON.parse(document.querySelector("[data-words]").dataset.words);
  const judge = (input) => {
    const value = number(input.value), { min, max } = input.dataset;
    const out = value !== null && (Number.isNaN(value) || (min !== undefined && value < +min) || (max !== undefined && value > +max));
    const question = input.closest(".question");
    if (!question) return;
    question.querySelector(".error.at-once")?.remove();
    question.classList.toggle("bad", out || Boolean(question.querySelector(".error")));
    if (!out) return;
    const text = words[min !== undefined && max !== undefined ? "range" : min !== undefined ? "min" : "max"];
    const note = Object.assign(document.createElement("p"), { className: "error at-once" });
    note.setAttribute("role", "status");
    note.textContent = text.replace("{min}", min).replace("{max}", max);
    question.querySelector(".answer").before(note);
  };

  // what is typed stays on this device until it is sent
  const fields = (form) => all("input, select, textarea", form).filter((input) => input.name && !/hidden|password|file|submit/.test(input.type));
  const snapshot = (form) => fields(form).filter((i) => !/radio|checkbox/.test(i.type) || i.checked).map((i) => [i.name, i.value]);
  const fill = (form, values) => fields(form).forEach((input) => {
    const mine = values.filter(([name]) => name === input.name).map(([, value]) => value);
    if (/radio|checkbox/.test(input.type)) input.checked = mine.includes(input.value);
    else if (mine.length) input.value = mine[0];
  });
  const draft = (form) => {
    const owner = form.querySelector("[name=form_owner]")?.value || "";
    const key = `draft:${owner}:${form.dataset.draft}`;
    const before = JSON.stringify(snapshot(form));
    const held = store.get(key);
    if (held && Date.now() - held.at < kept && !document.querySelector(".wrong, [data-restored]") && JSON.stringify(held.values) !== before) {
      fill(form, held.values);
      const note = Object.assign(document.createElement("p"), { className: "notice info", textContent: `${words.back} ` });
      const drop = Object.assign(document.createElement("button"), { type: "button", className: "link", textContent: words.drop });
      drop.addEventListener("click", () => { store.drop(key); fill(form, JSON.parse(before)); form.reset(); note.remove(); toggle(form); });
      note.append(drop);
      form.prepend(note);
    }
    let waiting;
    form.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => store.set(key, { at: Date.now(), values: snapshot(form) }), 400);
    });
    form.addEventListener("submit", () => { clearTimeout(waiting); store.set(key, { at: Date.now(), values: snapshot(form) }); store.set("draft:sent", key); });
  };
  const sent = store.get("draft:sent");
  if (sent && !document.querySelector(".wrong, [data-restored], [data-signed-out]")) { store.drop(sent); store.drop("draft:sent"); }
  try { Object.keys(localStorage).filter((k) => k.startsWith("draft:") && Date.now() - (store.get(k)?.at ?? Date.now()) > kept).forEach(store.drop); } catch { /* no storage */ }

  all("form[data-draft]").forEach(draft);
  all("form").forEach((form) => {
    if (!form.querySelector("[data-when], [data-min], [data-max]")) return;
    toggle(form);
    form.addEventListener("input", () => toggle(form));
    form.addEventListener("change", (event) => { toggle(form); if (event.target.matches("[data-min], [data-max]")) judge(event.target); });
  });

  // paper
  all("[data-print]").forEach((button) => { button.hidden = false; button.addEventListener("click", () => window.print()); });

  // no line
  const offline = document.querySelector("[data-offline]");
  const line = () => { offline.hidden = navigator.onLine; };
  if (offline) { window.addEventListener("online", line); window.addEventListener("offline", line); line(); }
})();
