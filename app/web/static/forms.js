// Comforts of forms made from Questionnaires: what is calculated from answers, units converted while typing, long lists
// filtered. Every page works without this file, and the server computes all of it again. No eval; browsers of 2015.
(function () {
  "use strict";
  var spec = null, form = null, memo = [];
  var each = { where: 1, exists: 1, all: 1, select: 1 };

  // as the server reads numbers: digits of any script, comma or point
  function number(text) {
    var plain = text.replace(/[\u0660-\u0669\u06f0-\u06f9]/g, function (d) { return d.charCodeAt(0) & 15; })
      .replace(/[\s\u066c\u200e\u200f\u2066-\u2069]/g, "").replace(/\u066b/g, ".").replace(/\u2212/g, "-"), at;
    if (/,/.test(plain) && /\./.test(plain)) {
      at = Math.max(plain.lastIndexOf(","), plain.lastIndexOf("."));
      plain = plain.slice(0, at).replace(/[.,]/g, "") + "." + plain.slice(at + 1);
    }
    plain = plain.replace(/,/g, ".");
    return /^[+-]?\d+(\.\d+)?$/.test(plain) ? +plain : NaN;
  }
  function shown(value, places) {
    if (typeof value !== "number") return String(value);
    return (typeof places === "number" ? value.toFixed(places) : String(+value.toPrecision(12))).replace(".", ",");
  }

  // the answers of one question: [field, kind, unit]
  function answers(question) {
    var name = question[0], kind = question[1], found = [], all = form.elements, i, input, value, unit, at;
    for (i = 0; i < all.length; i += 1) {
      input = all[i];
      if (input.name !== name || input.disabled) continue;
      if (/radio|checkbox/.test(input.type) && !input.checked) {
        if (kind === "b" && input.type === "checkbox") found.push(false);
        continue;
      }
      value = input.value.trim();
      if (value === "") continue;
      if (kind === "n" || kind === "q") {
        value = number(value);
        if (isNaN(value)) continue;
        unit = form.elements[name + ".unit"];
        if (kind === "q") value = { value: value, code: unit ? unit.value : question[2] };
      } else if (kind === "b") {
        value = value === "true";
      } else if (kind === "c") {
        at = value.lastIndexOf("|");
        value = { system: value.slice(0, at), code: value.slice(at + 1) };
      }
      found.push(value);
    }
    return found;
  }

  // the subset of FHIRPath that pathways/questionnaire/forms/live.py writes; a result is a list
  function truth(list) { return list.length ? list[0] !== false : undefined; }
  function same(x, y) { return x === y || (typeof x === "object" && typeof y === "object" && JSON.stringify(x) === JSON.stringify(y)); }
  function has(list, x) { return list.some(function (one) { return same(one, x); }); }
  function compute(op, x, y) {
    if (typeof x === "object" || typeof y === "object") return undefined;
    switch (op) {
      case "+": return x + y;
      case "-": return x - y;
      case "*": return x * y;
      case "/": return x / y;
      case "div": return y ? (x / y < 0 ? Math.ceil(x / y) : Math.floor(x / y)) : undefined;
      case "mod": return x % y;
      case "<": return x < y;
      case ">": return x > y;
      case "<=": return x <= y;
      case ">=": return x >= y;
      case "power": return Math.pow(x, y);
      case "ln": return Math.log(x);
      case "log": return Math.log(x) / Math.log(y);
      case "truncate": return x < 0 ? Math.ceil(x) : Math.floor(x);
      case "ceiling": return Math.ceil(x);
      case "round": y = Math.pow(10, y || 0); return (x < 0 ? -1 : 1) * Math.round(Math.abs(x) * y + 1e-9) / y;
      default: return Math[op](x);
    }
  }
  function run(node, self) {
    var op, left, right, a, b, made;
    if (!(node instanceof Array)) return [node];
    op = node[0];
    if (!node.length) return node;
    if (op === "l") return node.slice(1);
    if (op === "a") return answers(spec.q[node[1]]);
    if (op === "v") return memo[node[1]] || (memo[node[1]] = run(spec.v[node[1]]));
    if (op === "$") return [self];
    if (op === "iif") return truth(run(node[1], self)) ? run(node[2], self) : node.length > 3 ? run(node[3], self) : [];
    left = run(node[1], self);
    if (op === ".") return left.map(function (one) { return one[node[2]]; }).filter(function (one) { return one !== undefined; });
    if (each[op] && node.length > 2) {
      made = [];
      left.forEach(function (one) {
        var got = run(node[2], one);
        if (op === "select") made = made.concat(got); else if (truth(got)) made.push(one);
      });
      return op === "exists" ? [made.length > 0] : op === "all" ? [made.length === left.length] : made;
    }
    right = node.length > 2 ? run(node[2], self) : [];
    a = truth(left);
    b = truth(right);
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
      case "|": return left.concat(right).filter(function (one, at, all) { return all.every(function (other, before) { return before >= at || !same(one, other); }); });
      case "&": return [left.join("") + right.join("")];
    }
    if (!left.length || (node.length > 2 && !right.length)) return [];
    if (op === "=" || op === "!=") {
      made = left.length === right.length && left.every(function (one, at) { return same(one, right[at]); });
      return [op === "=" ? made : !made];
    }
    made = compute(op, left[0], right[0]);
    return made === undefined || (typeof made === "number" && !isFinite(made)) ? [] : [made];
  }

  // what is said beside a value: parts [kind, condition, [text, words, text …]]
  function note(parts, known) {
    var kinds = known ? ["from"] : ["not-applicable", "missing"], i, said;
    function holds(part) { return part[0] === kinds[i] && (part[1] === null || truth(run(part[1]))); }
    function filled(part) {
      return part[2].map(function (piece, at) { return at % 2 ? "\u2068" + run(piece).map(function (one) { return shown(one); }).join(", ") + "\u2069" : piece; }).join("");
    }
    for (i = 0; i < kinds.length; i += 1) {
      said = parts.filter(holds).map(filled);
      if (said.length) return spec.w[kinds[i]].replace("{}", (kinds[i] === "not-applicable" ? said.slice(0, 1) : said).join(spec.w.comma));
    }
    return "";
  }
  function write(place, text) { if (place && place.textContent !== text) place.textContent = text; }
  function update() {
    memo = [];
    spec.c.forEach(function (one) {
      var out = document.getElementById(one.id), found = out ? run(one.e) : [];
      if (!out) return;
      write(out.querySelector("bdi"), found.length ? (shown(found[0], one.p) + " " + one.u).trim() : "");
      write(out.querySelector("small"), note(one.n, found.length > 0));
    });
  }

  // the same amount in the other unit: "= 7,2 mmol/L"
  function convert(input) {
    var unit = input.form.elements[input.name + ".unit"], value = number(input.value), out = input.parentNode.querySelector(".converted");
    var to = unit && JSON.parse(input.getAttribute("data-to"))[unit.value];
    write(out && out.querySelector("bdi"), to && !isNaN(value) ? "= " + shown(value * to[0] + to[1], to[2]) + " " + to[3] : "");
  }
  function conversions() { Array.prototype.forEach.call(document.querySelectorAll("input[data-to]"), convert); }

  // an enableWhenExpression, for the other script: shown where it cannot be told
  window.maslak = {
    run: function (words) { memo = []; return run(words); },
    holds: function (words) { return !spec || truth(window.maslak.run(words)) === true; }
  };

  form = document.querySelector("form[data-live]");
  if (form) {
    spec = JSON.parse(form.getAttribute("data-live"));
    var waiting = 0;
    var soon = function () { clearTimeout(waiting); waiting = setTimeout(function () { update(); conversions(); }, 200); };
    form.addEventListener("input", soon);
    form.addEventListener("change", soon);
    document.addEventListener("DOMContentLoaded", function () { update(); conversions(); });
  }
})();
