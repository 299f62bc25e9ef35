/**
 * All JavaScript of the page, for what it adds to a page that reads without: search while typing, `/` to get there, and
 * pages that follow what happens. It runs in the browser as it stands here.
 */
export const script = `'use strict';
(() => {
  const pause = 150;
  const every = 5000;
  const main = document.getElementById('main');

  /* A page that says that something is not there is an answer too. */
  async function load(url, signal, any = false) {
    const response = await fetch(url, { signal, headers: { accept: 'text/html' } });
    if (!response.ok && !(any && response.status === 404)) throw new Error(String(response.status));
    return new DOMParser().parseFromString(await response.text(), 'text/html');
  }

  /* Search while typing: the page is asked for as the form would ask, and its results take the place of these. */
  for (const form of document.querySelectorAll('form[data-results]')) {
    const results = document.getElementById(form.dataset.results);
    let wait;
    let running = new AbortController();
    form.addEventListener('input', () => {
      clearTimeout(wait);
      wait = setTimeout(search, pause);
    });
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      clearTimeout(wait);
      search();
    });
    async function search() {
      running.abort();
      running = new AbortController();
      const url = new URL(form.action);
      for (const [name, value] of new FormData(form)) if (value !== '') url.searchParams.set(name, value);
      results.setAttribute('aria-busy', 'true');
      try {
        const page = await load(url, running.signal);
        results.replaceChildren(...page.getElementById(results.id).childNodes);
        history.replaceState(null, '', url);
        results.removeAttribute('aria-busy');
      } catch (error) {
        if (error.name === 'AbortError') return;
        results.removeAttribute('aria-busy');
        form.submit();
      }
    }
  }

  /* Brings the page to what the server says now, and leaves alone what is the same: focus, scroll, what is open. */
  function keyOf(node) {
    if (node.nodeType !== 1) return undefined;
    if (node.id) return node.id;
    return /^(?:LI|TR)$/.test(node.nodeName) ? (node.querySelector('a[href]')?.getAttribute('href') ?? undefined) : undefined;
  }
  const ours = (node, name) => (name === 'open' && node.nodeName === 'DETAILS') || (name === 'hidden' && node.hasAttribute('data-copy'));
  function morph(old, next) {
    if (old.nodeType !== 1) {
      if (old.data !== next.data) old.data = next.data;
      return;
    }
    for (const { name } of [...old.attributes]) if (!next.hasAttribute(name) && !ours(old, name)) old.removeAttribute(name);
    for (const { name, value } of next.attributes)
      if (old.getAttribute(name) !== value && !ours(old, name)) old.setAttribute(name, value);
    morphChildren(old, next);
  }
  function morphChildren(old, next) {
    const keyed = new Map();
    for (const node of old.childNodes) if (keyOf(node) !== undefined && !keyed.has(keyOf(node))) keyed.set(keyOf(node), node);
    let place = old.firstChild;
    for (const wanted of [...next.childNodes]) {
      const key = keyOf(wanted);
      let match = key === undefined ? undefined : keyed.get(key);
      if (key === undefined && place !== null && place.nodeName === wanted.nodeName && keyOf(place) === undefined) match = place;
      if (match === undefined || match.nodeName !== wanted.nodeName) {
        old.insertBefore(wanted, place);
        continue;
      }
      keyed.delete(key);
      if (match === place) place = place.nextSibling;
      else old.insertBefore(match, place);
      if (!match.isEqualNode(wanted)) morph(match, wanted);
    }
    while (place !== null) {
      const after = place.nextSibling;
      place.remove();
      place = after;
    }
    reveal();
  }
  function reveal() {
    for (const button of main.querySelectorAll('[data-copy][hidden]')) button.hidden = false;
  }
  reveal();

  /* Follows what happens, but not under the hands of somebody who selects. */
  function isSelecting() {
    const selection = getSelection();
    return !selection.isCollapsed && main.contains(selection.anchorNode);
  }
  async function follow() {
    try {
      /* Nobody looks at a hidden page, and what it says of itself would be read out for nothing. */
      if (isSelecting() && !document.hidden)
        main.setAttribute('data-paused', 'Paused while text is selected; it goes on once you click elsewhere.');
      else main.removeAttribute('data-paused');
      if (!isSelecting() && !document.hidden) {
        const url = location.href;
        const next = (await load(url, undefined, true)).getElementById('main');
        if (!isSelecting() && url === location.href && !main.querySelector('[aria-busy]')) morphChildren(main, next);
        main.removeAttribute('data-lost');
      }
    } catch {
      main.setAttribute('data-lost', 'The sidecar does not answer; this is what it said last.');
    }
    setTimeout(follow, every);
  }
  if (main.hasAttribute('data-live')) setTimeout(follow, every);

  /* Another page of a list: what was clicked stays under the pointer. */
  async function turn(url, nav) {
    const top = nav.getBoundingClientRect().top;
    try {
      const page = await load(url);
      history.pushState(null, '', url);
      morphChildren(main, page.getElementById('main'));
      if (nav.isConnected) scrollBy(0, nav.getBoundingClientRect().top - top);
    } catch {
      location.assign(url);
    }
  }
  const withoutHash = (url) => {
    url.hash = '';
    return url;
  };
  main.addEventListener('click', (event) => {
    const link = event.target.closest('.paging a');
    if (link === null || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    turn(withoutHash(new URL(link.href)), link.closest('.paging'));
  });
  main.addEventListener('submit', (event) => {
    if (event.target.closest('.paging') === null) return;
    event.preventDefault();
    const url = withoutHash(new URL(event.target.action));
    for (const [name, value] of new FormData(event.target)) url.searchParams.set(name, value);
    turn(url, event.target.closest('.paging'));
  });
  addEventListener('popstate', () => location.reload());

  /* Copies a text, also where the page was not loaded in a way that browsers trust. */
  main.addEventListener('click', async (event) => {
    const button = event.target.closest('[data-copy]');
    if (button === null) return;
    const text = button.dataset.copy;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const field = document.createElement('textarea');
      field.value = text;
      field.className = 'heard';
      document.body.append(field);
      field.select();
      document.execCommand('copy');
      field.remove();
      button.focus();
    }
    const label = button.dataset.label ?? button.textContent;
    button.dataset.label = label;
    button.textContent = 'Copied';
    setTimeout(() => { button.textContent = label; }, 1500);
  });

  /* What a step of the timeline says, at once and in one place. */
  const readout = () => main.querySelector('[data-readout]');
  let idle = readout()?.textContent;
  main.addEventListener('pointerover', (event) => {
    const tip = event.target.closest('[data-tip]');
    if (readout() !== null) readout().textContent = tip === null ? idle : tip.dataset.tip;
  });

  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest('input, textarea, select, [contenteditable]')) return;
    event.preventDefault();
    (main.querySelector('.search input') ?? document.querySelector('.find input')).focus();
  });
})();
`;
