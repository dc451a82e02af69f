import './styles/index.css';
import { listen, notify } from '$lib/here.svelte';
import { startClock } from '$lib/now.svelte';
import { watchSession } from '$lib/session.svelte';
import App from '$ui/App.svelte';
import { mount } from 'svelte';

// A page that was deployed anew has other files: what this one wants to load late is gone. Unless all is out of reach.
addEventListener('vite:preloadError', async () => {
  const page = await fetch('/ui/', { method: 'HEAD' }).catch(() => null);
  if (page?.ok) notify('A new version of this page is here: reload it.');
});

listen();
watchSession();
startClock();
mount(App, { target: document.body });
