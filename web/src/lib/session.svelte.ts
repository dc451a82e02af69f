// Who looks at the page: signed in by a key, or, where no keys are asked for, anybody at any tenant.
import { Failure, get, onRefused, post, send, type Schemas } from './api';
import { go, here } from './here.svelte';
import { DEFAULT_TENANT } from './url';

export type Who = Schemas['Viewer'];

class Session {
  /** Whether it was asked who it is. Nothing else is asked before. */
  asked = $state(false);
  who = $state.raw<Who | null>(null);
  signedOut = $derived(this.who !== null && this.who.needs_key && !this.who.tenant);
  /** Whose events are shown: a key's, whatever the address says. */
  tenant = $derived(this.who?.needs_key ? (this.who.tenant ?? '') : here.view.tenant);
}
export const session = new Session();

// Whose the session is, it says itself.
const context = { tenant: null };

// All tabs of a browser have one session.
const tabs = new BroadcastChannel('millrace-session');

/** Asks who it is. If that can't be told, what is asked next will fail and say why. */
export async function lookWho(): Promise<void> {
  session.who = await get('/ui/session', {}, context).then(
    ({ data }) => data,
    () => session.who,
  );
  session.asked = true;
  // A key has one tenant, whatever the address says.
  if (session.who?.needs_key && here.view.tenant !== DEFAULT_TENANT) go({ tenant: DEFAULT_TENANT }, 'replace');
}

/** Says what went wrong, or nothing. */
export async function signIn(key: string): Promise<string> {
  try {
    session.who = (await post('/ui/session', { body: { key } }, context)).data;
    tabs.postMessage('changed');
    return '';
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.status === 401) return 'This key is not known.';
    return error.status === 403 ? 'This key may not read.' : error.message;
  }
}

/** Says why nobody is signed out, or nothing: then the page is loaded anew. */
export async function signOut(): Promise<string> {
  try {
    await send('DELETE', '/ui/session', {}, context);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return error.message;
  }
  tabs.postMessage('changed');
  // Nothing of what was seen stays in the page.
  location.reload();
  return '';
}

/** Watches for sessions that end, or become somebody else's, while the page is open. */
export function watchSession(): void {
  void lookWho();
  onRefused(() => void lookWho());
  tabs.onmessage = () => void lookWho();
}
