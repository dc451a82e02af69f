import './styles/index.css';
import { listen, notify } from '$lib/here.svelte';
import { startClock } from '$lib/now.svelte';
import { watchFreshness } from '$lib/freshness.svelte';
import Shell from '$ui/Shell.svelte';
import { mount } from 'svelte';

// A page that was deployed anew has other files: what this one wants to load late is gone.
addEventListener('vite:preloadError', () => notify('A new version of this page is here: reload it.'));

listen();
startClock();
watchFreshness();
mount(Shell, { target: document.body });
