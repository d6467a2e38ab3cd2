// Comforts of forms made from Questionnaires: values calculated, units converted while typing. The server does it again.
(() => {
  let spec = null, memo = {}, row = [], total = [], waiting = 0;
  const form = document.querySelector("form[data-live]");
  const each = /^(where|exists|all|select|aggregate)$/;

  const number = (text) => { const value = window.maslak.number(text); return value === null ? NaN : value; };
  const shown = (value, places) => typeof value !== "number" ? String(value)
    : (typeof places === "number" ? value.toFixed(places) : String(+value.toPrecision(12))).replace(".", ",");

  const named = (name, level, end) => window.maslak.named(name, row.slice(0, level), end);
  const inputs = (pattern) => [...form.elements].filter((input) => !input.disabled && pattern.test(input.name));

  // the answers of one question: [field, kind, unit]
  const answers = ([name, kind, own], level) => {
    const found = [];
    inputs(named(name, level, "$")).forEach((input) => {
      let value = input.value.trim();
      if (/radio|checkbox/.test(input.type) && !input.checked) {
        if (kind === "b" && input.type === "checkbox") found.push(false);
        return;
      }
      if (value === "") return;
      if (kind === "n" || kind === "q") {
        value = number(value);
        if (isNaN(value)) return;
        const unit = form.elements[input.name + ".unit"];
        if (kind === "q") value = { value, code: unit ? unit.value : own };
      } else if (kind === "b") {
        value = value === "true";
      } else if (kind === "c") {
        const at = value.lastIndexOf("|");
        value = { system: value.slice(0, at), code: value.slice(at + 1) };
      }
      found.push(value);
    });
    return found;
  };
  // the rows in which something is answered
  const rows = (name, level) => {
    const pattern = named(name, level, ""), found = {};
    inputs(pattern).forEach((input) => {
      const tick = input.type === "checkbox" && input.value === "true";
      if (input.readOnly || /\.unit$/.test(input.name) || !(/radio|checkbox/.test(input.type) ? input.checked || tick : input.value.trim())) return;
      const at = row.slice(0, level).concat(pattern.exec(input.name).slice(1));
      found[at] = { row: at };
    });
    return Object.keys(found).map((at) => found[at]);
  };

  // the words of forms/live.py; a result is a list
  const truth = (list) => list.length ? list[0] !== false : undefined;
  const same = (x, y) => x === y || (typeof x === "object" && typeof y === "object" && JSON.stringify(x) === JSON.stringify(y));
  const has = (list, x) => list.some((one) => same(one, x));
  const compute = (op, x, y) => {
    if (typeof x === "object" || typeof y === "object") return undefined;
    switch (op) {
      case "+": return x + y;
      case "-": return x - y;
      case "*": return x * y;
      case "/": return x / y;
      case "div": return Math.trunc(x / y);
      case "mod": return x % y;
      case "<": return x < y;
      case ">": return x > y;
      case "<=": return x <= y;
      case ">=": return x >= y;
      case "power": return Math.pow(x, y);
      case "ln": return Math.log(x);
      case "log": return Math.log(x) / Math.log(y);
      case "truncate": return Math.trunc(x);
      case "ceiling": return Math.ceil(x);
      case "round": y = Math.pow(10, y || 0); return (x < 0 ? -1 : 1) * Math.round(Math.abs(x) * y + 1e-9) / y;
      default: return Math[op](x);
    }
  };
  // a function that looks at each item from inside
  const over = (left, [op, , inner, start = []]) => {
    const kept = row, outer = total;
    let made = [];
    if (op === "aggregate") total = run(start);
    left.forEach((one) => {
      if (one.row) row = one.row;
      const got = run(inner, one);
      row = kept;
      if (op === "aggregate") total = got; else if (op === "select") made = made.concat(got); else if (truth(got)) made.push(one);
    });
    if (op === "aggregate") made = total;
    total = outer;
    return op === "exists" ? [made.length > 0] : op === "all" ? [made.length === left.length] : made;
  };
  const run = (node, self) => {
    if (!Array.isArray(node)) return [node];
    if (!node.length) return node;
    const [op, first, second, other = []] = node;
    if (op === "l") return node.slice(1);
    if (op === "a") return answers(spec.q[first], second || 0);
    if (op === "r") return rows(first, second);
    if (op === "v") {
      const key = [first, row.slice(0, second || 0)];
      return memo[key] || (memo[key] = run(spec.v[first]));
    }
    if (op === "$") return [self];
    if (op === "$$") return total;
    if (op === "iif") return run(truth(run(first, self)) ? second : other, self);
    const left = run(first, self);
    if (op === ".") return left.map((one) => one[second]).filter((one) => one !== undefined);
    if (node.length > 2 && each.test(op)) return over(left, node);
    const right = node.length > 2 ? run(second, self) : [], a = truth(left), b = truth(right);
    switch (op) {
      case "exists": return [left.length > 0];
      case "empty": return [!left.length];
      case "count": return [left.length];
      case "first": return left.slice(0, 1);
      case "last": return left.slice(-1);
      case "not": return a === undefined ? [] : [!a];
      case "and": return a === false || b === false ? [false] : a && b ? [true] : [];
      case "or": return a || b ? [true] : a === false && b === false ? [false] : [];
      case "xor": return a === undefined || b === undefined ? [] : [a !== b];
      case "implies": return a === false || b ? [true] : a && b === false ? [false] : [];
      case "in": return left.length ? [has(right, left[0])] : [];
      case "contains": return right.length ? [has(left, right[0])] : [];
      case "|": return left.concat(right).filter((one, at, all) => !has(all.slice(0, at), one));
      case "&": return [left.join("") + right.join("")];
    }
    if (!left.length || (node.length > 2 && !right.length)) return [];
    if (/^!?=$/.test(op)) return [(op === "=") === (left.length === right.length && left.every((one, at) => same(one, right[at])))];
    const made = /^(sum|avg)$/.test(op) ? left.reduce((x, y) => x + y) / (op === "sum" ? 1 : left.length)
      : /^(min|max)$/.test(op) ? Math[op](...left) : compute(op, left[0], right[0]);
    return made === undefined || (typeof made === "number" && !isFinite(made)) ? [] : [made];
  };

  // what is said beside a value: parts [kind, condition, [text, words, text …]]
  const note = (parts, known) => {
    for (const kind of known ? ["from"] : ["not-applicable", "missing"]) {
      const said = parts.filter((part) => part[0] === kind && (part[1] === null || truth(run(part[1]))))
        .map((part) => part[2].map((piece, at) => at % 2 ? "\u2068" + run(piece).map((one) => shown(one)).join(", ") + "\u2069" : piece).join(""));
      if (said.length) return spec.w[kind].replace("{}", (kind === "not-applicable" ? said.slice(0, 1) : said).join(spec.w.comma));
    }
    return "";
  };
  const write = (place, text) => { if (place && place.textContent !== text) place.textContent = text; };
  const update = () => {
    memo = {};
    spec.c.forEach((one) => {
      const pattern = named(one.id, 0, "$");
      document.querySelectorAll("output.result").forEach((out) => {
        const at = pattern.exec(out.id);
        if (!at) return;
        row = at.slice(1);
        const found = run(one.e);
        write(out.querySelector("bdi"), found.length ? (shown(found[0], one.p) + " " + one.u).trim() : "");
        write(out.querySelector("small"), note(one.n, found.length > 0));
      });
    });
    // the same amount in the other unit: "= 7,2 mmol/L"
    document.querySelectorAll("input[data-to]").forEach((input) => {
      const unit = form.elements[input.name + ".unit"], value = number(input.value), out = input.parentNode.querySelector(".converted");
      const to = unit && JSON.parse(input.getAttribute("data-to"))[unit.value];
      write(out && out.querySelector("bdi"), to && !isNaN(value) ? "= " + shown(value * to[0] + to[1], to[2]) + " " + to[3] : "");
    });
  };

  // an enableWhenExpression, for the other script
  window.maslak = {
    run: (words, at = []) => { memo = {}; row = at; return run(words); },
    holds: (words, at) => !spec || truth(window.maslak.run(words, at)) === true,
  };

  if (form) {
    spec = JSON.parse(form.getAttribute("data-live"));
    const soon = () => { clearTimeout(waiting); waiting = setTimeout(update, 200); };
    form.addEventListener("input", soon);
    form.addEventListener("change", soon);
    document.addEventListener("DOMContentLoaded", update);
  }
})();
