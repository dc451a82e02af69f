// Swagger UI has no types of its own; these are of what is used.
declare module 'swagger-ui-dist/swagger-ui-es-bundle.js' {
  import type { Plugin } from './plugin';

  export default function SwaggerUIBundle(options: {
    dom_id: string;
    url: string;
    validatorUrl: null;
    deepLinking: boolean;
    docExpansion: 'list' | 'full' | 'none';
    defaultModelsExpandDepth: number;
    displayRequestDuration: boolean;
    filter: boolean;
    syntaxHighlight: false;
    plugins: Plugin[];
  }): void;
}
