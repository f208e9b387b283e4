/** The start: language, theme, queries, routes. */
import '@mantine/core/styles.css';
import './app.css';
import { MantineProvider } from '@mantine/core';
import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { RouterProvider } from 'react-router';
import { Problem } from '~/api/client';
import { startLanguages } from '~/lib/i18n';
import { router } from './router';
import { theme, variables } from './theme';

// The nonce that this answer's policy names, for the inline style sheets that Mantine makes: the theme's variables, and
// by a library of its own (get-nonce, which reads this global) the one that keeps the page still behind a dialog.
const nonce = document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce ?? '';
Object.assign(globalThis, { __webpack_nonce__: nonce });

const queries = new QueryClient({
  queryCache: new QueryCache({
    // The session has ended, here or elsewhere: the door again.
    onError: (error) => {
      if (error instanceof Problem && error.status === 401) queries.setQueryData(['session'], null);
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 1_000,
      // What the box refuses it refuses again.
      retry: (count, error) => !(error instanceof Problem && error.status < 500) && count < 2,
    },
  },
});

const root = document.getElementById('root');
if (root) {
  await startLanguages();
  createRoot(root).render(
    <StrictMode>
      <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto" getStyleNonce={() => nonce}>
        <QueryClientProvider client={queries}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
}
