// Long lists of answers, filtered while typing in French or Arabic; without this file the list is whole, or searched by
// a button. The server's app/fhir/normalise.py compares texts in the same way.
(function () {
  "use strict";
  var same = { "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ؤ": "و", "ئ": "ي", "ء": "", "ى": "ي", "ی": "ي", "ة": "ه", "ہ": "ه", "ھ": "ه",
    "ک": "ك", "ڭ": "ك", "گ": "ك", "ڨ": "ق", "ڤ": "ف", "پ": "ب", "ـ": "", "œ": "oe", "æ": "ae" };
  function normalised(text) {
    return text.normalize("NFKC").toLowerCase().replace(/[^\x00-\x7f]/g, function (one) { return one in same ? same[one] : one; })
      .normalize("NFD").replace(/[\u0300-\u036f\u064b-\u065f\u0670]/g, "").normalize("NFC")
      .replace(/[\u0660-\u0669\u06f0-\u06f9]/g, function (one) { return one.charCodeAt(0) & 15; })
      .replace(/[\u2019'\u2018\-\u2010\u2013.,\u060c\s]+/g, " ").trim();
  }
  function holds(text, wanted) { return wanted.every(function (word) { return text.indexOf(word) >= 0; }); }
  function each(list, act) { Array.prototype.forEach.call(list, act); }

  each(document.querySelectorAll("input[data-filter]"), function (input) {
    var name = input.getAttribute("data-filter"), place = input.getAttribute("data-list"), form = input.form;
    var boxes = form.querySelectorAll("input[type=checkbox][data-find]"), waiting = 0, asked = 0;
    var list = form.elements[name], chooses = list && list.tagName === "SELECT";
    var all = chooses ? Array.prototype.slice.call(list.options) : [];
    var said = (input.parentNode.className === "find-box" ? input.parentNode : input).nextElementSibling;
    boxes = Array.prototype.filter.call(boxes, function (box) { return box.name === name; });
    input.hidden = false;
    if (place && input.nextElementSibling) input.nextElementSibling.hidden = true;

    function tell(count, typed) {
      said.textContent = typed ? input.getAttribute("data-found").replace("{n}", count) : "";
      if (chooses) list.size = typed ? Math.min(6, Math.max(2, list.options.length)) : 1;
    }
    function offer(options, typed) {
      var chosen = list.value;
      while (list.firstChild) list.removeChild(list.firstChild);
      options.forEach(function (one) { list.appendChild(one); });
      list.value = chosen;
      tell(options.length - 1, typed);
    }
    // not option.selected: a closed list chooses another by itself while its options are taken out
    function kept(option) { return option.value === "" || option.value === list.value; }
    function ask(typed) {
      var request = new XMLHttpRequest(), turn = asked += 1;
      request.open("GET", "/forms/options?list=" + encodeURIComponent(place) + "&q=" + encodeURIComponent(typed));
      request.onload = function () {
        if (turn !== asked || request.status !== 200) return;
        var before = Array.prototype.filter.call(list.options, kept);
        var found = JSON.parse(request.responseText).options.filter(function (one) { return one[0] !== list.value; });
        offer(before.concat(found.map(function (one) { return new Option(one[1], one[0]); })), typed);
      };
      request.send();
    }
    function filter() {
      var typed = input.value.trim(), wanted = normalised(typed).split(" ");
      if (place) { if (typed) ask(typed); else tell(0, ""); return; }
      if (chooses) {
        offer(all.filter(function (one) { return kept(one) || holds(one.getAttribute("data-find"), wanted); }), typed);
        return;
      }
      boxes.forEach(function (box) { box.closest("label").hidden = !box.checked && !holds(box.getAttribute("data-find"), wanted); });
      tell(boxes.filter(function (box) { return !box.closest("label").hidden; }).length, typed);
    }
    input.addEventListener("input", function () { clearTimeout(waiting); waiting = setTimeout(filter, place ? 250 : 80); });
    input.addEventListener("keydown", function (event) { if (event.key === "Enter") { event.preventDefault(); filter(); } });
    if (chooses) list.addEventListener("change", function () { if (list.value) { list.size = 1; input.value = ""; } });
  });
})();
