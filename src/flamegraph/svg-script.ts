// The script inside the picture: zoom, search, hover line. It is constant text, so nothing of a profile can get into it; what it
// knows about frames it reads from the document. It makes its controls itself: where scripts are blocked there are no dead ones.

/** JavaScript for a picture written by `svg-writer.ts`. */
export const flameScript: string = String.raw`
'use strict';
(function () {
  var SVG = 'http://www.w3.org/2000/svg', HTML = 'http://www.w3.org/1999/xhtml';
  var root = document.documentElement;
  var frames = document.getElementById('frames');
  var details = document.getElementById('details');
  var detailsText = document.getElementById('details-text');
  var unit = frames.getAttribute('data-unit');
  var metric = frames.getAttribute('data-metric');
  var boxes = [], columnPx = 7.23, zoomed = null, query = '', pattern = null;
  var input, message, reset;

  function load() {
    var open = [];
    Array.prototype.forEach.call(frames.children, function (g) {
      var v = g.getAttribute('data-v').split(' ').map(Number);
      var rect = g.querySelector('rect'), title = g.querySelector('title').textContent;
      var box = {
        g: g, rect: rect, text: g.querySelector('text'), y: Number(rect.getAttribute('y')),
        start: v[0], width: v[1], self: v[2], samples: v[3], depth: v[4], pruned: v[5] || 0,
        name: title.split('\n')[0], index: boxes.length, end: 0, shown: true
      };
      while (open.length > box.depth) open.pop().end = boxes.length;
      box.parent = open[open.length - 1] || null;
      if (!box.pruned) open[box.depth] = box; else box.end = boxes.length + 1;
      g.__box = box;
      boxes.push(box);
    });
    while (open.length) open.pop().end = boxes.length;
  }

  function percent(part, whole) {
    var p = whole > 0 ? part / whole * 100 : 0;
    if (p === 0) return '0 %';
    if (p < 0.01) return '< 0.01 %';
    return (p >= 99.995 ? '100' : p.toFixed(p < 10 ? 2 : 1)) + ' %';
  }

  function amount(value) {
    if (unit !== 'nanoseconds') return value.toLocaleString('en') + ' ' + metric;
    var s = [[1e9, 's'], [1e6, 'ms'], [1e3, 'µs'], [1, 'ns']].find(function (u) { return value >= u[0]; }) || [1, 'ns'];
    if (s[0] === 1) return Math.round(value) + ' ns';
    var n = value / s[0];
    return (n >= 1000 ? Math.round(n).toLocaleString('en') : n >= 100 ? n.toFixed(0) : n >= 10 ? n.toFixed(1) : n.toFixed(2)) + ' ' + s[1];
  }

  function columnsOf(ch) {
    if (ch < '\u0300') return 1;
    if (/[\p{Mn}\p{Me}\p{Cf}]/u.test(ch)) return 0;
    return /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u.test(ch) ? 2 : 1;
  }

  function fit(text, columns) {
    if (columns < 2) return '';
    var used = 0, end = 0;
    for (var ch of text) {
      used += columnsOf(ch);
      if (used > columns) return end === 0 ? '' : text.slice(0, end) + '…';
      if (used <= columns - 1) end += ch.length;
    }
    return text;
  }

  function pageWidth() { return Math.max(320, root.clientWidth || window.innerWidth); }

  function draw() {
    var inner = pageWidth() - 20;
    frames.setAttribute('width', inner);
    var view = zoomed || boxes[0];
    if (!view) return;
    for (var i = 0; i < boxes.length; i++) {
      var box = boxes[i], isAbove = i < view.index && box.end > view.index && !box.pruned;
      var shown = isAbove || (i >= view.index && i < view.end);
      if (shown !== box.shown) {
        box.g.style.display = shown ? '' : 'none';
        box.shown = shown;
      }
      box.g.classList.toggle('above', isAbove);
      if (!shown) continue;
      var x = isAbove ? 0 : (box.start - view.start) / view.width * 100;
      var w = isAbove ? 100 : box.width / view.width * 100;
      box.rect.setAttribute('x', x + '%');
      box.rect.setAttribute('width', w + '%');
      var label = fit(box.name, Math.floor((w / 100 * inner - 6) / columnPx));
      if (label && !box.text) {
        box.text = document.createElementNS(SVG, 'text');
        box.text.setAttribute('y', box.y + 12);
        box.text.setAttribute('dx', 3);
        box.g.appendChild(box.text);
      }
      if (box.text) {
        box.text.setAttribute('x', x + '%');
        if (box.text.textContent !== label) box.text.textContent = label;
      }
    }
    reset.hidden = view === boxes[0];
    highlight();
    placeDetails();
  }

  function highlight() {
    var view = zoomed || boxes[0], covered = 0, until = -1, count = 0;
    for (var i = 0; i < boxes.length; i++) {
      var box = boxes[i], hit = !!pattern && !box.pruned && i > 0 && pattern.test(box.name);
      box.g.classList.toggle('hit', hit);
      if (!hit || !box.shown) continue;
      count++;
      // A frame below a matched one is counted with it already.
      if (i < until) continue;
      if (i <= view.index && box.end > view.index) { covered = view.width; until = box.end; }
      else if (i > view.index && i < view.end) { covered += box.width; until = box.end; }
    }
    if (!pattern) return;
    message.className = '';
    message.textContent = count === 0 ? (zoomed ? 'no match in this view' : 'no match')
      : percent(covered, view.width) + (zoomed ? ' of this view' : '') + ', ' + count.toLocaleString('en') + (count === 1 ? ' box' : ' boxes');
  }

  // A box is named in the address by a hash over the names from the root to it: it survives another width, and another
  // picture of the same program finds the same place.
  function key(box) {
    var names = [];
    for (var at = box; at; at = at.parent) names.push(at.name);
    var a = 0xdeadbeef, b = 0x41c6ce57, path = names.reverse().join('\n');
    for (var i = 0; i < path.length; i++) {
      var c = path.charCodeAt(i);
      a = Math.imul(a ^ c, 2654435761);
      b = Math.imul(b ^ c, 1597334677);
    }
    return ((a ^ (a >>> 16)) >>> 0).toString(36) + '.' + ((b ^ (b >>> 13)) >>> 0).toString(36);
  }

  function find(wanted) {
    var depth = Number(wanted.split('.')[2]);
    return boxes.find(function (box) { return box.depth === depth && !box.pruned && address(box) === wanted; }) || null;
  }

  function address(box) { return key(box) + '.' + box.depth; }

  function state(box, text) {
    var parts = [];
    if (box && box !== boxes[0]) parts.push('z=' + address(box));
    if (text) parts.push('s=' + encodeURIComponent(text));
    return '#' + parts.join('&');
  }

  function read() {
    var values = {};
    location.hash.slice(1).split('&').forEach(function (part) {
      var at = part.indexOf('=');
      if (at > 0) { try { values[part.slice(0, at)] = decodeURIComponent(part.slice(at + 1)); } catch (e) { /* not ours */ } }
    });
    zoomed = values.z ? find(values.z) : null;
    if (zoomed === boxes[0]) zoomed = null;
    if ((values.s || '') !== query || document.activeElement !== input) {
      input.value = values.s || '';
      search(input.value);
    }
    draw();
  }

  function search(text) {
    query = text;
    pattern = null;
    message.className = '';
    message.textContent = '';
    if (text) {
      try {
        pattern = new RegExp(text, /\p{Lu}/u.test(text) ? '' : 'i');
      } catch (e) {
        message.className = 'error';
        message.textContent = e.message;
      }
    }
    highlight();
  }

  function replaceHash(hash) {
    try { history.replaceState(history.state, '', hash); } catch (e) { location.replace(hash); }
  }

  function boxOf(target) {
    for (var at = target; at && at !== frames; at = at.parentNode) if (at.__box) return at.__box;
    return null;
  }

  function describe(box) {
    if (!box) { detailsText.textContent = ''; details.style.display = 'none'; return; }
    var whole = boxes[0].width, view = zoomed || boxes[0];
    var words = amount(box.width) + ' ' + (unit === 'nanoseconds' ? metric : '') + ' (' + percent(box.width, whole) + ' of all'
      + (zoomed ? ', ' + percent(Math.min(box.width, view.width), view.width) + ' of this view' : '') + ')'
      + (unit === 'nanoseconds' ? ', ' + box.samples.toLocaleString('en') + (box.samples === 1 ? ' sample' : ' samples') : '')
      + (box.pruned ? '' : ', self ' + amount(box.self));
    details.style.display = '';
    var columns = Math.floor((pageWidth() - 30) / columnPx);
    detailsText.textContent = fit(box.name, Math.max(20, columns - words.length - 3)) + ' — ' + words;
  }

  function placeDetails() {
    var height = Number(root.getAttribute('height'));
    var bottom = Math.min(height, window.scrollY + window.innerHeight);
    details.setAttribute('transform', 'translate(0,' + (bottom - 24) + ')');
  }

  function element(name, parent, attributes) {
    var made = document.createElementNS(HTML, name);
    Object.keys(attributes).forEach(function (a) { made.setAttribute(a, attributes[a]); });
    parent.appendChild(made);
    return made;
  }

  function controls() {
    var place = document.getElementById('controls');
    var host = document.createElementNS(SVG, 'foreignObject');
    ['x', 'y'].forEach(function (a) { host.setAttribute(a, place.getAttribute('data-' + a)); });
    host.setAttribute('width', '100%');
    host.setAttribute('height', 28);
    var bar = element('div', host, { class: 'bar' });
    input = element('input', bar, { type: 'search', placeholder: 'search (regular expression)', 'aria-label': 'search frames', spellcheck: 'false' });
    reset = element('button', bar, { type: 'button', title: 'show everything (Esc)' });
    reset.textContent = 'reset zoom';
    message = element('span', bar, { role: 'status' });
    root.replaceChild(host, place);
  }

  function listen() {
    var typing = 0;
    input.addEventListener('input', function () {
      clearTimeout(typing);
      typing = setTimeout(function () { search(input.value); replaceHash(state(zoomed, query)); }, 120);
    });
    reset.addEventListener('click', function () { location.hash = state(null, query); });
    frames.addEventListener('click', function (event) {
      var box = boxOf(event.target);
      if (box) location.hash = state(box.pruned ? box.parent : box, query);
    });
    frames.addEventListener('mouseover', function (event) { describe(boxOf(event.target)); });
    frames.addEventListener('mouseleave', function () { describe(null); });
    window.addEventListener('hashchange', read);
    window.addEventListener('resize', draw);
    window.addEventListener('scroll', placeDetails);
    window.addEventListener('keydown', function (event) {
      if (event.key === 'Escape') {
        if (document.activeElement === input && input.value) { input.value = ''; search(''); replaceHash(state(zoomed, '')); }
        else if (zoomed) location.hash = state(null, query);
      } else if (document.activeElement !== input && (event.key === '/' || (event.key === 'f' && (event.ctrlKey || event.metaKey)))) {
        event.preventDefault();
        input.focus();
        input.select();
      }
    });
  }

  function measure() {
    var probe = document.createElementNS(SVG, 'text');
    probe.textContent = 'mmmmmmmmmmmmmmmmmmmm';
    frames.appendChild(probe);
    var width = probe.getComputedTextLength() / 20;
    frames.removeChild(probe);
    if (width > 1) columnPx = width;
  }

  window.addEventListener('load', function () {
    root.removeAttribute('viewBox');
    root.setAttribute('width', '100%');
    measure();
    load();
    controls();
    listen();
    describe(null);
    read();
    // An upright graph begins at the bottom.
    if (frames.getAttribute('data-layout') === 'flame') window.scrollTo(0, Number(root.getAttribute('height')));
  });
})();
`;
