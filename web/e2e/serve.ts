// Whose page is tested: that of the server at MILLRACE_URL.
import { API } from './api';
import { pageOf } from './page';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    page: string;
  }
}

export default async function setup(project: TestProject): Promise<() => void> {
  const { origin, close } = await pageOf(API);
  project.provide('page', origin);
  return close;
}
