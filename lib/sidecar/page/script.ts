/**
 * All JavaScript of the page, for what it adds to a page that reads without: search while typing, `/` to get there, and
 * pages that follow what happens. It runs in the browser as it stands here.
 */
export const script = `'use strict';
(() => {
  const pause = 150;
  const every = 5000;
  const main = document.getElementById('main');

  async function load(url, signal) {
    const response = await fetch(url, { signal, headers: { accept: 'text/html' } });
    if (!response.ok) throw new Error(String(response.status));
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

  /* Follows what happens, but not under the hands of somebody who reads, selects or has opened something. */
  function isRead() {
    return document.hidden || !getSelection().isCollapsed || main.querySelector('details[open]') !== null ||
      (document.activeElement !== document.body && main.contains(document.activeElement));
  }
  async function follow() {
    try {
      /* Nobody looks at a hidden page, and what it says of itself would be read out for nothing. */
      if (isRead() && !document.hidden)
        main.setAttribute('data-paused', 'Paused while you read or select; it goes on once you click elsewhere and close what you opened.');
      else main.removeAttribute('data-paused');
      if (!isRead()) {
        const page = await load(location.href);
        const next = page.getElementById('main');
        if (!isRead() && next.innerHTML !== main.innerHTML) main.replaceChildren(...next.childNodes);
        main.removeAttribute('data-lost');
      }
    } catch {
      main.setAttribute('data-lost', 'The sidecar does not answer; this is what it said last.');
    }
    setTimeout(follow, every);
  }
  if (main.hasAttribute('data-live')) setTimeout(follow, every);

  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest('input, textarea, select, [contenteditable]')) return;
    event.preventDefault();
    (main.querySelector('input[type=search]') ?? document.querySelector('input[type=search]')).focus();
  });
})();
`;
