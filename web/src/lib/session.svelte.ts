// Who looks at the page: signed in by a key, or, where no keys are asked for, anybody at any tenant.
import { Failure, onUnauthorized, send } from './api';
import { go, here } from './here.svelte';
import { DEFAULT_TENANT } from './url';

export interface Who {
  /** Whether keys are asked for. */
  needs_key: boolean;
  /** Whose events are shown; null if somebody has to sign in first. */
  tenant: string | null;
  scopes: string[];
  /** Whether there was a session that counts no more. */
  ended: boolean;
  /** Where no keys are asked for, the tenants there are. */
  tenants: string[] | null;
}

class Session {
  /** Whether it was asked who it is. Nothing else is asked before. */
  asked = $state(false);
  who = $state.raw<Who | null>(null);
  signedOut = $derived(this.who !== null && this.who.needs_key && this.who.tenant === null);
}
export const session = new Session();

async function call(method: string, body?: object): Promise<Who> {
  const response = await send(method, '/ui/session', { body }, { tenant: DEFAULT_TENANT });
  return ((await response.json()) as { data: Who }).data;
}

/** Asks who it is. If that can't be told, what is asked next will fail and say why. */
export async function lookWho(): Promise<void> {
  session.who = await call('GET').catch(() => session.who);
  session.asked = true;
  // A key has one tenant, whatever the address says.
  if (session.who?.needs_key && here.view.tenant !== DEFAULT_TENANT) go({ tenant: DEFAULT_TENANT }, 'replace');
}

/** Says what went wrong, or nothing. */
export async function signIn(key: string): Promise<string> {
  try {
    session.who = await call('POST', { key });
    return '';
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.status === 401) return 'This key is not known.';
    return error.status === 403 ? 'This key may not read.' : error.message;
  }
}

export async function signOut(): Promise<void> {
  await send('DELETE', '/ui/session', {}, { tenant: DEFAULT_TENANT });
  // Nothing of what was seen stays in the page.
  location.reload();
}

/** Watches for sessions that end while the page is open. */
export function watchSession(): void {
  void lookWho();
  onUnauthorized(() => void lookWho());
}
